"""Scripts of events with their programs, as people use them: Helm, Cosign, Trivy and Grype."""

from __future__ import annotations

import base64
import gzip
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from .clients import Skopeo
from .conftest import FreshRegistry
from .garbage import delete
from .images import (
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    Content,
    Image,
    digest_of,
    image_config,
    image_manifest,
    make_image,
    make_index,
    tar_of,
    to_json,
    write_layout,
)
from .pages import blocks
from .programs import Argument, Ran, attempt, environment, wait_until
from .registry import Registry
from .test_account_commands import Commands
from .trivy_database import trivy_database

BIN = Path(sys.executable).parent
"""Where programs that the distribution has not may be; the tests of those that are not there are skipped."""


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (BIN / name).is_file(), reason=f"{name} is not beside Python")


class Tool:
    """A program with a home of its own, on one registry."""

    def __init__(self, name: str, home: Path, registry: Registry) -> None:
        self._name = name
        self._home = home
        self.registry = registry

    def run(self, *words: Argument) -> Ran:
        env = {**environment(self._home), "COSIGN_PASSWORD": ""}
        return attempt(["env", "-C", self._home, BIN / self._name, *words], env=env)

    def __call__(self, *words: Argument) -> str:
        ran = self.run(*words)
        assert ran.code == 0, ran
        return ran.out


def scripted(fresh_registry: FreshRegistry, script: dict[str, Any]) -> Registry:
    """A registry that everybody may use, with a script that acts as a robot."""
    rights = {"anonymous": ["pull", "push", "delete"], "robot:script": ["pull", "push"]}
    ocilot = {
        "accounts": {"enabled": True},
        "access": [{"repositories": ["**"], "allow": rights}],
        "hooks": {"scripts": [{**script, "caller": "robot:script"}]},
    }
    whole = {"version": 0.1, "storage": {"delete": {"enabled": True}}, "ocilot": ocilot}
    registry = fresh_registry(json.dumps(whole))
    Commands(registry).fine("robot", "add", "script")
    return registry


