"""Commands for images, as they are run: what they print, in every form, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import ocilot
from ocilot.cli.exit import Exit

from .cli_content import MANIFEST, Content
from .cli_place import Place
from .cli_runs import Zygote

LAYERS: tuple[dict[str, bytes], ...] = (
    {"etc/": b"", "etc/os-release": b"ID=test\n", "bin/": b"", "bin/sh": b"\x7fELF" * 500},
    {"etc/link": b"-> os-release", "etc/.wh.nothing": b"", "app": b"hello\n"},
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Content]:
    with ocilot.Server(deletes=True) as server:
        made = Content(server.url)
        amd = made.image(
            "team/app",
            "v1",
            LAYERS,
            Env=["A=1"],
            Cmd=["/bin/sh"],
            Labels={"a": "b"},
            ExposedPorts={"80/tcp": {}},
        )
        arm = made.image("team/app", "", architecture="arm64")
        made.index("team/app", "multi", [amd, arm])
        made.artifact("team/app", {"sbom.json": b"{}"}, "application/spdx+json", subject=amd)
        made.artifact("team/app", {"notes.txt": b"notes\n"}, "application/vnd.example.notes", "notes")
        made.image("team/web", "v1")
        made.image("other/thing", "v1")
        yield made


@pytest.fixture
def place(zygote: Zygote, shared: Content, tmp_path: Path) -> Place:
    """For commands that change nothing, or only what the test has made."""
    return Place(zygote, shared, tmp_path)


def test_ls_lists_repositories_with_their_registry(place: Place) -> None:
    everything = place.fine("ls", place.host).splitlines()
    assert f"{place.app}" in everything
    assert place.fine("ls", f"{place.host}/team/") == f"{place.app}\n{place.host}/team/web\n"
    assert place.fine("ls", f"http://{place.host}/team/", "--limit", "1") == f"{place.app}\n"
    assert place.json("ls", f"{place.host}/team/w") == [
        {"name": "team/web", "location": f"{place.host}/team/web"}
    ]
    assert place.fine("ls", "-o", "table", f"{place.host}/team/w") == f"REPOSITORY\n{place.host}/team/web\n"


def test_tags_lists_names_alone_unless_more_is_asked_for(place: Place) -> None:
    assert place.fine("tags", place.app).splitlines() == ["multi", "notes", "v1"]
    assert place.fine("tags", place.app, "--match", "{v,m}*", "--sort", "-name") == "v1\nmulti\n"
    digest = place.content.digest("team/app", "v1")
    assert place.fine("tags", place.app, "--match", "v1", "--long") == f"v1\t{digest}\n"
    (row,) = place.json("tags", place.app, "--match", "v1", "--long")
    assert (row["name"], row["digest"]) == ("v1", digest)


def test_inspect_shows_an_image(place: Place) -> None:
    found = place.json("inspect", f"{place.app}:v1")
    assert (found["version"], found["kind"], found["platform"]) == (1, "image", "linux/amd64")
    assert (found["env"], found["cmd"], found["labels"]) == ({"A": "1"}, ["/bin/sh"], {"a": "b"})
    assert [layer["created_by"] for layer in found["layers"]] == ["COPY 0", "COPY 1"]
    text = place.fine("inspect", f"{place.app}:v1")
    assert f"Digest\t{found['digest']}\n" in text
    assert f"Size\t{found['size']}\n" in text
    table = place.fine("inspect", "-o", "table", f"{place.app}:v1")
    assert "Platform:   linux/amd64\n" in table
    assert "Env:        A=1\n" in table


def test_inspect_shows_an_index_or_its_image_for_a_platform(place: Place) -> None:
    found = place.json("inspect", f"{place.app}:multi")
    assert (found["kind"], [entry["platform"] for entry in found["manifests"]]) == (
        "index",
        ["linux/amd64", "linux/arm64"],
    )
    image = place.json("inspect", f"{place.app}:multi", "--platform", "arm64")
    assert (image["kind"], image["platform"]) == ("image", "linux/arm64")
    assert image["digest"] == found["manifests"][1]["digest"]


def test_inspect_shows_an_artifact(place: Place) -> None:
    found = place.json("inspect", f"{place.app}:notes")
    assert (found["kind"], found["artifact_type"]) == ("artifact", "application/vnd.example.notes")
    assert "notes.txt" in place.fine("inspect", f"{place.app}:notes")
    ran = place.run("inspect", "--raw-config", f"{place.app}:notes")
    assert (ran.code, ran.out) == (2, "")


def test_inspect_prints_bytes_as_they_are(place: Place) -> None:
    with place.content.ask("GET", "/v2/team/app/manifests/notes") as answer:
        raw = answer.read().decode()
    assert place.fine("inspect", "--raw", f"{place.app}:notes") == raw
    assert json.loads(place.fine("inspect", "--raw-config", f"{place.app}:v1"))["architecture"] == "amd64"
    assert place.run("inspect", "--raw", "--raw-config", f"{place.app}:v1").code == 2


def test_tree_shows_what_is_below_and_what_refers_to_it(place: Place) -> None:
    root = place.json("tree", f"{place.app}:multi")["root"]
    first, second = root["manifests"]
    assert [len(first["layers"]), len(second["layers"])] == [2, 1]
    (referrer,) = first["referrers"]
    assert (referrer["artifact_type"], second["referrers"]) == ("application/spdx+json", [])
    lines = place.fine("tree", f"{place.app}:multi").splitlines()
    assert [line[:14] for line in lines[:3]] == [
        "sha256:" + root["digest"][7:14],
        "├── sha256:" + first["digest"][7:10],
        "│   ├── layer ",
    ]
    assert any("referrer" in line and "application/spdx+json" in line for line in lines)
    assert "referrer" not in place.fine("tree", "--no-referrers", f"{place.app}:multi")


def test_files_lists_what_the_layers_leave(place: Place) -> None:
    assert place.fine("files", f"{place.app}:v1", "/etc").splitlines() == [
        "/etc/",
        "/etc/link -> os-release",
        "/etc/os-release",
    ]
    long = place.fine("files", "-l", f"{place.app}:v1", "bin/sh").split("\t")
    assert long == ["-rw-r--r--", "0:0", "2000", "2025-11-24T16:00:00Z", "/bin/sh\n"]
    (entry,) = place.json("files", f"{place.app}:v1", "/etc/link")
    assert (entry["path"], entry["type"], entry["linkname"]) == ("etc/link", "symlink", "os-release")


def test_cat_prints_a_file_byte_by_byte(place: Place) -> None:
    assert place.fine("cat", f"{place.app}:v1", "/etc/os-release") == "ID=test\n"
    assert place.fine("cat", f"{place.app}:v1", "etc/link") == "ID=test\n"
    ran = place.run("cat", f"{place.app}:v1", "/etc/nothing")
    assert (ran.code, ran.out) == (Exit.NOT_FOUND, "")


def test_diff_shows_what_is_different(place: Place) -> None:
    found = place.json("diff", f"{place.app}:v1", f"{place.host}/team/web:v1")
    assert (found["version"], found["kind"], len(found["layers"]["removed"])) == (1, "diff", 2)
    rows = [
        line.split("\t")
        for line in place.fine("diff", f"{place.app}:v1", f"{place.host}/team/web:v1").splitlines()
    ]
    assert ["file", "removed", "/etc/os-release", "8", ""] in rows
    assert ["file", "added", "/hello", "", "6"] in rows
    assert ["config", "removed", "config.Cmd", '["/bin/sh"]', ""] in rows
    assert [row[1] for row in rows if row[0] == "layer"] == ["removed", "removed", "added"]
    assert place.fine("diff", f"{place.app}:v1", f"{place.app}:v1") == ""


def test_du_tells_what_images_share(place: Place) -> None:
    rows = place.json("du", f"{place.app}:v1", f"{place.app}:multi")
    v1, multi = rows
    assert (v1["unique_size"], v1["shared_size"]) == (0, v1["size"])
    assert multi["size"] == multi["unique_size"] + multi["shared_size"] > v1["size"]
    assert {row["reference"] for row in place.json("du", "--all", place.app)} == {
        f"{place.app}:{tag}" for tag in ("multi", "notes", "v1")
    }
    sizes = [row["size"] for row in place.json("du", "--layers", f"{place.app}:v1")]
    assert sizes == sorted(sizes, reverse=True)
    assert "together" in place.run("du", f"{place.app}:v1").err


READING = {
    "ls": ["{host}"],
    "tags": ["{app}"],
    "inspect": ["{app}:multi"],
    "tree": ["{app}:v1"],
    "files": ["{app}:v1"],
    "diff": ["{app}:v1", "{app}:multi"],
    "du": ["{app}:v1"],
    "whoami": ["{host}"],
    "verify": ["{app}:v1"],
}


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("form", ["json", "jsonl", "yaml", "table"])
def test_every_form_of_output_says_the_same(command: str, form: str, place: Place) -> None:
    words = [command, *(word.format(host=place.host, app=place.app) for word in READING[command])]
    text, wanted = place.fine(*words, "-o", form), place.json(*words)
    if form == "yaml":
        assert yaml.safe_load(text) == wanted
    elif form == "jsonl":
        assert [json.loads(line) for line in text.splitlines()] == (
            wanted if isinstance(wanted, list) else [wanted]
        )
    elif form == "table":
        assert text
        assert all(character.isprintable() or character == "\n" for character in text)
    else:
        assert json.loads(text) == wanted


KEYS = Path(__file__).parents[1] / "data" / "cli_images.json"


def shape(data: Any) -> Any:
    """The keys of JSON, and the types of their values; keys that are names of others are left out."""
    if isinstance(data, dict):
        named = {"annotations", "env", "labels"}
        return {key: "object" if key in named else shape(value) for key, value in data.items()}
    if isinstance(data, list):
        return [shape(data[0])] if data else []
    return type(data).__name__


def test_the_keys_of_json_are_an_api(place: Place) -> None:
    found = {}
    for command, template in READING.items():
        words = [word.format(host=place.host, app=place.app) for word in template]
        found[command] = shape(place.json(command, *words))
    found["inspect image"] = shape(place.json("inspect", f"{place.app}:v1"))
    found["inspect artifact"] = shape(place.json("inspect", f"{place.app}:notes"))
    found["cp"] = shape(place.json("cp", f"{place.app}:v1", f"{place.host}/keys/app:v1"))
    found["rm"] = shape(place.json("rm", "--yes", f"{place.host}/keys/app:v1"))
    found["du layers"] = shape(place.json("du", "--layers", f"{place.app}:v1"))
    assert found == json.loads(KEYS.read_text()), json.dumps(found, indent=1)


def test_a_query_selects_a_part(place: Place) -> None:
    assert place.fine("inspect", f"{place.app}:v1", "--query", "env.A") == "1\n"
    assert place.fine("tags", place.app, "--query", "[].name") == "multi\nnotes\nv1\n"
    ran = place.run("tags", place.app, "--query", "[")
    assert (ran.code, ran.out) == (2, "")


ENDINGS: list[tuple[list[str], Exit, str]] = [
    (["inspect", "{app}:none"], Exit.NOT_FOUND, "none"),
    (["inspect", "{app}:multi", "--platform", "windows/amd64"], Exit.NOT_FOUND, "linux/arm64"),
    (["inspect", "{host}/Team/App:v1"], Exit.USAGE, "lower case"),
    (["inspect", "https://{host}/team/app"], Exit.USAGE, "https://"),
    (["inspect", "localhost:9/team/app"], Exit.NETWORK, "localhost:9"),
    (["tags", "{host}/no/such"], Exit.NOT_FOUND, "no/such"),
    (["inspect", "oci:none"], Exit.NOT_FOUND, "none"),
    (["cp", "{app}:v1", "{app}:a:b"], Exit.USAGE, "invalid"),
    (["tag", "{app}:v1", "-x"], Exit.USAGE, "-x"),
    (["mutate", "{app}:v1", "{app}:v2"], Exit.USAGE, "nothing to change"),
    (["mutate", "{app}:v1", "{app}:v2", "--label", "a"], Exit.USAGE, "NAME=VALUE"),
    (["import", "none.tar", "{app}:new"], Exit.NOT_FOUND, "none.tar"),
]


@pytest.mark.parametrize(
    ("words", "code", "said"), ENDINGS, ids=lambda value: " ".join(value) if isinstance(value, list) else None
)
def test_a_command_that_fails_says_why_and_ends_with_its_code(
    words: list[str], code: Exit, said: str, place: Place
) -> None:
    ran = place.run(*(word.format(host=place.host, app=place.app) for word in words))
    assert (ran.code, ran.out) == (code, ""), ran
    assert said in ran.err


def test_a_registry_that_refuses_is_exit_code_4(zygote: Zygote, tmp_path: Path) -> None:
    with ocilot.Server(root=tmp_path / "data", accounts=True) as server:
        place = Place(zygote, Content(server.url), tmp_path)
        ran = place.run("tags", place.app)
    assert (ran.code, ran.out) == (Exit.AUTH, "")
    assert "ocilot login" in ran.err


def test_what_a_sparse_index_lists_and_the_registry_has_not_is_marked(zygote: Zygote, tmp_path: Path) -> None:
    with ocilot.Server(sparse=["**"]) as server:
        place = Place(zygote, Content(server.url), tmp_path)
        image = place.content.image("team/app", "v1")
        absent = {"mediaType": MANIFEST, "digest": "sha256:" + "0" * 64, "size": 7}
        place.content.index("team/app", "sparse", [image, absent])
        assert place.fine("tree", f"{place.app}:sparse").splitlines()[-1].endswith(" missing")
        assert len(place.json("du", f"{place.app}:sparse")) == 1
