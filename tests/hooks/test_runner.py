"""Questions are answered as the table of families says, and a hook that goes wrong hurts only its own."""

from __future__ import annotations

import json

import pytest

from .conftest import Gate, Running
from .fake_box import ALICE

HEAD = "from ocilot.hooks import *\n"


def test_every_point_gets_its_value(running: Running) -> None:
    running.script(
        HEAD
        + """\
def authenticate(login): return Caller(login.name, groups=[login.password, login.address], kind="robot")
def authorize(access): return Allow(ttl=7) if (access.action, access.repository) == ("pull", "a") else None
def admit_manifest(push): return Deny(f"{push!r} {push.content!r} {push.config_content!r}")
def admit_blob(blob): return Deny(repr(blob))
def admit_tag(move): return Deny(repr(move))
def admit_delete(deletion): return Deny(repr(deletion))
"""
    )
    box = running.start()
    assert [point for point, _ in box.points] == [
        "authenticate",
        "authorize",
        "admit_manifest",
        "admit_blob",
        "admit_tag",
        "admit_delete",
    ]
    caller = "Caller(name='alice', groups=frozenset({'team'}), address='192.0.2.1', kind='user', admin=False)"
    assert box.asked("authenticate", "bob", "p", "::1") == ("caller", "bob", ["::1", "p"], "robot", False)
    assert box.asked("authorize", ALICE, "pull", "a") == ("allow", 7)
    assert box.asked("authorize", ALICE, "pull", None) == ("none",)
    manifest = (ALICE, "a", ("v1",), "sha256:1", "text/m", 5, b"{}", None)
    assert box.asked("admit_manifest", *manifest) == (
        "deny",
        f"ManifestPush(caller={caller}, repository='a', tag='v1', digest='sha256:1', media_type='text/m', "
        "size=5, tags=('v1',)) b'{}' b''",
        "a.py",
    )
    assert box.asked("admit_blob", ALICE, "a", "sha256:1", 5)[1] == (
        f"BlobPush(caller={caller}, repository='a', digest='sha256:1', size=5)"
    )
    move = (ALICE, "a", "v1", "sha256:1", None, [("sha256:2", "x/y", '{"k":"v"}')], ["sha256-1.sig"])
    assert box.asked("admit_tag", *move)[1] == (
        f"TagMove(caller={caller}, repository='a', tag='v1', digest='sha256:1', previous=None, "
        "referrers=(Referrer(digest='sha256:2', artifact_type='x/y', annotations={'k': 'v'}),), "
        "sibling_tags=('sha256-1.sig',))"
    )
    assert box.asked("admit_delete", ALICE, "a", "tag", "v1")[1] == (
        f"Deletion(caller={caller}, repository='a', kind='tag', reference='v1')"
    )


def test_a_hook_is_asked_about_each_tag_that_needs_what_is_removed(running: Running) -> None:
    running.script(
        HEAD
        + "def admit_delete(deletion):\n"
        + "    return Deny(f'{deletion.tag} {len(deletion.tags)}') if deletion.tag == 'v2' else None\n"
    )
    box = running.start()
    deletion = (ALICE, "a", "manifest", "sha256:1")
    assert box.asked("admit_delete", *deletion, ("v1", "v2", "v3")) == ("deny", "v2 0", "a.py")
    assert box.asked("admit_delete", *deletion, ("v1", "v3")) == ("allow", 0)
    assert len(box.counts) == 3 + 3


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_hook_that_looks_at_all_tags_itself_is_asked_once(running: Running, isolation: str) -> None:
    running.script(
        HEAD
        + "@asked_once\ndef admit_delete(deletion):\n"
        + "    return Deny(f'{deletion.kind} {len(deletion.tags)}') if 'v2' in deletion.tags else None\n",
        isolation=isolation,
    )
    box = running.start()
    tags = tuple(f"t{number}" for number in range(20_000))
    assert box.asked("admit_delete", ALICE, "a", "blob", "sha256:1", (*tags, "v2"))[1] == "blob 20001"
    assert box.asked("admit_delete", ALICE, "a", "blob", "sha256:1", tags) == ("allow", 0)
    assert len(box.counts) == 2


