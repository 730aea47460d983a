"""The kit for testing hooks does what its page says."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from ocilot.hooks import Allow, Caller, Deny
from ocilot.hooks.testing import (
    Harness,
    Problem,
    WrongAnswer,
    a_blob,
    a_caller,
    a_deletion,
    a_login,
    a_push,
    a_tag_move,
    an_access,
)

RELEASES = '''\
"""A tag that looks like a release is never overwritten by a person."""
import re
from ocilot.hooks import Decision, Deny, ManifestPush

RELEASE = re.compile(r"v\\d+\\.\\d+\\.\\d+$")

def admit_manifest(push: ManifestPush) -> Decision:
    if push.tag and RELEASE.match(push.tag) and "ci" not in push.caller.groups:
        return Deny(f"{push.tag} is a release: only CI pushes it")
    return None
'''


def written(directory: Path, text: str, name: str = "script.py") -> Path:
    path = directory / name
    path.write_text(text)
    return path


def test_the_example_of_the_documentation_works(tmp_path: Path) -> None:
    hook = Harness(written(tmp_path, RELEASES))
    assert hook.points == ("admit_manifest",)
    assert hook.admit(a_push(tag="v1.2.3")) == Deny("v1.2.3 is a release: only CI pushes it")
    assert hook.admit(a_push(tag="v1.2.3", caller=a_caller("bot", groups=["ci"]))) is None
    assert hook.admit(a_push(tag="latest")) is None
    assert hook.admit(a_push(tag=None)) is None


def test_a_push_has_what_hooks_look_at() -> None:
    push = a_push(
        labels={"maintainer": "me"}, annotations={"a": "b"}, layers=[10, {"mediaType": "text/x", "size": 20}]
    )
    assert push.labels == {"maintainer": "me"}
    assert push.annotations == {"a": "b"}
    assert [(layer.size, layer.media_type) for layer in push.layers] == [
        (10, "application/vnd.oci.image.layer.v1.tar+gzip"),
        (20, "text/x"),
    ]
    assert push.config is not None
    assert push.config["os"] == "linux"
    assert push.config_descriptor is not None
    assert push.config_descriptor.size == len(push.config_content)
    assert push.artifact_type == "application/vnd.oci.image.config.v1+json"
    assert not push.is_index
    assert push.tags == ("latest",)
    assert a_push(config={}).config is None


def test_an_index_and_an_artifact_can_be_pushed_too() -> None:
    entry = {"digest": "sha256:" + "0" * 64, "size": 5, "platform": {"os": "linux"}}
    index = a_push(manifest={"schemaVersion": 2, "manifests": [entry, "nonsense"]})
    assert index.is_index
    assert [(one.digest, one.platform) for one in index.manifests] == [(entry["digest"], {"os": "linux"})]
    assert index.config is None
    assert index.labels == {}
    assert index.config_descriptor is None
    signature = a_push(subject="sha256:" + "1" * 64, artifact_type="application/x-sig")
    assert signature.subject == "sha256:" + "1" * 64
    assert signature.artifact_type == "application/x-sig"


def test_what_a_client_wrote_never_breaks_a_value() -> None:
    push = a_push(manifest={"annotations": {"a": 1}, "layers": 5, "subject": [], "config": {"digest": 3}})
    assert (push.annotations, push.layers, push.subject, push.labels) == ({}, (), None, {})
    assert a_push(config={"config": {"Labels": ["x"]}}).labels == {}
    assert a_push(config={"config": None}).labels == {}


def test_values_do_not_change_and_hide_passwords() -> None:
    with pytest.raises(AttributeError):
        a_blob().size = 5  # type: ignore[misc]
    assert "secret" not in repr(a_login(password="secret"))
    with pytest.raises(TypeError, match="expected a list of names"):
        Caller("a", groups="ci")


def test_a_deletion_says_what_it_is_about() -> None:
    assert a_deletion(reference="v1").tag == "v1"
    assert a_deletion(reference="v1").digest is None
    by_digest = a_deletion(reference="sha256:00")
    assert (by_digest.kind, by_digest.tag, by_digest.digest) == ("manifest", None, "sha256:00")


def test_several_hooks_are_joined_as_the_table_says(tmp_path: Path) -> None:
    hook = Harness(
        written(
            tmp_path,
            """\
