"""Many images at once: synchronized between registries, and packed into bundles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocilot
from ocilot.cli.exit import Exit

from .cli_content import Content
from .cli_place import Place


@pytest.fixture
def other() -> Iterator[Content]:
    """A second registry."""
    with ocilot.Server(deletes=True) as server:
        yield Content(server.url)


@pytest.fixture
def filled(fresh: Place) -> Place:
    for tag in ("v1", "v2", "main"):
        fresh.content.image("team/app", tag, ({"tag": tag.encode()},))
    fresh.content.image("team/tools/lint", "v1")
    fresh.content.image("alone", "v1")
    return fresh


def actions(text: str) -> list[tuple[str, str, str]]:
    rows = [line.split("\t") for line in text.splitlines()]
    return [(row[0], row[1], row[3].partition("/")[2]) for row in rows]


def test_sync_copies_what_matches_and_nothing_twice(filled: Place, other: Content) -> None:
    words = ["sync", f"{filled.host}/team/**", f"{other.host}/mirror", "--tags", "v*"]
    dry = filled.run(*words, "--dry-run")
    assert actions(dry.out) == [
        ("copy", "v1", "mirror/team/app"),
        ("copy", "v2", "mirror/team/app"),
        ("copy", "v1", "mirror/team/tools/lint"),
    ]
    assert "3 to copy" in dry.err
    assert filled.run("ls", other.host).out == ""
    assert actions(filled.fine(*words)) == actions(dry.out)
    assert other.digest("mirror/team/app", "v2") == filled.content.digest("team/app", "v2")
    assert other.tags("mirror/team/app") == ["v1", "v2"]
    again = filled.run(*words)
    assert (again.code, again.out) == (0, "")
    assert "3 the same already" in again.err


def test_a_star_is_within_one_component(filled: Place, other: Content) -> None:
    dry = filled.fine("sync", f"{filled.host}/*/*", other.host, "--dry-run", "--exclude", "v*")
    assert actions(dry) == [("copy", "main", "team/app")]


def test_sync_of_one_repository_needs_no_list_of_all(filled: Place, other: Content) -> None:
    assert actions(filled.fine("sync", f"{filled.host}/alone", other.host)) == [("copy", "v1", "alone")]


def test_sync_updates_tags_that_moved(filled: Place, other: Content) -> None:
    filled.fine("sync", f"{filled.host}/team/app", other.host)
    filled.content.image("team/app", "main", ({"tag": b"moved"},))
    assert actions(filled.fine("sync", f"{filled.host}/team/app", other.host)) == [
        ("update", "main", "team/app")
    ]
    assert other.digest("team/app", "main") == filled.content.digest("team/app", "main")


def test_sync_deletes_only_when_asked_and_confirmed(filled: Place, other: Content) -> None:
    other.image("team/app", "v0")
    other.image("team/app", "other")
    words = ["sync", f"{filled.host}/team/app", other.host, "--tags", "v*"]
    filled.fine(*words)
    assert "v0" in other.tags("team/app")
    ran = filled.run(*words, "--delete")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert f"deletes {other.host}/team/app:v0" in ran.err
    assert "v0" in other.tags("team/app")
    assert actions(filled.fine(*words, "--delete", "--yes")) == [("delete", "v0", "team/app")]
    assert other.tags("team/app") == ["other", "v1", "v2"]


def test_a_tag_that_fails_stops_no_other(filled: Place, tmp_path: Path) -> None:
    # The other registry accepts small manifests only.
    with ocilot.Server(manifest_limit=1000) as server:
        filled.content.image("team/app", "v0", tuple({str(number): b""} for number in range(9)))
        ran = filled.run("sync", f"{filled.host}/team/app", server.address)
    assert ran.code == Exit.PARTIAL
    assert [row[1] for row in actions(ran.out)] == ["main", "v1", "v2"]
    assert "1 of 4 tags failed" in ran.err
    assert tmp_path


def test_a_source_without_a_pattern_is_wrong_usage(filled: Place, other: Content) -> None:
    ran = filled.run("sync", filled.host, other.host)
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert "/**" in ran.err


def test_a_bundle_carries_images_and_what_belongs_to_them(filled: Place, other: Content) -> None:
    image = filled.content.image("team/app", "signed")
    filled.content.artifact("team/app", {"sbom.json": b"{}"}, "application/spdx+json", subject=image)
    names = [f"{filled.app}:signed", f"{filled.host}/alone:v1"]
    assert filled.fine("bundle", "save", "images.tar", *names) == "images.tar\n"
    listed = filled.json("bundle", "ls", "images.tar")
    assert [row["name"] for row in listed if row["name"]] == sorted(names)
    assert {row["kind"] for row in listed} == {"image", "SBOM"}
    assert filled.json("bundle", "verify", "images.tar")["kind"] == "bundle_verify"
    assert filled.fine("bundle", "load", "images.tar", f"{other.host}/mirror").splitlines() == [
        f"{other.host}/mirror/alone:v1",
        f"{other.host}/mirror/team/app:signed",
    ]
    assert other.digest("mirror/team/app", "signed") == image["digest"]
    root = filled.json("tree", f"{other.host}/mirror/team/app:signed")["root"]
    assert len(root["referrers"]) == 1


def test_a_bundle_that_exists_is_kept(filled: Place) -> None:
    words = ["bundle", "save", "images.tar", f"{filled.host}/alone:v1"]
    filled.fine(*words)
    before = (filled.directory / "images.tar").read_bytes()
    assert filled.run(*words).code == Exit.CONFLICT
    filled.fine(*words, "--replace")
    assert (filled.directory / "images.tar").read_bytes() == before


def test_a_bundle_that_is_damaged_is_exit_code_7(filled: Place, other: Content) -> None:
    filled.fine("bundle", "save", "images.tar", f"{filled.app}:v1")
    path = filled.directory / "images.tar"
    layer = json.loads(filled.fine("inspect", f"{filled.app}:v1", "-o", "json"))["layers"][0]
    data = bytearray(path.read_bytes())
    start = data.index(b"\x1f\x8b")
    data[start + layer["size"] - 1] ^= 1
    path.write_bytes(data)
    for words in (["verify", "images.tar"], ["load", "images.tar", other.host]):
        ran = filled.run("bundle", *words)
        assert (ran.code, ran.out) == (Exit.INTEGRITY, ""), ran


def test_a_bundle_can_go_through_a_pipe(filled: Place) -> None:
    ran = filled.run("bundle", "save", "-", f"{filled.app}:v1", "--progress", "none")
    assert (ran.code, "oci-layout" in ran.out) == (0, True)
    assert filled.run("bundle", "ls", "none.tar").code == Exit.NOT_FOUND
