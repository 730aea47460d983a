"""`ocilot adopt` takes over what a real registry of distribution has stored, where it lies."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import ocilot
from ocilot.cli.adopt import registry_at

from .api import Api
from .conftest import FreshRegistry
from .images import OCI_INDEX, OCI_MANIFEST, Content, Image, make_image, make_index, to_json
from .programs import PATH, Argument, Daemon, Ran, attempt, wait_until
from .registry import OCILOT

DISTRIBUTION = "docker-registry"
"""Debian's package of distribution 2.8."""

DEBIANS_CONFIGURATION = Path("/etc/docker/registry/config.yml")
"""As that package installs it."""

LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")

EMPTY = Content("application/vnd.oci.empty.v1+json", b"{}")


@contextmanager
def distribution(home: Path, root: Path) -> Iterator[Api]:
    """A connection to a registry of distribution's on this directory."""
    config = home / "distribution.yml"
    config.write_text(
        f"version: 0.1\nstorage:\n  delete: {{enabled: true}}\n  filesystem: {{rootdirectory: {root}}}\n"
        "http: {addr: '127.0.0.1:0'}\n"
    )
    program = shutil.which(DISTRIBUTION)
    assert program, "Debian's docker-registry is not installed; ./dev test installs it"
    daemon = Daemon([program, "serve", config], env={"PATH": PATH}, log=home / "distribution.log")
    try:
        found = daemon.wait_for(lambda: LISTENING.search(daemon.output()), "distribution's start")
        with Api("127.0.0.1", int(found[1])) as api:
            yield api
    finally:
        daemon.end()


def environment(home: Path) -> dict[str, str]:
    """Where no address is configured: whatever listens at the default one is not of this test."""
    return {"PATH": PATH, "HOME": str(home), "REGISTRY_HTTP_ADDR": "127.0.0.1:0"}


def run_adopt(root: Path, *options: str) -> Ran:
    return attempt([OCILOT, "adopt", "--root", root, *options], env=environment(root), seconds=60)


def report(root: Path) -> tuple[int, dict[str, int], list[tuple[str, str]]]:
    ran = run_adopt(root, "-o", "json")
    found: dict[str, Any] = json.loads(ran.out)
    left = [(one["repository"], one["subject"]) for one in found["left_behind"]]
    assert len(left) == found["counts"]["left_behind"]
    return ran.code, found["counts"], left


def files_of_distribution(root: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in (root / "docker").rglob("*") if path.is_file()]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def assert_served(api: Api, name: str, image: Image, reference: str) -> None:
    answer = api("GET", f"/v2/{name}/manifests/{reference}", headers={"Accept": image.manifest.media_type})
    assert (answer.status, answer.body) == (200, image.manifest.data), answer
    assert answer["Content-Type"] == image.manifest.media_type
    for blob in image.blobs:
        answer = api("GET", f"/v2/{name}/blobs/{blob.digest}")
        assert (answer.status, answer.body) == (200, blob.data), answer


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_everything_is_served_as_distribution_served_it(
    tmp_path: Path, root: Path, fresh_registry: FreshRegistry
) -> None:
    plain, docker = make_image("plain"), make_image("docker", docker=True)
    arm = make_image("arm", architecture="arm64")
    index = make_index([plain, arm])
    with distribution(tmp_path, root) as old:
        old.push_image("team", docker, "v1")
        old.push_image("team/app", plain, "v1", "latest")
        old.push_image("team/app", arm)
        old.push_manifest("team/app", "all", index)
        old.push_image("team/app/deep", plain, "v1")
        old.push_image("deleted", make_image("deleted"), "v1")
        gone = make_image("gone")
        old.push_image("team/app", gone, "gone")
        assert old("DELETE", f"/v2/team/app/manifests/{gone.digest}").status == 202
        old.start_upload("team/app")
        tags = old.tags("team/app")
    before = files_of_distribution(root)
    code, counts, left = report(root)
    # distribution takes the tags of a deleted manifest away with it.
    assert (code, left) == (0, []), tags
    assert files_of_distribution(root) == before, "nothing of distribution's is touched"
    assert counts["repositories"] == 4
    assert counts["manifests"] == 6
    assert counts["tags"] == 6
    registry = fresh_registry(root=root)
    with registry.connect() as api:
        assert_served(api, "team", docker, "v1")
        for reference in ("v1", "latest", plain.digest):
            assert_served(api, "team/app", plain, reference)
        assert_served(api, "team/app", arm, arm.digest)
        assert_served(api, "team/app/deep", plain, "v1")
        served = api("GET", "/v2/team/app/manifests/all", headers={"Accept": OCI_INDEX})
        assert (served.status, served.body) == (200, index.data)
        assert api.tags("team/app") == sorted(tags) == ["all", "latest", "v1"]
        assert not api.has_manifest("team/app", gone.digest)
        assert api("GET", "/v2/_catalog").json["repositories"] == [
            "deleted",
            "team",
            "team/app",
            "team/app/deep",
        ]
    checked = attempt([OCILOT, "fsck", "--root", root], env={"PATH": PATH, "HOME": str(root)}, seconds=60)
    assert checked.code == 0, checked
    with distribution(tmp_path, root) as old:
        assert_served(old, "team/app", plain, "v1")