def test_calls_about_the_tags_of_one_deletion_are_bounded(running: Running) -> None:
    running.script(HEAD + "def admit_delete(deletion): ...\n")
    box = running.start()
    tags = tuple(f"t{number}" for number in range(1001))
    assert box.asked("admit_delete", ALICE, "a", "manifest", "sha256:1", tags[1:]) == ("allow", 0)
    assert len(box.counts) == 1001
    assert box.asked("admit_delete", ALICE, "a", "manifest", "sha256:1", tags) == (
        "deny",
        "1001 tags need this, and a.py decides about 1000 at most in one request; "
        "delete some of the tags first",
        "a.py",
    )
    assert len(box.counts) == 1001


def test_the_first_that_answers_decides_who_it_is_and_what_they_may(running: Running) -> None:
    running.script(
        HEAD + "def authenticate(login): return Deny('no') if login.name == 'eve' else None\n", "a.py"
    )
    running.script(
        HEAD + "async def authenticate(login): return Caller(login.name) if login.name == 'bob' else None\n",
        "b.py",
    )
    box = running.start()
    assert box.asked("authenticate", "eve", "p", "") == ("deny", "no", "a.py")
    assert box.asked("authenticate", "bob", "p", "") == ("caller", "bob", [], "user", False)
    assert box.asked("authenticate", "joe", "p", "") == ("none",)


def test_all_must_let_it_pass(running: Running) -> None:
    running.script(HEAD + "def admit_blob(blob): return Allow()\n", "a.py")
    running.script(
        HEAD + "async def admit_blob(blob): return Deny('large') if blob.size > 5 else None\n", "b.py"
    )
    running.script(HEAD + "def admit_blob(blob): return Deny('odd') if blob.size % 2 else None\n", "c.py")
    box = running.start()
    assert box.answer(box.blob(2)) == ("allow", 0)
    assert box.answer(box.blob(3)) == ("deny", "odd", "c.py")
    assert box.answer(box.blob(7)) == ("deny", "large", "b.py")


def test_a_script_is_asked_only_where_it_applies(running: Running) -> None:
    running.script(HEAD + "def admit_blob(blob): return Deny('no')\n", repositories=("team/**",))
    box = running.start()
    assert box.answer(box.blob(repository="team/app"))[0] == "deny"
    assert box.answer(box.blob(repository="other/app")) == ("allow", 0)


def test_a_push_of_several_tags_is_asked_about_once_for_each(running: Running) -> None:
    running.script(
        HEAD + "def admit_manifest(push):\n"
        "    return Deny(f'{push.tag} of {push.tags}') if push.tag == 'v1' else None\n"
    )
    box = running.start()
    about = ("sha256:1", "text/m", 5, b"{}", None)
    assert box.asked("admit_manifest", ALICE, "a", ("x", "v1"), *about)[1] == "v1 of ('x', 'v1')"
    assert box.asked("admit_manifest", ALICE, "a", ("x", "y"), *about) == ("allow", 0)
    assert box.asked("admit_manifest", ALICE, "a", (), *about) == ("allow", 0)


FAILURES = {
    "raise ValueError('x  y')": "it raised ValueError: x y (line 2)",
    "raise SystemExit(3)": "it raised SystemExit: 3 (line 2)",
    "raise KeyboardInterrupt": "it raised KeyboardInterrupt (line 2)",
    "raise GeneratorExit": "it raised GeneratorExit (line 2)",
    "raise BaseException('b')": "it raised BaseException: b (line 2)",
    "return True": "it answered True; admit_blob takes Allow, Deny or None",
}


@pytest.mark.parametrize("body", FAILURES)
def test_whatever_goes_wrong_is_a_refusal_of_that_question_alone(running: Running, body: str) -> None:
    running.script(HEAD + f"def admit_blob(blob): {body}\n")
    box = running.start()
    expected = FAILURES[body]
    for _ in range(20):
        assert box.answer(box.blob()) == ("fail", expected, "a.py")


def test_a_recursion_without_end_ends(running: Running) -> None:
    running.script(HEAD + "def admit_blob(blob): return admit_blob(blob)\n")
    box = running.start()
    assert box.answer(box.blob())[1].startswith("it raised RecursionError: maximum recursion depth")


