"""`ocilot import` takes over what a real registry of distribution has stored, where it lies."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import ocilot

from .api import Api
from .conftest import FreshRegistry
from .images import OCI_INDEX, OCI_MANIFEST, Content, Image, make_image, make_index, to_json
from .programs import PATH, Daemon, Ran, attempt, wait_until
from .registry import OCILOT

DISTRIBUTION = "docker-registry"
"""Debian's package of distribution 2.8."""

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


def run_import(root: Path, *options: str) -> Ran:
    return attempt(
        [OCILOT, "import", "--root", root, *options], env={"PATH": PATH, "HOME": str(root)}, seconds=60
    )


def report(root: Path) -> tuple[int, dict[str, int], list[tuple[str, str]]]:
    ran = run_import(root, "-o", "json")
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
    ran = run_import(root)
    assert ran.code == 8
    assert bad.digest in ran.out, ran
    assert "2 left behind" in ran.err, ran
    with fresh_registry(root=root).connect() as api:
        assert_served(api, "team/app", good, "good")
        assert api("GET", "/v2/team/app/manifests/bad").codes == ["MANIFEST_UNKNOWN"]


def test_a_registry_says_that_there_is_something_to_import(
    tmp_path: Path, root: Path, fresh_registry: FreshRegistry
) -> None:
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", make_image("one"), "v1")
    registry = fresh_registry(root=root)
    wait_until(lambda: "ocilot import" in registry.log.read_text(), "the hint", 10)
    ran = run_import(root)
    assert ran.code == 2, ran
    assert "in use" in ran.err, ran
    registry.stop()
    assert run_import(root).code == 0
    at = len(registry.log.read_text())
    registry.start()
    with registry.connect() as api:
        assert api.tags("team/app") == ["v1"]
    assert "ocilot import" not in registry.log.read_text()[at:]


def test_a_deleted_tag_comes_back_with_the_next_import_and_a_moved_one_stays(
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
    ran = attempt([OCILOT, "import", config], env={"PATH": PATH, "HOME": str(tmp_path)}, seconds=60)
    assert ran.code == 0, ran
    assert "1 repositories: 1 manifests, 1 tags" in ran.err
    with fresh_registry(config.read_text(), root=root).connect() as api:
        assert_served(api, "team/app", image, "v1")


def test_from_python_it_is_a_call(tmp_path: Path, root: Path) -> None:
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", make_image("one"), "v1")
    done = ocilot.import_distribution(root)
    assert (done.repositories, done.manifests, done.tags, done.left, done.complete) == (1, 1, 1, [], True)


def test_a_directory_that_has_nothing_of_distribution_is_left_as_it_is(tmp_path: Path, root: Path) -> None:
    root.mkdir()
    ran = run_import(root)
    assert ran.code == 2
    assert "rootdirectory" in ran.err
    assert list(root.iterdir()) == []
