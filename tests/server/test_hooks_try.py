"""`ocilot hooks try SCRIPT IMAGE` asks what a push of a stored image asks, and writes nothing."""

from __future__ import annotations

import fcntl
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from ocilot.hooks import BlobPush, ManifestPush, TagMove

from .conftest import Scripted
from .images import Content, Image, digest_of, make_image, make_index, to_json
from .programs import Ran, attempt, wait_until
from .registry import OCILOT, Registry

RECORDER = """\
import fcntl, pickle
from pathlib import Path
def note(value):
    with (Path(__file__).parent / "asked").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        pickle.dump(value, file)
def admit_blob(blob): note(blob)
def admit_manifest(push): note(push)
def admit_tag(move): note(move)
"""

ANONYMOUS = 'caller={name: "", kind: anonymous, address: 127.0.0.1}'


def asked(registry: Registry) -> list[Any]:
    """What the hooks of the recorder were asked since the last time; they may be writing right now."""
    values: list[Any] = []
    file = registry.home / "asked"
    if not file.exists():
        return values
    with file.open("r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        while stream.tell() < os.fstat(stream.fileno()).st_size:
            values.append(pickle.load(stream))
        stream.truncate(0)
    return values


def tried(registry: Registry, image: str, *words: str, script: str = "hook.py") -> Ran:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(registry.home), "LANG": "C.UTF-8"}
    place = ("--config", registry.config, "--root", registry.root)
    return attempt(
        [OCILOT, "hooks", "try", registry.home / script, image, *words, *place], env=env, seconds=60
    )


def snapshot(root: Path, running: bool) -> dict[Path, tuple[int, bytes]]:
    """All files, but for the log of the metadata where jobs of a running registry write to it."""
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file() and not (running and path.name.startswith("meta.sqlite-"))
    }


def signed_image() -> tuple[Image, Content]:
    """An image with labels, and a manifest that refers to it."""
    image = make_image("labels")
    config = json.loads(image.config.data)
    config["config"]["Labels"] = {"maintainer": "alice"}
    labelled = Content(image.config.media_type, to_json(config))
    manifest = json.loads(image.manifest.data)
    manifest |= {"config": labelled.descriptor(), "annotations": {"build": "7"}}
    image = Image(Content(image.manifest.media_type, to_json(manifest)), labelled, image.layers)
    empty = Content("application/vnd.oci.empty.v1+json", b"{}")
    signature = {
        "schemaVersion": 2,
        "mediaType": image.manifest.media_type,
        "artifactType": "application/vnd.cncf.notary.signature",
        "config": empty.descriptor(),
        "layers": [empty.descriptor()],
        "subject": image.manifest.descriptor(),
        "annotations": {"signed": "yes"},
    }
    return image, Content(image.manifest.media_type, to_json(signature))


