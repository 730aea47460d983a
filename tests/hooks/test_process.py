"""`isolation: process`: a script that can be killed."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import pytest

from ocilot.errors import ConfigError

from .conftest import Running
from .fake_box import ALICE

HEAD = "from ocilot.hooks import *\nimport os, asyncio\n"


def isolated(running: Running, text: str, name: str = "a.py", **spec: Any) -> None:
    running.script(HEAD + text, name, isolation="process", **spec)


def test_hooks_answer_from_a_process_of_their_own(running: Running) -> None:
    isolated(
        running,
        """\
print("this goes to the log")
def admit_blob(blob): return Deny(f"{os.getpid()} {blob.caller.name} {blob.size}")
async def admit_tag(move):
    await asyncio.sleep(0)
    return Deny(str(move.referrers[0].annotations))
def authenticate(login): return Caller(login.name, groups=["a"])
def authorize(access): return Allow(ttl=5)
def admit_manifest(push): return Deny(push.manifest["x"])
""",
    )
    box = running.start()
    process, name, size = box.answer(box.blob(7))[1].split()
    assert process != str(os.getpid())
    assert (name, size) == ("alice", "7")
    move: Any = (ALICE, "a", "v1", "sha256:1", None, [("sha256:2", "x/y", '{"k":"v"}')], [])
    assert box.asked("admit_tag", *move) == ("deny", "{'k': 'v'}", "a.py")
    assert box.asked("authenticate", "bob", "p", "") == ("caller", "bob", ["a"], "user", False)
    assert box.asked("authorize", ALICE, "pull", "a") == ("allow", 5)
    push = (ALICE, "a", ("v1",), "sha256:1", "text/m", 5, b'{"x":"y"}', None)
    assert box.asked("admit_manifest", *push) == ("deny", "y", "a.py")


def test_a_worker_sees_only_the_variables_it_needs_and_those_it_was_given(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_HTTP_SECRET", "hunter2")
    monkeypatch.setenv("LDAP_URL", "ldaps://directory")
    monkeypatch.setenv("PYTHONUTF8", "1")
    isolated(
        running, "def admit_blob(blob): return Deny(repr(dict(os.environ)))\n", environment=("LDAP_URL",)
    )
    seen = ast.literal_eval(running.start().answer(running.box.blob())[1])
    assert seen["LDAP_URL"] == "ldaps://directory"
    assert seen["PATH"] == os.environ["PATH"]
    assert "hunter2" not in str(seen)
    needed = {"LDAP_URL", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "MALLOC_ARENA_MAX"}
    assert not [
        name for name in set(seen) - needed if not name.startswith(("PATH", "LC_", "PYTHON", "SSL_CERT_"))
    ]


def test_several_questions_are_in_flight(running: Running) -> None:
    isolated(
        running,
        "import threading\nboth = threading.Barrier(3, timeout=20)\ndef admit_blob(blob): both.wait()\n",
        threads=3,
        deadline=20.0,
    )
    box = running.start()
    assert [box.answer(id) for id in [box.blob() for _ in range(3)]] == [("allow", 0)] * 3


def test_a_worker_that_takes_too_long_is_killed_and_started_again(running: Running) -> None:
    isolated(running, "def admit_blob(blob):\n    while blob.size > 5: pass\n", deadline=2.0)
    box = running.start()
    assert box.answer(box.blob(1)) == ("allow", 0)
    assert box.answer(box.blob(6)) == ("fail", "it took longer than 2 s", "a.py")
    worker = running.hooks._current.scripts[0].worker
    assert worker is not None
    assert worker.ready.wait(20)
    running.hooks._current.scripts[0].deadline = 20.0
    assert box.answer(box.blob(1))[0] in ("allow", "fail")
    assert worker.ready.wait(20)
    assert box.answer(box.blob(1)) == ("allow", 0)


def test_a_worker_that_dies_fails_what_it_was_asked(running: Running) -> None:
    isolated(running, "def admit_blob(blob): os.kill(os.getpid(), 9)\n", deadline=20.0)
    box = running.start()
    assert box.answer(box.blob()) == ("fail", "its worker process has ended with -9", "a.py")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("x = []\n    while True: x.append(bytes(1 << 20))", "MemoryError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return 5", "it answered 5; admit_blob takes Allow, Deny or None"),
        ("return admit_blob(blob)", "RecursionError"),
    ],
)
def test_what_goes_wrong_in_a_worker_is_told(running: Running, body: str, said: str) -> None:
    isolated(running, f"def admit_blob(blob):\n    {body}\n", memory=100 << 20, deadline=20.0)
    box = running.start()
    kind, reason, by = box.answer(box.blob())
    assert (kind, by) == ("fail", "a.py")
    assert said in reason


def test_a_worker_s_script_is_refused_as_any_other(running: Running) -> None:
    isolated(running, "def admit_blob(): ...\n")
    with pytest.raises(ConfigError, match=r"^a\.py:3: admit_blob takes the arguments \(\); expected one"):
        running.start()


def test_a_worker_starts_and_stops_its_hooks(running: Running, tmp_path: Path) -> None:
    isolated(
        running,
        "from dataclasses import dataclass\nfrom pathlib import Path\n@dataclass\nclass A(Hook):\n"
        "    log: Path\n"
        "    async def start(self): self.log.write_text('started ')\n"
        "    def stop(self): self.log.write_text(self.log.read_text() + 'stopped')\n"
        "    def admit_blob(self, blob): ...\n",
        options={"log": "log"},
    )
    running.start()
    assert (tmp_path / "log").read_text() == "started "
    running.stop()
    assert (tmp_path / "log").read_text() == "started stopped"
