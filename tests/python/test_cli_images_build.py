"""Building images without a container engine, from the command line."""

from __future__ import annotations

import json

import pytest

from ocilot.cli.exit import Exit

from .cli_content import layer_of
from .cli_place import Place

FILES = {"bin/": b"", "bin/sh": b"#!\n"}


@pytest.fixture
def rootfs(fresh: Place) -> str:
    (fresh.directory / "rootfs.tar").write_bytes(layer_of(FILES))
    return "rootfs.tar"


def test_import_makes_an_image_as_docker_does(fresh: Place, rootfs: str) -> None:
    target = f"{fresh.host}/base/test:1"
    words = ["import", rootfs, target, "--platform", "linux/arm64", "--created", "2026-01-02T03:04:05Z"]
    options = [
        "--cmd",
        "/bin/sh -c 'echo a b'",
        "--entrypoint",
        '["/init"]',
        "--env",
        "A=1=2",
        "--label",
        "x=y",
    ]
    digest = fresh.fine(*words, *options, "--user", "1:2", "--workdir", "/w", "--port", "80").strip()
    assert fresh.content.digest("base/test", "1") == digest
    found = fresh.json("inspect", target)
    assert (found["platform"], found["created"]) == ("linux/arm64", "2026-01-02T03:04:05Z")
    assert (found["cmd"], found["entrypoint"]) == (["/bin/sh", "-c", "echo a b"], ["/init"])
    assert (found["env"], found["labels"], found["user"]) == ({"A": "1=2"}, {"x": "y"}, "1:2")
    assert (found["working_dir"], found["ports"]) == ("/w", ["80/tcp"])
    # The same input gives the same digest.
    assert fresh.fine(*words, *options, "--user", "1:2", "--workdir", "/w", "--port", "80").strip() == digest


def test_import_reads_directories_and_standard_input(fresh: Place, rootfs: str) -> None:
    (fresh.directory / "tree/etc").mkdir(parents=True)
    (fresh.directory / "tree/etc/name").write_text("test\n")
    fresh.fine("import", "tree", "oci:layout:v1", "--owner", "0:0")
    assert fresh.json("inspect", "oci:layout:v1")["layers"][0]["media_type"].endswith("+gzip")
    ran = fresh.run(
        "import", "-", "oci:layout:v2", "--compression", "zstd", stdin=str(fresh.directory / rootfs)
    )
    assert ran.code == 0, ran
    assert fresh.json("inspect", "oci:layout:v2")["layers"][0]["media_type"].endswith("+zstd")
    assert fresh.run("import", "-", "oci:layout:v3", "--compression", "lzma").code == Exit.USAGE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--cmd", "a 'b"], "invalid command"),
        (["--cmd", "[1]"], "invalid command"),
        (["--env", "A"], "NAME=VALUE"),
        (["--port", "x"], "x"),
        (["--created", "yesterday"], "yesterday"),
        (["--platform", "a/b/c/d"], "invalid platform"),
    ],
)
def test_options_that_are_wrong_are_wrong_usage(
    fresh: Place, rootfs: str, words: list[str], said: str
) -> None:
    ran = fresh.run("import", rootfs, f"{fresh.host}/base/test:1", *words)
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert said in ran.err


def test_a_file_that_is_no_root_file_system_is_named_with_what_reads_it(fresh: Place) -> None:
    image = fresh.content.image("team/app", "v1")
    fresh.fine("cp", f"{fresh.app}:v1", "docker-archive:image.tar:app:v1")
    ran = fresh.run("import", "image.tar", f"{fresh.host}/base/test:1")
    assert (ran.code, ran.out) == (Exit.INTEGRITY, "")
    assert "docker-archive" in ran.err
    assert image


