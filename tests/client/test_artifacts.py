"""Artifacts and Helm charts on every kind of registry."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from tests.server.images import Content

import ocilot
from ocilot.errors import ArchiveError, InvalidReference, NotFound, StorageError, UnsafePath
from ocilot.oci import Manifest
from ocilot.oci.media_types import OCI_EMPTY, OCI_MANIFEST

from .seed import AMD64, push, push_blob, push_manifest

SBOM = "application/vnd.example.sbom"
TITLE = "org.opencontainers.image.title"


def chart(directory: Path, name: str = "web", version: str = "1.0.0", text: str = "") -> Path:
    """A packaged chart, as `helm package` makes it."""
    path = directory / f"{name}-{version}.tgz"
    data = (text or f"apiVersion: v2\nname: {name}\nversion: {version}\ndescription: A web server\n").encode()
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo(f"{name}/Chart.yaml")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return path


def test_files_are_pushed_and_pulled(app: ocilot.Repository, tmp_path: Path) -> None:
    (tmp_path / "sbom.json").write_text('{"a": 1}')
    (tmp_path / "empty").touch()
    digest = app.push(
        (tmp_path / "sbom.json", "application/json"),
        tmp_path / "empty",
        artifact_type=SBOM,
        annotations={"org.example": "x"},
        tag="sbom",
    )
    manifest = app.manifest("sbom")
    assert manifest.digest == digest
    assert (manifest.media_type, manifest.artifact_type) == (OCI_MANIFEST, SBOM)
    assert manifest.config is not None
    assert manifest.config.media_type == OCI_EMPTY
    assert [(one.media_type, one.annotations[TITLE]) for one in manifest.layers] == [
        ("application/json", "sbom.json"),
        ("application/octet-stream", "empty"),
    ]
    assert manifest.annotations == {"org.example": "x"}
    pulled = app.pull("sbom", tmp_path / "pulled")
    assert [path.name for path in pulled] == ["sbom.json", "empty"]
    assert [path.read_bytes() for path in pulled] == [b'{"a": 1}', b""]


def test_the_same_files_make_the_same_digest(app: ocilot.Repository, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    assert app.push(tmp_path / "a", tag="one") == app.push(tmp_path / "a", tag="two")


def test_a_relative_path_is_the_title(
    app: ocilot.Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes").mkdir()
    Path("notes/a.txt").write_text("a")
    app.push("notes/a.txt", tmp_path / "notes/a.txt", "../" + tmp_path.name + "/notes/a.txt", tag="v1")
    titles = [layer.annotations[TITLE] for layer in app.manifest("v1").layers]
    assert titles == ["notes/a.txt", "a.txt", "a.txt"]


def test_a_referrer_is_found_by_its_subject(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    digest = app.push(artifact_type=SBOM, subject="v1", annotations={"a": "b"})
    app.push(artifact_type="application/vnd.example.other", subject=app.resolve("v1"))
    found = app.get("v1").referrers(SBOM).all()
    assert [(one.digest, one.subject, one.annotations["a"]) for one in found] == [(digest, AMD64.digest, "b")]
    assert len(app.referrers("v1").all()) == 2
    assert app.referrers("sha256:" + "0" * 64).all() == []
    with pytest.raises(NotFound):
        app.push(subject="v9")


@pytest.mark.parametrize(
    "title",
    [
        *(
            "../x",
            "/abs",
            "a/../../x",
            "a/../b",
            "C:\\x",
            "C:x",
            "..\\x",
            "a\\..\\x",
            "a:stream",
            "notes.txt:stream",
            "\\\\host\\share",
        ),
        *("a\0b", ".", ""),
    ],
)
def test_a_title_that_leads_out_of_the_directory_is_refused(
    open_host: object, app: ocilot.Repository, tmp_path: Path, title: str
) -> None:
    """D3, D14: on every system, also what leads out of a directory only on Windows."""
    blob = push_blob(app, Content("text/plain", b"evil"))
    fields = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": SBOM,
        "config": push_blob(app, Content(OCI_EMPTY, b"{}")).to_json(),
        "layers": [blob.to_json() | {"annotations": {TITLE: title}}],
    }
    push_manifest(app, Content(OCI_MANIFEST, Manifest.of(fields).raw), ["v1"])
    with pytest.raises(UnsafePath):
        app.pull("v1", tmp_path / "in")
    assert not (tmp_path / "x").exists()


def test_files_are_not_written_through_links(
    app: ocilot.Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes").mkdir()
    Path("notes/a.txt").write_text("a")
    app.push("notes/a.txt", tag="v1")
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/notes").symlink_to(outside)
    with pytest.raises(UnsafePath, match="symbolic link"):
        app.pull("v1", "in")
    assert list(outside.iterdir()) == []


def test_an_image_is_not_pulled_as_files(app: ocilot.Repository, tmp_path: Path) -> None:
    push(app, AMD64, "v1")
    with pytest.raises(InvalidReference, match="no files with a title"):
        app.pull("v1", tmp_path)


def test_a_file_that_cannot_be_read_is_named(app: ocilot.Repository, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(StorageError, match=str(path)):
            app.push(path)


def test_a_full_disk_leaves_no_part_of_a_file(
    app: ocilot.Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("a" * 1000)
    app.push(tmp_path / "a", tag="v1")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match="No space left"):
        app.pull("v1", tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


def test_a_chart_is_tagged_with_its_version(registry: ocilot.Registry, name: str, tmp_path: Path) -> None:
    charts = registry.repository(f"{name}/web")
    path = chart(tmp_path, version="1.0.0+x")
    path.with_name(path.name + ".prov").write_text("signed")
    digest = charts.push_chart(path)
    assert charts.resolve("1.0.0_x").digest == digest
    manifest = charts.manifest("1.0.0_x")
    assert manifest.config is not None
    assert manifest.config.media_type == "application/vnd.cncf.helm.config.v1+json"
    assert json.loads(charts.blob(manifest.config))["description"] == "A web server"
    assert [layer.media_type for layer in manifest.layers] == [
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        "application/vnd.cncf.helm.chart.provenance.v1.prov",
    ]
    pulled = charts.pull("1.0.0_x", tmp_path / "pulled")
    assert [file.name for file in pulled] == ["web-1.0.0+x.tgz", "web-1.0.0+x.tgz.prov"]
    assert pulled[0].read_bytes() == path.read_bytes()
    assert charts.push_chart(path, tag="1.0.0+x") == digest


def test_a_chart_needs_a_repository_of_its_name(app: ocilot.Repository, tmp_path: Path) -> None:
    with pytest.raises(InvalidReference, match=f"use {app.location}/web"):
        app.push_chart(chart(tmp_path))


def test_the_tag_of_a_chart_is_its_version(registry: ocilot.Registry, name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidReference, match=r"has version 1\.0\.0, not v1"):
        registry.repository(f"{name}/web").push_chart(chart(tmp_path), tag="v1")


@pytest.mark.parametrize(
    "text",
    [
        "- a list\n",
        "name: ../evil\nversion: 1.0.0\n",
        "name: web\n",
        "name: [\n",
        "name: web\nversion: a/b\n",
    ],
)
def test_a_chart_without_a_valid_name_and_version_is_refused(
    registry: ocilot.Registry, name: str, tmp_path: Path, text: str
) -> None:
    with pytest.raises(ArchiveError, match="invalid chart"):
        registry.repository(f"{name}/web").push_chart(chart(tmp_path, text=text))


def test_what_is_no_chart_says_so(app: ocilot.Repository, tmp_path: Path) -> None:
    (tmp_path / "a.tgz").write_text("text")
    with pytest.raises(ArchiveError, match="invalid chart"):
        app.push_chart(tmp_path / "a.tgz")
    with pytest.raises(StorageError, match="cannot read"):
        app.push_chart(tmp_path / "missing.tgz")