def test_referrers_that_only_a_fallback_tag_lists_are_found(
    tmp_path: Path, root: Path, fresh_registry: FreshRegistry
) -> None:
    """Clients keep that tag where there is no API for referrers, as in distribution."""
    image = make_image("subject")
    signature = Content(
        OCI_MANIFEST,
        to_json(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": "application/x-signature",
                "config": EMPTY.descriptor(),
                "layers": [],
                "subject": image.manifest.descriptor(),
                "annotations": {"by": "us"},
            }
        ),
    )
    listed = signature.descriptor(artifactType="application/x-signature", annotations={"by": "us"})
    fallback = Content(
        OCI_INDEX, to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [listed]})
    )
    tag = image.digest.replace(":", "-")
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", image, "v1")
        old.push_blob("team/app", EMPTY.data)
        old.push_manifest("team/app", signature.digest, signature)
        old.push_manifest("team/app", tag, fallback)
        assert old("GET", f"/v2/team/app/referrers/{image.digest}").status == 404
    assert report(root)[0] == 0
    with fresh_registry(root=root).connect() as api:
        answer = api("GET", f"/v2/team/app/referrers/{image.digest}")
        assert answer.json["manifests"] == [listed]
        assert api.has_manifest("team/app", tag)


def test_what_cannot_be_taken_is_named_and_the_rest_is_taken(
    tmp_path: Path, root: Path, fresh_registry: FreshRegistry
) -> None:
    good, bad = make_image("good"), make_image("bad")
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", good, "good")
        old.push_image("team/app", bad, "bad")
    value = bad.digest.removeprefix("sha256:")
    (root / "docker/registry/v2/blobs/sha256" / value[:2] / value / "data").write_bytes(b"{}")
    code, _, left = report(root)
    assert (code, left) == (8, [("team/app", bad.digest), ("team/app", "bad")])
    ran = run_adopt(root)
    assert ran.code == 8
    assert bad.digest in ran.out, ran
    assert "2 left behind" in ran.err, ran
    with fresh_registry(root=root).connect() as api:
        assert_served(api, "team/app", good, "good")
        assert api("GET", "/v2/team/app/manifests/bad").codes == ["MANIFEST_UNKNOWN"]


def test_a_registry_says_that_there_is_something_to_adopt(
    tmp_path: Path, root: Path, fresh_registry: FreshRegistry
) -> None:
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", make_image("one"), "v1")
    registry = fresh_registry(root=root)
    wait_until(lambda: "ocilot adopt" in registry.log.read_text(), "the hint", 10)
    ran = run_adopt(root)
    assert ran.code == 2, ran
    assert "in use" in ran.err, ran
    registry.stop()
    assert run_adopt(root).code == 0
    at = len(registry.log.read_text())
    registry.start()
    with registry.connect() as api:
        assert api.tags("team/app") == ["v1"]
    assert "ocilot adopt" not in registry.log.read_text()[at:]


def test_a_deleted_tag_comes_back_with_the_next_adoption_and_a_moved_one_stays(
    tmp_path: Path, root: Path, fresh_registry: FreshRegistry
) -> None:
    first, second = make_image("first"), make_image("second")
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", first, "v1", "latest")
    assert report(root)[0] == 0
    registry = fresh_registry(root=root)
    with registry.connect() as api:
        api.push_image("team/app", second, "latest")
        assert api("DELETE", "/v2/team/app/manifests/v1").status == 202
        assert api.tags("team/app") == ["latest"]
    registry.stop()
    code, _, left = report(root)
    assert (code, left) == (8, [("team/app", "latest")])
    registry.start()
    with registry.connect() as api:
        assert_served(api, "team/app", first, "v1")
        assert_served(api, "team/app", second, "latest")


def test_the_configuration_of_distribution_says_where(
    tmp_path: Path, root: Path, fresh_registry: FreshRegistry
) -> None:
    image = make_image("one")
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", image, "v1")
    config = tmp_path / "distribution.yml"
    ran = attempt([OCILOT, "adopt", config], env={"PATH": PATH, "HOME": str(tmp_path)}, seconds=60)
    assert ran.code == 0, ran
    assert "1 repository: 1 manifest, 1 tag" in ran.err
    assert ran.err.splitlines()[-1] == f"next: ocilot serve --config {config}"
    with fresh_registry(config.read_text(), root=root).connect() as api:
        assert_served(api, "team/app", image, "v1")


def test_from_python_it_is_a_call(tmp_path: Path, root: Path) -> None:
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", make_image("one"), "v1")
    done = ocilot.adopt_distribution(root)
    assert (done.repositories, done.manifests, done.tags, done.left, done.complete) == (1, 1, 1, [], True)


