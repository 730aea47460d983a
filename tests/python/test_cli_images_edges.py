"""Commands for images where something is missing, closed, full or of another kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ocilot.cli.exit import Exit

from .cli_content import MANIFEST, OCI
from .cli_place import Place


def test_cp_ends_quietly_when_nobody_reads_its_output(fresh: Place) -> None:
    fresh.content.image("team/app", "v1", ({"a": os.urandom(3 << 20)}, {"b": b"b"}))
    ran = fresh.run("cp", f"{fresh.app}:v1", "-", "--progress", "none", stdout="broken pipe")
    assert (ran.code, ran.err) == (Exit.OTHER, "")
    # The layer was not waited for: it ended with the first bytes.
    ran = fresh.run("cp", f"{fresh.app}:v1", "-", "--progress", "plain", stdout="broken pipe")
    assert ran.code == Exit.OTHER
    assert "copied" not in ran.err
    ran = fresh.run("bundle", "save", "-", f"{fresh.app}:v1", "--progress", "none", stdout="broken pipe")
    assert (ran.code, ran.err) == (Exit.OTHER, "")


def test_pull_says_what_it_has_of_an_artifact(fresh: Place) -> None:
    fresh.content.artifact("team/app", {"a.txt": b"a\n", "b.txt": b"b\n"}, "application/vnd.example", "files")
    lines = fresh.run("pull", f"{fresh.app}:files", "out", "--progress", "plain").err.splitlines()
    endings = [line.rpartition(" ")[2] for line in lines]
    assert (endings.count("started"), endings.count("copied")) == (2, 2)
    assert lines[-1].startswith("pulled sha256:")


def test_pull_unpacks_an_image_whole_or_not_at_all(fresh: Place) -> None:
    fresh.content.image("team/app", "v1", ({"a": b"a"},))
    fresh.content.image("team/bad", "v1", ({"a": b"a"}, {"../outside": b"a"}))
    ran = fresh.run("pull", f"{fresh.host}/team/bad:v1", "rootfs", "--unpack")
    assert ran.code == Exit.INTEGRITY
    assert not [path for path in fresh.directory.iterdir() if "rootfs" in path.name]
    fresh.fine("pull", f"{fresh.app}:v1", "rootfs", "--unpack")
    ran = fresh.run("pull", f"{fresh.app}:v1", "rootfs", "--unpack")
    assert ran.code == Exit.CONFLICT
    assert "rootfs is not empty: expected a new or an empty directory" in ran.err


@pytest.mark.parametrize("words", [["inspect"], ["tags"], ["pull"], ["du"], ["tree"]])
def test_a_registry_without_a_repository_is_no_image_of_docker_hub(fresh: Place, words: list[str]) -> None:
    for address in (fresh.host, "localhost:5000", "r.example:443"):
        ran = fresh.run(*words, address)
        assert ran.code == Exit.USAGE
        assert f'"{address}": the repository is missing; write {address}/NAME' in ran.err
        assert len(ran.err.splitlines()) == 1
    ran = fresh.run("cp", "oci:layout", fresh.host)
    assert (ran.code, "the repository is missing" in ran.err) == (Exit.USAGE, True)


def test_a_registry_may_have_any_name(fresh: Place) -> None:
    ran = fresh.run("inspect", "registry.invalid/team/app", OCILOT_REGISTRY=fresh.host)
    assert ran.code == Exit.NETWORK
    assert "registry.invalid" in ran.err
    assert fresh.host not in ran.err


def test_du_lists_layers_only(fresh: Place) -> None:
    image = fresh.content.image("team/app", "v1", ({"a": b"a"}, {"b": b"b"}))
    fresh.content.index("team/app", "all", [image])
    for tag in ("v1", "all"):
        rows = fresh.json("du", "--layers", f"{fresh.app}:{tag}")
        assert len(rows) == 2
        assert {row["media_type"] for row in rows} == {"application/vnd.oci.image.layer.v1.tar+gzip"}
    # What an image takes counts everything.
    assert fresh.json("du", f"{fresh.app}:v1")[0]["blobs"] == 4


@pytest.mark.parametrize("place", [".docker/config.json", "auth.json"])
def test_a_pipe_in_the_place_of_credentials_blocks_nothing(fresh: Place, place: str) -> None:
    fresh.content.image("team/app", "v1")
    path = fresh.directory / place
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    if place == "auth.json":
        ran = fresh.run("whoami", fresh.host, "--auth-file", str(path))
        assert ran.code == Exit.USAGE
        assert ran.err == f"cannot read the credentials file {path}: expected a regular file, not a pipe\n"
        assert fresh.run("login", fresh.host, "-u", "a", "--auth-file", str(path)).code == Exit.USAGE
        return
    ran = fresh.run("whoami", fresh.host, "--explain")
    assert "expected a regular file, not a pipe" in ran.out + ran.err
    assert ran.code == 0
    assert fresh.run("__complete", "reference", "f").code in (0, Exit.USAGE)


def test_a_device_is_no_credentials_file(fresh: Place) -> None:
    ran = fresh.run("whoami", fresh.host, "--auth-file", "/dev/zero")
    assert (ran.code, "expected a regular file, not a device" in ran.err) == (Exit.USAGE, True)
    assert Path("/dev/zero").exists()


def test_layers_that_registries_may_not_have_are_copied_on_request(fresh: Place) -> None:
    data = b"layer of Windows"
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    config = fresh.content.blob("team/app", b'{"os": "windows"}', f"{OCI}.config.v1+json")
    layer = fresh.content.blob("team/app", data, kind) | {"urls": ["https://r.invalid/layer"]}
    fields = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
    fresh.content.manifest("team/app", fields, "v1")
    option = "--include-nondistributable"
    for words, file in (
        (("cp", f"{fresh.app}:v1", "oci:{}:v1"), "blobs/sha256/{}"),
        (("bundle", "save", "{}.tar", f"{fresh.app}:v1"), ""),
        (("sync", fresh.app, f"{fresh.host}/{{}}"), ""),
    ):
        for name, more in (("without", ()), ("whole", (option,))):
            fresh.fine(*(word.format(name) for word in words), *more)
        if file:
            digest = layer["digest"].partition(":")[2]
            assert not (fresh.directory / "without" / file.format(digest)).exists()
            assert (fresh.directory / "whole" / file.format(digest)).read_bytes() == data
    assert fresh.json("bundle", "verify", "whole.tar")["blobs"] == 2
    assert fresh.json("bundle", "verify", "without.tar")["blobs"] == 1