def test_append_adds_layers_and_keeps_those_below(fresh: Place, rootfs: str) -> None:
    base = fresh.content.image("team/base", "v1", Cmd=["/a"])
    (fresh.directory / "more.tar").write_bytes(layer_of({"more": b"more\n"}))
    fresh.fine(
        "append",
        f"{fresh.host}/team/base:v1",
        rootfs,
        "more.tar",
        f"{fresh.app}:v1",
        "--platform",
        "linux/amd64",
    )
    found = fresh.json("inspect", f"{fresh.app}:v1")
    below = fresh.json("inspect", f"{fresh.host}/team/base@{base['digest']}")
    assert [layer["digest"] for layer in found["layers"]][:1] == [
        layer["digest"] for layer in below["layers"]
    ]
    assert (len(found["layers"]), found["cmd"]) == (3, ["/a"])


def test_mutate_changes_what_is_named_and_nothing_else(fresh: Place) -> None:
    fresh.content.image("team/app", "v1", Env=["A=1", "B=2"], Labels={"x": "y"}, Cmd=["/a"])
    words = ["mutate", f"{fresh.app}:v1", f"{fresh.app}:v2", "--env", "A=3", "--env", "B-", "--label", "z=w"]
    fresh.fine(*words, "--annotation", "n=m", "--cmd", "")
    found = fresh.json("inspect", f"{fresh.app}:v2")
    assert (found["env"], found["labels"], found["cmd"]) == ({"A": "3"}, {"x": "y", "z": "w"}, [])
    assert found["annotations"] == {"n": "m"}
    before = fresh.json("inspect", f"{fresh.app}:v1")
    assert [one["digest"] for one in found["layers"]] == [one["digest"] for one in before["layers"]]


def test_rebase_replaces_the_base(fresh: Place, rootfs: str) -> None:
    old, new = ({"os": text} for text in (b"old", b"new"))
    fresh.content.image("base", "old", (old,))
    fresh.content.image("base", "new", (new,))
    fresh.content.image("team/app", "v1", (old, {"app": b"app"}), Cmd=["/app"])
    place = f"{fresh.host}/base"
    fresh.fine("rebase", f"{fresh.app}:v1", f"{place}:new", f"{fresh.app}:v2", "--old-base", f"{place}:old")
    found, base = (fresh.json("inspect", name) for name in (f"{fresh.app}:v2", f"{place}:new"))
    assert found["layers"][0]["digest"] == base["layers"][0]["digest"]
    assert (len(found["layers"]), found["cmd"]) == (2, ["/app"])
    wrong = fresh.run(
        "rebase", f"{fresh.app}:v1", f"{place}:old", f"{fresh.app}:v3", "--old-base", f"{place}:new"
    )
    assert (wrong.code, wrong.out) == (Exit.USAGE, "")
    assert rootfs


def test_index_joins_images_of_several_platforms(fresh: Place) -> None:
    for architecture in ("amd64", "arm64"):
        fresh.content.image(f"build/{architecture}", "v1", architecture=architecture)
    sources = [f"{fresh.host}/build/{name}:v1" for name in ("amd64", "arm64")]
    digest = fresh.fine("index", *sources, f"{fresh.app}:v1").strip()
    found = fresh.json("inspect", f"{fresh.app}:v1")
    assert (found["kind"], found["digest"]) == ("index", digest)
    assert [one["platform"] for one in found["manifests"]] == ["linux/amd64", "linux/arm64"]
    fresh.content.image("build/other", "v1", ({"other": b""},))
    both = [sources[0], f"{fresh.host}/build/other:v1"]
    assert fresh.run("index", *both, f"{fresh.app}:v2").code == Exit.CONFLICT


def test_what_is_made_is_printed_as_data(fresh: Place, rootfs: str) -> None:
    found = fresh.json("import", rootfs, f"{fresh.host}/base/test:1")
    assert (found["version"], found["kind"]) == (1, "build")
    assert found["digest"] == fresh.content.digest("base/test", "1")
    ran = fresh.run("import", rootfs, "-")
    assert (ran.code, "oci-layout" in ran.out) == (0, True)
    assert json.dumps(found)