from ocilot.hooks import Allow, Caller, Deny, Hook

def authorize(access): return Allow(ttl=5) if access.action == "pull" else None
def admit_blob(blob): return Allow()
def authenticate(login): return None

class Second(Hook):
    def authorize(self, access): return Deny("second")
    def admit_blob(self, blob): return Deny("large") if blob.size > 10 else None
    async def authenticate(self, login): return Caller(login.name, groups=["a"])
""",
        )
    )
    assert hook.authorize(an_access()) == Allow(ttl=5)
    assert hook.authorize(an_access(action="push")) == Deny("second")
    assert hook.admit(a_blob(size=1)) is None
    assert hook.admit(a_blob(size=11)) == Deny("large")
    assert hook.authenticate(a_login("bob")) == Caller("bob", groups={"a"})
    with pytest.raises(ValueError, match=r"has no admit_tag; it has "):
        hook.admit(a_tag_move())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("True", "it answered True; admit_blob takes Allow, Deny or None"),
        ("Deny('')", "without a reason"),
        ("Deny(5)", "without a reason"),
        (r"Deny('\ud800')", "without a reason"),
        ("Allow(ttl=-1)", r"Allow\(ttl=-1\)"),
        ("Caller('a')", "it answered Caller"),
        ("Deny", "it answered <class"),
        ("other()", "it answered a coroutine; write `async def`"),
    ],
)
def test_a_wrong_answer_is_an_error(tmp_path: Path, answer: str, said: str) -> None:
    text = f"from ocilot.hooks import *\nasync def other(): pass\ndef admit_blob(blob): return {answer}\n"
    with pytest.raises(WrongAnswer, match=said):
        Harness(written(tmp_path, text)).admit(a_blob())


@pytest.mark.parametrize(
    "answer", ["Allow()", "Caller('')", "Caller('a', ['b', 5])", "Caller('a', kind='local')"]
)
def test_a_wrong_login_is_an_error(tmp_path: Path, answer: str) -> None:
    text = f"from ocilot.hooks import *\ndef authenticate(login): return {answer}\n"
    with pytest.raises(WrongAnswer):
        Harness(written(tmp_path, text)).authenticate(a_login())


def test_a_hook_is_started_and_stopped(tmp_path: Path) -> None:
    text = """\
from dataclasses import dataclass, field
from pathlib import Path
from ocilot.hooks import Hook

@dataclass
class Life(Hook):
    log: Path
    def note(self, text): self.log.write_text((self.log.read_text() if self.log.exists() else "") + text)
    async def start(self): self.note("start ")
    def stop(self): self.note("stop")
    def admit_blob(self, blob): self.note("asked ")
"""
    with Harness(written(tmp_path, text), base=tmp_path, log="log") as hook:
        hook.admit(a_blob())
    hook.stop()
    assert (tmp_path / "log").read_text() == "start asked stop"


def test_a_harness_may_be_forgotten(tmp_path: Path) -> None:
    hook = Harness(written(tmp_path, "async def admit_blob(blob): return None\n"))
    assert hook.admit(a_blob()) is None
    del hook
    gc.collect()


def test_what_the_registry_refuses_the_kit_refuses(tmp_path: Path) -> None:
    written(tmp_path, RELEASES)
    with pytest.raises(Problem, match=r"did you mean script\.py"):
        Harness(tmp_path / "scirpt.py")


def test_a_harness_that_is_forgotten_while_another_loop_runs_ends_well(tmp_path: Path) -> None:
    kept = [Harness(written(tmp_path, "async def admit_blob(blob): return None\n"))]
    assert kept[0].admit(a_blob()) is None

    async def forget() -> None:
        kept.clear()
        gc.collect()

    asyncio.run(forget())
