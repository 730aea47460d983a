"""Trivy and Grype scan what is pushed, as the page tells."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from .clients import Skopeo
from .conftest import FreshRegistry
from .foreign import needs, program
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
from .programs import wait_until
from .test_account_commands import Commands
from .trivy_database import trivy_database

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
        options = {"source": first.local, "scanner": str(program(scanner))}
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