@pytest.mark.parametrize("running", [True, False])
def test_a_stored_image_is_the_same_to_hooks_as_its_push(scripted: Scripted, running: bool) -> None:
    registry = scripted(RECORDER)
    image, signature = signed_image()
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
        api.push_blob("team/app", b"{}")
        api.push_manifest("team/app", digest_of(signature.data), signature)
        api.push_manifest("team/app", f"{image.digest.replace(':', '-')}.sig", signature)
        asked(registry)
        api.push_image("team/app", image, "v1")
    pushed = asked(registry)
    push = next(value for value in pushed if isinstance(value, ManifestPush))
    move = next(value for value in pushed if isinstance(value, TagMove))
    assert (push.labels, push.annotations, push.is_image) == ({"maintainer": "alice"}, {"build": "7"}, True)
    assert [one.annotations for one in move.referrers] == [{"signed": "yes"}]
    assert len(move.sibling_tags) == 1

    if not running:
        registry.stop()
    before = snapshot(registry.root, running)
    ran = tried(registry, "team/app:v1", "--set", ANONYMOUS, "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    assert asked(registry) == pushed
    assert [(row["point"], row["subject"], row["answer"]) for row in json.loads(ran.out)] == [
        *(("admit_blob", blob.digest, "None") for blob in image.blobs),
        ("admit_manifest", image.digest, "None"),
        ("admit_tag", "v1", "None"),
    ]
    assert snapshot(registry.root, running) == before


def test_an_index_asks_about_its_images_first(scripted: Scripted) -> None:
    registry = scripted(RECORDER)
    images = [make_image("one"), make_image("two", architecture="arm64")]
    index = make_index(images)
    with registry.connect() as api:
        for image in images:
            api.push_image("team/app", image)
        api.push_manifest("team/app", "v1", index)
        api.push_manifest("team/app", "v1", index)
    *pushed, _, _, push, move = asked(registry)
    assert tried(registry, "team/app:v1", "--set", ANONYMOUS).code == 0
    assert asked(registry) == [*pushed, push, move]


LISTENER = """\
import fcntl, pickle
from dataclasses import fields
from pathlib import Path
def note(event):
    own = {one.name: getattr(event, one.name) for one in fields(event)}
    for of_its_request in ("id", "sequence", "time", "request", "registry"):
        del own[of_its_request]
    with (Path(__file__).parent / "asked").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        pickle.dump((type(event).__name__, own), file)
def on_blob_pushed(event): note(event)
def on_manifest_pushed(event): note(event)
async def on_tag_moved(event): note(event)
"""


@pytest.mark.parametrize("running", [True, False])
def test_a_stored_image_is_told_as_the_push_of_a_new_one(scripted: Scripted, running: bool) -> None:
    registry = scripted(LISTENER)
    images = [make_image("one"), make_image("two", architecture="arm64")]
    with registry.connect() as api:
        for image in images:
            api.push_image("team/app", image)
        api.push_manifest("team/app", "v1", make_index(images))
    told: list[Any] = []

    def told_all() -> bool:
        told.extend(asked(registry))
        return len(told) == 10

    wait_until(told_all, "two images, their index and its tag")
    if not running:
        registry.stop()
    ran = tried(registry, "team/app:v1", "--set", ANONYMOUS, "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    assert asked(registry) == told
    assert [row["point"] for row in json.loads(ran.out)][-2:] == ["on_manifest_pushed", "on_tag_moved"]


REACTS = """\
def on_tag_moved(event):
    registry = event.registry
    assert registry.tags() == ["v1"]
    report = registry.blob(registry.manifest("v1").parsed["config"]["digest"])
    registry.attach("v1", report, artifact_type="text/report")
    registry.tag(event.digest, "stable")
    assert registry.tags() == ["stable", "v1"]
    assert [one.artifact_type for one in registry.referrers(event.digest)] == ["text/report"]
    try:
        registry.manifest("v2")
    except NotFound as problem:
        assert "v2" in str(problem)
        registry.tag("stable", "without-v2")
"""


@pytest.mark.parametrize("running", [True, False])
def test_what_a_hook_would_store_is_printed_and_not_stored(scripted: Scripted, running: bool) -> None:
    registry = scripted("def admit_tag(move): return None\n")
    image = make_image("reacts")
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
    (registry.home / "b.py").write_text("from ocilot.hooks import *\n" + REACTS)
    if not running:
        registry.stop()
    before = snapshot(registry.root, running)
    ran = tried(registry, "team/app:v1", script="b.py")
    assert (ran.code, ran.err) == (0, ""), ran
    assert [line.split() for line in ran.out.splitlines()[:2]] == [
        ["POINT", "SUBJECT", "ANSWER", "REASON"],
        ["on_tag_moved", "v1", "None", "-"],
    ]
    told = "on_tag_moved would store the"
    *pushed, stable, without = ran.out.splitlines()[2:]
    assert [line.rpartition(":")[0] for line in pushed] == [
        f"{told} {what} team/app sha256" for what in ("blob", "blob", "manifest")
    ]
    assert f"{told} blob team/app {image.config.digest}" in pushed
    assert (stable, without) == (f"{told} tag team/app stable", f"{told} tag team/app without-v2")
    (row,) = json.loads(tried(registry, "team/app:v1", "-o", "json", script="b.py").out)
    assert row["writes"][-1] == {
        "kind": "tag",
        "repository": "team/app",
        "name": "without-v2",
        "digest": image.digest,
    }
    assert snapshot(registry.root, running) == before


def test_an_image_by_digest_sets_no_tag(scripted: Scripted) -> None:
    registry = scripted(RECORDER)
    image = make_image("digest")
    with registry.connect() as api:
        api.push_image("team/app", image)
    pushed = asked(registry)
    assert tried(registry, f"team/app@{image.digest}", "--set", ANONYMOUS).code == 0
    assert asked(registry) == pushed
    assert [type(value) for value in pushed] == [BlobPush, BlobPush, BlobPush, ManifestPush]


def test_every_decision_is_printed(scripted: Scripted) -> None:
    registry = scripted("def admit_tag(move): return None\n")
    image = make_image("decisions")
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
    (registry.home / "b.py").write_text(
        "from ocilot.hooks import *\n"
        "def authorize(access): return Allow(ttl=5)\n"
        "def admit_manifest(push): return Deny(f'{push.caller.name}: {push.config[\"os\"]}')\n"
        "def admit_tag(move): return Deny('moved') if move.previous != move.digest else None\n"
    )
    ran = tried(registry, "team/app:v1", "--set", "caller=bob", script="b.py")
    assert ran.code == 0, ran
    assert [line.split(maxsplit=3) for line in ran.out.splitlines()] == [
        ["POINT", "SUBJECT", "ANSWER", "REASON"],
        ["authorize", "team/app", "Allow", "-"],
        ["admit_manifest", image.digest, "Deny", "bob: linux"],
        ["admit_tag", "v1", "None", "-"],
    ]


@pytest.mark.parametrize(
    ("image", "words", "code", "said"),
    [
        ("team/app", (), 2, 'invalid image "team/app": expected REPOSITORY:TAG or REPOSITORY@DIGEST'),
        ("localhost:5000/team/app:v1", (), 2, "without a host, such as team/app:v1"),
        ("team/app:v2", (), 3, "repository team/app has no tag v2"),
        ("team/other:v1", (), 3, "team/other"),
        ("team/app:v1", ("--set", "tag=v2"), 2, "--set tag: only caller can be set for an image"),
        ("team/app:v1", ("--set", "caller={nam: x}"), 2, "invalid caller: "),
    ],
)
@pytest.mark.parametrize("running", [True, False])
def test_a_wrong_image_is_one_sentence(
    running: bool, image: str, words: tuple[str, ...], code: int, said: str, scripted: Scripted
) -> None:
    registry = scripted("def admit_tag(move): return None\n")
    with registry.connect() as api:
        api.push_image("team/app", make_image("wrong"), "v1")
    if not running:
        registry.stop()
    ran = tried(registry, image, *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1), ran
    assert said in ran.err


def test_a_hook_that_fails_and_a_script_without_a_hook_for_pushes_are_one_sentence(
    scripted: Scripted,
) -> None:
    registry = scripted("def admit_tag(move): return None\n")
    with registry.connect() as api:
        api.push_image("team/app", make_image("fails"), "v1")
    (registry.home / "b.py").write_text("def admit_manifest(push): return push.labels['a']\n")
    ran = tried(registry, "team/app:v1", script="b.py")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "admit_manifest failed, the registry would answer 503: it raised KeyError: 'a' (line 1)\n"
    )
    (registry.home / "c.py").write_text("def admit_delete(deletion): return None\n")
    ran = tried(registry, "team/app:v1", script="c.py")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("c.py has no hook that a push asks; it has admit_delete\n")


def test_a_damaged_file_is_one_sentence(scripted: Scripted) -> None:
    registry = scripted("def admit_manifest(push): return None\n")
    image = make_image("damaged")
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
    registry.stop()
    hexadecimal = image.config.digest.removeprefix("sha256:")
    file = registry.root / "docker/registry/v2/blobs/sha256" / hexadecimal[:2] / hexadecimal / "data"
    file.chmod(0o600)
    file.write_bytes(b"{}")
    ran = tried(registry, "team/app:v1")
    assert (ran.code, ran.out, ran.err) == (
        1,
        "",
        f"{file} is corrupted: its bytes do not match its digest\n",
    )
    file.unlink()
    ran = tried(registry, "team/app:v1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"cannot read {image.config.digest} from {file}: No such file or directory\n"
