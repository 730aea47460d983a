"""Scripts that mean harm, or look like it: they hurt their own questions only."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from ocilot.errors import ConfigError
from ocilot.hooks.loading.spec import Spec
from ocilot.hooks.running import generation, worker_process
from ocilot.hooks.running.generation import Generation, begin
from ocilot.hooks.running.runner import Runner
from ocilot.hooks.running.service import Hooks
from ocilot.hooks.running.watchdog import Watchdog

from .conftest import Gate, Running
from .fake_box import PATIENCE, FakeBox

HEAD = "from ocilot.hooks import *\nimport asyncio, os, sys, time\nfrom pathlib import Path\n"
ODD = """\
class Odd(Exception):
    def __str__(self): raise ValueError("no")
    __repr__ = __str__
    def __len__(self): return 0
"""

NONSENSE = {
    "raise Odd()": "it raised Odd: it cannot be shown (line 8)",
    "return Odd()": "it answered a Odd; admit_blob takes Allow, Deny or None",
    "return Allow(ttl=float('inf'))": "it answered Allow(ttl=inf); expected seconds from 0 to a year",
    "return Allow(ttl=float('nan'))": "it answered Allow(ttl=nan); expected seconds from 0 to a year",
    "return Allow(ttl=10**30)": f"it answered Allow(ttl={10**30}); expected seconds from 0 to a year",
    "return Allow(ttl=Odd())": "it answered Allow(ttl=a Odd); expected seconds from 0 to a year",
    "return Deny(Odd())": "it answered Deny without a reason that can be shown to the caller",
}


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_is_a_failure_at_once(running: Running, body: str, kind: str) -> None:
    running.script(HEAD + ODD + f"{kind} admit_blob(blob): {body}\n", deadline=PATIENCE)
    box = running.start()
    for _ in range(2):
        assert box.answer(box.blob()) == ("fail", NONSENSE[body], "a.py")


def test_nonsense_of_a_worker_does_not_end_who_listens_to_it(running: Running) -> None:
    running.script(
        HEAD
        + "def admit_blob(blob): return Allow(ttl=float('inf')) if blob.size > 5 else Deny('x' * 10**6)\n",
        isolation="process",
        deadline=PATIENCE,
    )
    box = running.start()
    assert box.answer(box.blob(6))[0] == "fail"
    assert box.answer(box.blob(1)) == ("deny", "x" * 4096, "a.py")


@pytest.mark.parametrize("admin", ["'no'", "1", "None"])
def test_nobody_is_an_administrator_by_mistake(running: Running, admin: str) -> None:
    running.script(HEAD + f"def authenticate(login): return Caller('eve', admin={admin})\n")
    box = running.start()
    kind, reason, _ = box.asked("authenticate", "eve", "p", "")
    assert (kind, reason.startswith("it answered a Caller with admin=")) == ("fail", True)


def test_a_task_that_ends_programs_does_not_end_the_loop(running: Running) -> None:
    running.script(
        HEAD + "async def exit(): sys.exit()\nasync def admit_blob(blob):\n"
        "    task = asyncio.create_task(exit())\n    await asyncio.sleep(0)\n",
        deadline=PATIENCE,
    )
    box = running.start()
    for _ in range(3):
        assert box.answer(box.blob()) == ("allow", 0)


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_the_child_of_a_hook_that_forks_ends_with_it(running: Running, kind: str) -> None:
    running.script(
        HEAD + f"{kind} admit_blob(blob):\n    child = os.fork()\n"
        "    return Deny(str(os.waitpid(child, 0)[1])) if child else None\n",
        deadline=PATIENCE,
    )
    box = running.start()
    assert box.answer(box.blob()) == ("deny", str(1 << 8), "a.py")


def test_a_worker_is_killed_with_all_it_started(running: Running, tmp_path: Path) -> None:
    running.script(
        HEAD + f"def admit_blob(blob):\n    if blob.size <= 5: return\n    if not os.fork():\n"
        f"        Path({str(tmp_path / 'child')!r}).write_text(str(os.getpid()))\n    time.sleep(1000)\n",
        isolation="process",
        deadline=2.0,
    )
    box = running.start()
    assert box.answer(box.blob(6)) == ("fail", "it took longer than 2 s", "a.py")
    worker = running.hooks._current.scripts[0].worker
    assert worker is not None
    worker._thread.join(0.2)
    assert worker.ready.wait(PATIENCE)
    running.hooks._current.scripts[0].deadline = PATIENCE
    assert box.answer(box.blob(1)) == ("allow", 0)
    child = Path("/proc", (tmp_path / "child").read_text(), "stat")
    assert not child.exists() or ") Z " in child.read_text()


def test_a_worker_is_started_again_when_there_is_room_for_it(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.script(
        HEAD + "def admit_blob(blob):\n    if blob.size > 5: os.abort()\n",
        isolation="process",
        deadline=PATIENCE,
    )
    box = running.start()
    worker = running.hooks._current.scripts[0].worker
    assert worker is not None
    tries = []
    spawn = worker_process.WorkerProcess._spawn

    def full(self: worker_process.WorkerProcess) -> dict[str, Any]:
        tries.append(1)
        if len(tries) == 1:
            raise BlockingIOError("there is no room")
        return spawn(self)

    monkeypatch.setattr(worker_process.WorkerProcess, "_spawn", full)
    assert box.answer(box.blob(6))[0] == "fail"
    assert worker.ready.wait(PATIENCE)
    assert box.answer(box.blob(1)) == ("allow", 0)
    assert len(tries) == 2


def test_who_stands_in_line_does_not_wait_for_what_never_comes(running: Running, gate: Gate) -> None:
    running.script(HEAD + "def admit_blob(blob): gate.wait()\n", deadline=1.0, threads=2, on_error="allow")
    box = running.start()
    # Two run, one in line takes the place of each, and is refused; the others are told without a call's end.
    ids = [box.blob() for _ in range(8)]
    assert {box.answer(id)[0] for id in ids} == {"allow"}
    assert running.hooks._current.open == {}
    gate.open()


def test_a_script_that_is_never_loaded_to_the_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "START", 0.2)
    (tmp_path / "a.py").write_text("while True: pass\n")
    with pytest.raises(ConfigError, match=r"^a\.py: it cannot be loaded: it took longer than 0\.2 s$"):
        Hooks(lambda: [Spec("a.py", base=tmp_path)])
    loading = [thread for thread in threading.enumerate() if thread.name == "hooks-load"]
    for thread in loading:
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_start_that_does_not_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(generation, "START", 0.2)
    monkeypatch.setattr(generation, "STOP", 0.2)
    (tmp_path / "a.py").write_text(
        HEAD + f"class A(Hook):\n    {kind} start(self):\n        while True: time.sleep(0.01)\n"
        "    def admit_blob(self, blob): ...\n"
    )
    with pytest.raises(ConfigError, match=r"^a\.py: A\.start took longer than 0\.2 s$"):
        Hooks(lambda: [Spec("a.py", base=tmp_path)])
    for thread in threading.enumerate():
        if thread.name == "hooks a.py":
            thread.join(PATIENCE)
            assert not thread.is_alive()


def test_a_start_that_answers_a_coroutine_was_not_one(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        HEAD + "class A(Hook):\n    async def _open(self): ...\n    def start(self): return self._open()\n"
        "    def admit_blob(self, blob): ...\n"
    )
    with pytest.raises(ConfigError, match=r"A\.start failed: .* write `async def start`"):
        Hooks(lambda: [Spec("a.py", base=tmp_path)])


def test_what_cannot_be_read_is_told_and_the_old_stays(running: Running) -> None:
    running.script(HEAD + "def admit_blob(blob): return Deny('old')\n")
    box = running.start()
    for isolation in ("thread", "process"):
        running.specs[:] = [Spec("/proc/self/mem", isolation=isolation)]
        status = json.loads(box.asked("hooks.reload")[1])
        (problem,) = status["problems"]
        assert problem.startswith("/proc/self/mem: cannot read the script /proc/self/mem: ")
    assert box.answer(box.blob())[1] == "old"


def test_a_configuration_that_breaks_its_reader_leaves_the_old_in_force(running: Running) -> None:
    running.script(HEAD + "def admit_blob(blob): return Deny('old')\n")
    box = running.start()

    def read() -> list[Spec]:
        raise RuntimeError("what?")

    running.hooks._read = read
    assert json.loads(box.asked("hooks.reload")[1])["problems"] == ["RuntimeError: what?"]
    assert box.answer(box.blob())[1] == "old"


def test_a_stop_that_does_not_end_takes_no_time_from_others(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "STOP", 0.5)
    text = HEAD + "class A(Hook):\n    def stop(self):\n        {}\n    def admit_blob(self, blob): ...\n"
    running.script(text.format("while True: time.sleep(0.01)"), "a.py")
    running.script(text.format("while True: pass"), "b.py")
    running.script(text.format(f"Path({str(tmp_path / 'said')!r}).write_text('stopped')"), "c.py")
    box = running.start()
    running.stop()
    assert (tmp_path / "said").read_text() == "stopped"
    assert [line for line in box.lines if line[0] == "warn"] == [
        ("warn", "a.py: A.stop took longer than 0.5 s"),
        ("warn", "b.py: A.stop took longer than 0.5 s"),
    ]


def test_the_end_waits_for_no_hook(running: Running, tmp_path: Path, gate: Gate) -> None:
    running.script(
        HEAD + "class A(Hook):\n    def stop(self):\n"
        f"        Path({str(tmp_path / 'said')!r}).write_text('stopped')\n"
        "    def admit_blob(self, blob):\n        gate.wait()\n        while True: pass\n",
        deadline=3600.0,
    )
    box = running.start()
    box.blob()
    gate.wait_for_hooks()
    gate.open()
    box.close()
    running.hooks.stop()
    assert (tmp_path / "said").read_text() == "stopped"


def test_a_registry_waits_no_longer_than_the_longest_deadline(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def admit_blob(blob): ...\n")
    fresh = begin(1, [Spec("a.py", base=tmp_path, deadline=3600.0)] * 2)
    assert fresh.points == [("admit_blob", 3600.0)]
    assert fresh.stop() == []


def test_a_generation_in_force_is_never_stopped(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HEAD + "class A(Hook):\n    def admit_blob(self, blob): ...\n"
    running.script(text)
    running.start()
    seen: list[int] = []

    def put(self: Runner, fresh: Generation) -> None:
        # The watchdog may look at any moment, also at this one.
        running.hooks._watchdog.look()
        seen.append(running.hooks.status()["retiring"])
        self.__dict__["generation"] = fresh

    monkeypatch.setattr(Runner, "generation", property(lambda self: self.__dict__["generation"], put), False)
    stopped = threading.Event()
    old = running.hooks._current

    def stop(self: Generation) -> list[str]:
        if self is old:
            stopped.set()
        return []

    monkeypatch.setattr(Generation, "stop", stop)
    running.hooks.reload()
    assert seen == [0]
    assert stopped.wait(PATIENCE), "nobody asks, and it is stopped nevertheless"


def test_a_watchdog_that_cannot_look_looks_again(tmp_path: Path, gate: Gate) -> None:
    (tmp_path / "a.py").write_text(HEAD + "def admit_blob(blob): gate.wait()\n")
    box = FakeBox()
    fresh = begin(1, [Spec("a.py", base=tmp_path, deadline=1.0)])
    runner = Runner(box, fresh, lambda id, point: None)
    troubles = iter([OSError("too many open files")])

    def memory() -> int:
        for trouble in troubles:
            raise trouble
        return 0

    watchdog = Watchdog(runner, memory=memory)
    watchdog.start()
    runner.start()
    assert box.answer(box.blob()) == ("fail", "it took longer than 1 s", "a.py")
    assert ("error", "hooks cannot be watched: OSError: too many open files") in box.lines
    gate.open()
    box.close()
    assert runner.join(PATIENCE)
    watchdog.stop()
    assert fresh.stop() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "from functools import lru_cache\nclass A(Hook):\n    def admit_tag(self, move): ...\n"
            "    @lru_cache\n    def admit_blob(self, blob): ...\n",
            "A.admit_blob is not a plain function, and would never be asked",
        ),
        (
            "def admit_tag(move): ...\nadmit_blob = None\n",
            "admit_blob has the name of a hook point and is not a function",
        ),
    ],
)
def test_what_only_looks_like_a_hook_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.py").write_text(HEAD + text)
    with pytest.raises(ConfigError, match=said):
        Hooks(lambda: [Spec("a.py", base=tmp_path)])
