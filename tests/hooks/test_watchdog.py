"""A hook that takes too long or too much is stopped, and nobody but its own question notices."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ocilot.hooks.loading.spec import Spec
from ocilot.hooks.running.generation import begin
from ocilot.hooks.running.runner import Runner
from ocilot.hooks.running.watchdog import Watchdog

from .conftest import Gate, Running
from .fake_box import PATIENCE, FakeBox

HEAD = "from ocilot.hooks import *\n"
LOOP = HEAD + "def admit_blob(blob):\n    while blob.size > 5: pass\n"


def test_a_loop_without_end_is_ended(running: Running) -> None:
    running.script(LOOP, deadline=1.0)
    box = running.start()
    assert box.answer(box.blob(6)) == ("fail", "it took longer than 1 s", "a.py")
    assert box.answer(box.blob(1)) == ("allow", 0)
    box.wait_until(lambda: box.gauges.get(("stuck", "a.py")) == 0)
    assert running.hooks.status()["scripts"][0]["stuck"] == 0


def test_a_hook_that_holds_on_to_its_loop_is_told_again(running: Running, gate: Gate) -> None:
    running.script(
        HEAD + "def admit_blob(blob):\n    for _ in range(2):\n        try:\n            while True: pass\n"
        "        except SystemExit: pass\n",
        deadline=0.1,
    )
    box = running.start()
    assert box.answer(box.blob()) == ("fail", "it took longer than 0.1 s", "a.py")
    box.wait_until(lambda: box.gauges.get(("stuck", "a.py")) == 0)


def test_calls_that_do_not_come_back_are_few_and_then_refused_at_once(running: Running, gate: Gate) -> None:
    running.script(
        HEAD + "def admit_blob(blob): gate.wait()\n", "a.py", repositories=("a",), deadline=1.0, threads=8
    )
    running.script(HEAD + "def admit_blob(blob): return Deny('b')\n", "b.py", repositories=("b",))
    box = running.start()
    for id in [box.blob(repository="a") for _ in range(2)]:
        assert box.answer(id)[1] == "it took longer than 1 s"
    kind, reason, by = box.answer(box.blob(repository="a"))
    assert (kind, by) == ("fail", "a.py")
    assert reason == "calls that have not come back: 2; it is asked again when they end"
    for _ in range(5):
        assert box.answer(box.blob(repository="b"))[1] == "b"
    gate.open()
    box.wait_until(lambda: box.gauges.get(("stuck", "a.py")) == 0)
    assert box.answer(box.blob(repository="a")) == ("allow", 0)


def test_a_coroutine_that_waits_too_long_is_cancelled(running: Running) -> None:
    running.script(
        HEAD + "import asyncio\nasync def admit_blob(blob):\n"
        "    if blob.size > 5:\n        await asyncio.sleep(1000)\n",
        deadline=1.0,
    )
    box = running.start()
    slow = box.blob(6)
    assert box.answer(box.blob(1)) == ("allow", 0)
    assert box.answer(slow) == ("fail", "it took longer than 1 s", "a.py")


def test_a_coroutine_that_ignores_its_end_is_stuck(running: Running, gate: Gate) -> None:
    running.script(
        HEAD + "import asyncio\nasync def admit_blob(blob):\n    while not gate.is_open:\n"
        "        try: await asyncio.sleep(0.01)\n        except asyncio.CancelledError: pass\n",
        deadline=1.0,
        threads=4,
    )
    box = running.start()
    assert box.answer(box.blob()) == ("fail", "it took longer than 1 s", "a.py")
    assert box.answer(box.blob())[1] == "calls that have not come back: 1; it is asked again when they end"
    gate.open()
    box.wait_until(lambda: box.gauges.get(("stuck", "a.py")) == 0)
    assert box.answer(box.blob()) == ("allow", 0)


def test_a_coroutine_that_blocks_its_loop_is_ended(running: Running) -> None:
    running.script(
        HEAD + "async def admit_blob(blob):\n    while blob.size > 5: pass\n",
        "a.py",
        repositories=("a",),
        deadline=1.0,
    )
    running.script(HEAD + "async def admit_blob(blob): return Deny('b')\n", "b.py", repositories=("b",))
    box = running.start()
    slow = box.blob(6, repository="a")
    assert box.answer(box.blob(repository="b"))[1] == "b"
    assert box.answer(slow) == ("fail", "it took longer than 1 s", "a.py")
    box.wait_until(lambda: box.gauges.get(("stuck", "a.py")) == 0)
    assert box.answer(box.blob(1, repository="a")) == ("allow", 0)


def test_a_failing_hook_with_on_error_allow_passes_when_it_is_late_too(running: Running) -> None:
    running.script(LOOP, "a.py", deadline=1.0, on_error="allow")
    running.script(HEAD + "def admit_blob(blob): return Deny('b') if blob.size > 6 else None\n", "b.py")
    box = running.start()
    assert box.answer(box.blob(6)) == ("allow", 0)
    assert box.answer(box.blob(7)) == ("deny", "b", "b.py")


class Looked:
    """A watchdog that looks when the test says so, at a clock and a memory of the test's."""

    def __init__(self, directory: Any, text: str, **spec: Any) -> None:
        (directory / "a.py").write_text(text)
        self.now = 100.0
        self.memory = 1 << 30
        self.faults: Callable[[int], int] = lambda thread: 0
        self.box = FakeBox()
        self.generation = begin(1, [Spec("a.py", base=directory, **spec)])
        self.runner = Runner(self.box, self.generation, lambda id, point: None, clock=lambda: self.now)
        self.watchdog = Watchdog(
            self.runner, memory=lambda: self.memory, faults=lambda thread: self.faults(thread)
        )
        self.runner.start()

    def stop(self) -> None:
        self.box.close()
        assert self.runner.join(PATIENCE)
        for thread in threading.enumerate():
            if thread.name == "hooks":  # Also those that were given up.
                thread.join(PATIENCE)
        assert self.generation.stop() == []