@pytest.mark.parametrize("body", ["raise ValueError('x')", "raise SystemExit(3)", "raise KeyboardInterrupt"])
def test_a_coroutine_that_raises_leaves_its_loop_alone(running: Running, body: str) -> None:
    running.script(
        HEAD + f"import asyncio\nasync def admit_blob(blob):\n    await asyncio.sleep(0)\n    {body}\n"
    )
    box = running.start()
    for _ in range(3):
        kind, reason, by = box.answer(box.blob())
        assert (kind, by) == ("fail", "a.py")
        assert body.split()[1].split("(")[0] in reason


def test_on_error_allow_lets_it_pass_and_says_so(running: Running) -> None:
    running.script(HEAD + "def admit_blob(blob): 1/0\n", "a.py", on_error="allow")
    running.script(HEAD + "def admit_blob(blob): return Deny('b') if blob.size > 5 else None\n", "b.py")
    box = running.start()
    assert box.answer(box.blob(1)) == ("allow", 0)
    assert box.answer(box.blob(6)) == ("deny", "b", "b.py")
    said = "request-1 a.py admit_blob it raised ZeroDivisionError: division by zero (line 2)"
    assert ("warn", f"hook failed, allowed by on_error: allow {said}") in box.lines


def test_a_script_that_waits_does_not_hold_up_others(running: Running, gate: Gate) -> None:
    running.script(
        HEAD + "def admit_blob(blob): gate.wait()\n", "slow.py", repositories=("slow/**",), threads=3
    )
    running.script(
        HEAD + "def admit_blob(blob): return Deny('quick')\n", "quick.py", repositories=("quick/**",)
    )
    box = running.start()
    slow = [box.blob(repository="slow/a") for _ in range(10)]
    gate.wait_for_hooks(3)
    assert box.answer(box.blob(repository="quick/a"))[1] == "quick"
    status = running.hooks.status()["scripts"][0]
    assert status["running"] == 3
    gate.open()
    assert [box.answer(id) for id in slow] == [("allow", 0)] * 10
    assert running.hooks.status()["scripts"][0]["points"]["admit_blob"]["calls"] == 10


def test_calls_are_counted(running: Running) -> None:
    running.script(HEAD + "def admit_blob(blob): return [None, Allow(), Deny('x'), 5][blob.size]\n")
    box = running.start()
    for size in range(4):
        box.answer(box.blob(size))
    box.wait_until(lambda: len(box.counts) == 4)
    assert [outcome for _, _, outcome in box.counts] == ["pass", "allow", "deny", "failure"]
    tally = running.hooks.status()["scripts"][0]["points"]["admit_blob"]
    assert (tally["calls"], tally["denied"], tally["failed"]) == (4, 1, 1)


def test_an_operator_is_told_how_the_hooks_are(running: Running) -> None:
    running.script(
        '"""What it does."""\nfrom dataclasses import dataclass\n' + HEAD + "@dataclass\nclass A(Hook):\n"
        "    size: int = 1\n    bind_password: str = ''\n    def admit_blob(self, blob): ...\n",
        options={"bind_password": "hunter2"},
        repositories=("team/**",),
    )
    box = running.start()
    kind, text = box.asked("hooks.status")
    assert kind == "reply"
    assert "hunter2" not in text
    status = json.loads(text)
    (script,) = status.pop("scripts")
    assert status.pop("loaded").endswith("Z")
    assert status == {"ok": True, "problems": [], "generation": 1, "retiring": 0}
    assert script["summary"] == "What it does."
    assert script["options"] == {"size": "1", "bind_password": "(hidden)"}
    assert script["repositories"] == ["team/**"]


@pytest.mark.parametrize(
    "body", ["raise OSError(login.password)", "return Deny(login.password)", "return login.password"]
)
@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_password_that_was_asked_about_is_in_no_answer(running: Running, body: str, isolation: str) -> None:
    running.script(HEAD + f"def authenticate(login):\n    {body}\n", isolation=isolation)
    password = "it's a\tsecret  word"
    answer = running.start().asked("authenticate", "bob", password, "")
    assert answer[0] in ("fail", "deny")
    assert "secret" not in str(answer)
    assert "***" in str(answer)