def test_a_directory_that_has_nothing_of_distribution_is_left_as_it_is(tmp_path: Path, root: Path) -> None:
    root.mkdir()
    ran = run_adopt(root)
    assert ran.code == 2
    assert "rootdirectory" in ran.err
    assert list(root.iterdir()) == []


def test_it_refuses_while_a_registry_answers_at_the_configured_address(tmp_path: Path, root: Path) -> None:
    config = tmp_path / "config.yml"
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", make_image("one"), "v1")
        port = old.origin.rpartition(":")[2]
        storage = f"storage: {{filesystem: {{rootdirectory: {root}}}}}"
        config.write_text(f"version: 0.1\n{storage}\nhttp: {{addr: ':{port}'}}\n")
        words: list[Argument] = [OCILOT, "adopt", "--config", config]
        ran = attempt(words, env={"PATH": PATH, "HOME": str(tmp_path)}, seconds=60)
        assert (ran.code, ran.out) == (5, ""), ran
        assert len(ran.err.splitlines()) == 1
        assert f"a registry answers at http://localhost:{port}: stop it" in ran.err
        assert not (root / "ocilot").exists()
    ran = attempt(words, env={"PATH": PATH, "HOME": str(tmp_path)}, seconds=60)
    assert ran.code == 0, ran


def test_a_web_server_at_the_address_is_no_registry() -> None:
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert registry_at(f"127.0.0.1:{server.server_port}", is_tls=False) is None
        thread.join()
    assert registry_at(f"127.0.0.1:{server.server_port}", is_tls=False) is None
    assert registry_at("127.0.0.1:0", is_tls=False) is None


OWNER = 61234
"""A user that no system has."""


@pytest.fixture
def of_other() -> Iterator[Path]:
    """A directory that every user can reach, unlike those of pytest."""
    with TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        yield Path(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root adopts for others")
def test_root_adopts_for_the_user_whom_the_directory_belongs_to(tmp_path: Path, of_other: Path) -> None:
    root = of_other / "data"
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", make_image("one"), "v1")
    for path in [root, *root.rglob("*")]:
        os.chown(path, OWNER, OWNER + 1)
    ran = run_adopt(root)
    assert ran.code == 0, ran
    assert ran.err.splitlines()[-1] == f"next: sudo -u '#{OWNER}' ocilot serve --root {root}"
    made = [root, *root.rglob("*")]
    assert root / "ocilot/meta.sqlite" in made
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(OWNER, OWNER + 1)}
    # As a service of that user does it.
    as_owner = (
        f"import os, sqlite3; os.setgroups([]); os.setgid({OWNER + 1}); os.setuid({OWNER})\n"
        f"os.chdir({str(root)!r}); open('ocilot/lock', 'r+').close()\n"
        "os.mkdir('docker/registry/v2/blobs/sha512/00')\n"
        "sqlite3.connect('ocilot/meta.sqlite').execute('CREATE TABLE made (x)')"
    )
    ran = attempt([sys.executable, "-I", "-c", as_owner], env={"PATH": PATH}, seconds=60)
    assert ran.code == 0, ran


@pytest.mark.skipif(os.geteuid() != 0, reason="only root adopts for others")
def test_an_owner_who_cannot_reach_the_directory_is_named(tmp_path: Path, of_other: Path) -> None:
    root = of_other / "data"
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", make_image("one"), "v1")
    os.chown(root, OWNER, OWNER)
    of_other.chmod(0o700)
    ran = run_adopt(root)
    assert (ran.code, ran.out) == (2, ""), ran
    assert f"user #{OWNER} owns {root} but cannot open it" in ran.err


def test_debians_configuration_is_adopted_with_a_hint(tmp_path: Path, root: Path) -> None:
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", make_image("one"), "v1")
    # What the package installs, with another directory of data and another port.
    shipped = DEBIANS_CONFIGURATION.read_text()
    place = tmp_path / "etc"
    place.mkdir()
    config = place / "config.yml"
    config.write_text(
        shipped.replace("/var/lib/docker-registry", str(root))
        .replace(":5000", "127.0.0.1:0")
        .replace("/etc/docker/registry", str(place))
    )
    said = f"auth.htpasswd.path: {place} is a directory: expected a file; set it to {place}/htpasswd"
    for words in (["adopt"], ["config", "check"], ["serve"]):
        ran = attempt([OCILOT, *words, config], env={"PATH": PATH, "HOME": str(tmp_path)}, seconds=60)
        assert (ran.code == 0) == (words == ["adopt"]), ran
        assert said in ran.err, ran


def test_import_is_now_called_adopt(root: Path) -> None:
    ran = attempt([OCILOT, "import", "--root", root], env=environment(root), seconds=60)
    assert (ran.code, ran.out) == (2, "")
    assert (
        ran.err
        == "`ocilot import` is now `ocilot adopt`: run that to adopt a data directory of distribution\n"
    )