def test_deadlines_follow_the_clock(tmp_path: Any, gate: Gate) -> None:
    looked = Looked(tmp_path, HEAD + "def admit_blob(blob): gate.wait()\n", deadline=3.0)
    id = looked.box.blob()
    gate.wait_for_hooks()
    looked.now += 2.9
    assert looked.watchdog.look()
    assert not looked.box.is_answered(id)
    looked.now += 0.1
    looked.watchdog.look()
    assert looked.box.answer(id) == ("fail", "it took longer than 3 s", "a.py")
    gate.open()
    looked.stop()
    assert not looked.watchdog.look()


def test_the_hook_that_takes_the_memory_is_stopped_and_no_other(tmp_path: Any, gate: Gate) -> None:
    looked = Looked(
        tmp_path,
        HEAD + "import threading\nthreads = {}\ndef admit_blob(blob):\n"
        "    threads[blob.size] = threading.get_native_id()\n    gate.wait()\n",
        memory=1000,
    )
    greedy, patient = looked.box.blob(1), looked.box.blob(2)
    gate.wait_for_hooks(2)
    threads = looked.generation.scripts[0].loaded.hooks[0].call.__globals__["threads"]
    looked.faults = lambda thread: 0
    looked.now += 0.1
    looked.watchdog.look()
    looked.memory += 1001
    looked.faults = lambda thread: 5 if thread == threads[1] else 0
    looked.watchdog.look()
    assert looked.box.answer(greedy) == ("fail", "the process grew by more than 0 MiB while it ran", "a.py")
    looked.watchdog.look()
    assert not looked.box.is_answered(patient)
    gate.open()
    assert looked.box.answer(patient) == ("allow", 0)
    looked.stop()


def test_a_hook_that_takes_memory_without_end_is_stopped(running: Running) -> None:
    running.script(
        HEAD + "def admit_blob(blob):\n    kept = []\n    while blob.size > 5: kept.append(bytes(1 << 20))\n",
        memory=200 << 20,
        deadline=PATIENCE,
    )
    box = running.start()
    assert box.answer(box.blob(6)) == ("fail", "the process grew by more than 200 MiB while it ran", "a.py")
    assert box.answer(box.blob(1)) == ("allow", 0)