@pytest.fixture
def website(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A directory, and where a web server shows it."""
    directory = tmp_path / "www"
    directory.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(directory)))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield directory, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@needs("helm")
def test_helm_finds_and_pulls_charts_by_the_index_of_the_script(
    fresh_registry: FreshRegistry, website: tuple[Path, str], tmp_path: Path
) -> None:
    directory, url = website
    index = directory / "index.yaml"
    options = {"file": str(index), "registry": "PLACE"}
    registry = scripted(fresh_registry, {"path": "ocilot:chart_index", "options": options})
    registry.config.write_text(registry.config.read_text().replace("PLACE", registry.local))
    Commands(registry).fine("hooks", "reload")
    helm = Tool("helm", tmp_path / "home", registry)
    helm("create", "app")
    packages = {}
    for version in ("0.1.0", "0.2.0"):
        helm("package", "app", "--version", version)
        packages[version] = (tmp_path / f"home/app-{version}.tgz").read_bytes()
        helm("push", f"app-{version}.tgz", f"oci://{registry.local}/charts", "--plain-http")

    def versions() -> list[str]:
        entries = json.loads(index.read_text())["entries"] if index.exists() else {}
        return [one["version"] for one in entries.get("app", [])]

    wait_until(lambda: versions() == ["0.2.0", "0.1.0"], "both charts in the index")
    helm("repo", "add", "mine", url)
    found = json.loads(helm("search", "repo", "mine/app", "--versions", "-o", "json"))
    assert [(one["name"], one["version"]) for one in found] == [("mine/app", "0.2.0"), ("mine/app", "0.1.0")]
    for version, package in packages.items():
        (tmp_path / f"home/pulled-{version}").mkdir()
        helm("pull", "mine/app", "--version", version, "--plain-http", "-d", f"pulled-{version}")
        assert (tmp_path / f"home/pulled-{version}/app-{version}.tgz").read_bytes() == package
    with registry.connect() as api:
        api.push_image("charts/app", make_image("no chart"), "0.1.0")
        wait_until(lambda: versions() == ["0.2.0"], "what is no chart any more leaves the index")
        delete(api, "charts/app", "0.2.0")
    wait_until(lambda: versions() == [], "a chart that is deleted leaves the index")
    helm("repo", "update")
    assert json.loads(helm("search", "repo", "mine/app", "-o", "json")) == []


@needs("cosign")
def test_what_cosign_signed_with_the_key_is_tagged(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    script = {"path": "ocilot:verify_cosign", "options": {"key": str(tmp_path / "home/cosign.pub")}}
    (tmp_path / "home").mkdir()
    registry = scripted(fresh_registry, script)
    cosign = Tool("cosign", tmp_path / "home", registry)
    cosign("generate-key-pair", "--output-key-prefix", "other")
    cosign("generate-key-pair")
    known, stranger = make_image("known"), make_image("stranger")
    with registry.connect() as api:
        for name, image in (("v1", known), ("v2", stranger)):
            api.push_image("team/app", image, name)
    for image, key in ((stranger, "other.key"), (known, "cosign.key")):
        cosign(
            *("sign", "--key", key, "--yes", "--tlog-upload=false", "--new-bundle-format=false"),
            f"{registry.local}/team/app@{image.digest}",
        )
    verified = f"verified-{known.digest[7:19]}"
    with registry.connect() as api:
        wait_until(lambda: verified in api.tags("team/app"), "the tag of the image that passed")
        head = api("HEAD", f"/v2/team/app/manifests/{verified}")
        assert head["Docker-Content-Digest"] == known.digest
        assert [tag for tag in api.tags("team/app") if tag.startswith("verified-")] == [verified]


STATUS = """\
Package: openssl
Status: install ok installed
Maintainer: Ann <ann@example.com>
Architecture: amd64
Version: 3.0.1-1
Description: made up

"""
DEBIAN = {"etc/os-release": b"ID=debian\nVERSION_ID=12\n", "etc/debian_version": b"12.5\n"}
IN_TOTO = "application/vnd.in-toto+json"


def image_of(packed: Content, diff_id: str, system: str, architecture: str) -> Image:
    """An image with one layer."""
    platform = {"os": system, "architecture": architecture}
    config = Content(OCI_CONFIG, to_json(image_config([diff_id], platform)))
    manifest = Content(OCI_MANIFEST, to_json(image_manifest(OCI_MANIFEST, config, [packed])))
    return Image(manifest, config, (packed,), platform)


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


PASSWORD = "correct horse battery"
SCANS = Path(__file__).parents[2] / "docs/hooks/events.md"


class Scans:
    """The registry of the page, whose images are scanned, and ann, who pushes them."""

    def __init__(self, fresh_registry: FreshRegistry, home: Path, scanner: str) -> None:
        self._home = home
        (page,) = (block.text for block in blocks(SCANS) if "ocilot:scan_images" in block.text)
        whole = yaml.safe_load(page)
        first = fresh_registry("version: 0.1\nocilot: {accounts: {enabled: true}}\n")
        commands = Commands(first)
        commands.fine("user", "add", "ann", "--password-stdin", stdin=f"{PASSWORD}\n")
        token = commands.data("robot", "add", "scanner")["secret"]
        first.stop()
        whole["ocilot"]["access"][0]["allow"]["user:ann"] = ["pull", "push"]
        options = {"source": first.local, "scanner": str(BIN / scanner)}
        whole["ocilot"]["hooks"]["scripts"][0]["options"] = options
        env = {
            "TRIVY_USERNAME": "scanner",
            "TRIVY_PASSWORD": token,
            "TRIVY_DB_REPOSITORY": f"{first.local}/mirror/trivy-db",
        }
        if scanner == "grype":
            env = {
                "GRYPE_REGISTRY_AUTH_USERNAME": "scanner",
                "GRYPE_REGISTRY_AUTH_PASSWORD": token,
                "GRYPE_DB_AUTO_UPDATE": "false",
            }
            whole["ocilot"]["hooks"]["scripts"][0]["environment"] = list(env)
        self.registry = fresh_registry(json.dumps(whole), env=env, root=first.root, start=False)
        self.registry.port = first.port
        self.registry.start()

    def push(self, name: str, tag: str, images: Sequence[Image], top: Content) -> None:
        layout = self._home / f"layout-{tag}"
        write_layout(layout, images, top, tag)
        target = f"docker://{self.registry.local}/{name}:{tag}"
        words = ("--all", "--dest-creds", f"ann:{PASSWORD}")
        Skopeo(self._home / "skopeo").copy(f"oci:{layout}:{tag}", target, *words)

    def reports(self, name: str, digest: str) -> list[Any]:
        """Those that are attached to an image."""
        with self.registry.connect() as api:

            def get(kind: str, item: str) -> Any:
                return api("GET", f"/v2/{name}/{kind}/{item}", headers=basic("ann", PASSWORD)).json

            found = get("referrers", digest)["manifests"]
            assert {one["artifactType"] for one in found} <= {"application/sarif+json"}
            layers = [get("manifests", one["digest"])["layers"][0] for one in found]
            return [get("blobs", layer["digest"]) for layer in layers]

    def status(self) -> Any:
        (script,) = Commands(self.registry).data("hooks", "status")["scripts"]
        return script


@needs("trivy")
def test_trivy_reads_its_database_and_each_image_from_the_registry_of_the_page(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    scans = Scans(fresh_registry, tmp_path, "trivy")
    database = trivy_database("CVE-2099-1", "openssl", "3.0.2-1")
    scans.push("mirror/trivy-db", "2", [database], database.manifest)
    tar = tar_of({**DEBIAN, "var/lib/dpkg/status": STATUS.encode()})
    layer, statement = Content(OCI_LAYER, gzip.compress(tar, mtime=0)), Content(IN_TOTO, b"{}")
    images = [image_of(layer, digest_of(tar), "linux", one) for one in ("amd64", "arm64")]
    attestation = image_of(statement, statement.digest, "unknown", "unknown")
    everything = [attestation, *images]
    scans.push("team/app", "v1", everything, make_index(everything))
    for image in images:
        (report,) = wait_until(lambda: scans.reports("team/app", image.digest), "the report")  # noqa: B023
        (result,) = report["runs"][0]["results"]
        assert result["ruleId"] == "CVE-2099-1"
        assert f"team/app@{image.digest}" in json.dumps(report)
    assert scans.reports("team/app", attestation.digest) == []
    status = scans.status()
    assert (status["points"]["on_manifest_pushed"]["failed"], status["events"]["waiting"]) == (0, 0)
    scans.registry.stop()


@needs("grype")
def test_a_scan_without_a_database_is_tried_again_and_says_why(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    scans = Scans(fresh_registry, tmp_path, "grype")
    image = make_image("scanned")
    scans.push("team/app", "v1", [image], image.manifest)
    error = wait_until(lambda: scans.status()["events"]["last_error"], "a failure")
    assert "failed to load vulnerability db: database does not exist" in error
    assert "\x1b" not in error
    scans.registry.stop()
