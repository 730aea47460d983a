"""A new generation is loaded and started whole, then in force; if that fails the old one stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ocilot.errors import ConfigError
from ocilot.hooks.loading.spec import Spec
from ocilot.hooks.running.service import Hooks

from .conftest import Gate, Running
from .fake_box import FakeBox

HEAD = "from ocilot.hooks import *\n"


def deny(text: str) -> str:
    return HEAD + f"def admit_blob(blob): return Deny({text!r})\n"


def reload(box: FakeBox) -> dict[str, Any]:
    kind, text = box.asked("hooks.reload")
    assert kind == "reply"
    status: dict[str, Any] = json.loads(text)
    return status


def test_a_reload_takes_what_the_files_say(running: Running, tmp_path: Path) -> None:
    running.script(deny("old"))
    box = running.start()
    assert box.answer(box.blob())[1] == "old"
    (tmp_path / "a.py").write_text(deny("new") + "def admit_tag(move): ...\n")
    status = reload(box)
    assert (status["ok"], status["generation"]) == (True, 2)
    assert box.answer(box.blob())[1] == "new"
    assert box.points == [("admit_blob", 6.0), ("admit_tag", 6.0)]
    assert box.gauges["generation", ""] == 2


def test_a_reload_that_fails_leaves_the_old_in_force(running: Running, tmp_path: Path) -> None:
    running.script(deny("old"))
    box = running.start()
    (tmp_path / "a.py").write_text("def admit_blbo(blob): ...\n")
    status = reload(box)
    assert (status["ok"], status["generation"]) == (False, 1)
    (problem,) = status["problems"]
    assert problem.startswith("a.py:1: unknown hook point admit_blbo; did you mean admit_blob?")
    assert box.gauges["reload_failed", ""] == 1
    assert box.lines == [("error", f"hooks were not loaded again, the old ones stay: {problem}")]
    assert box.answer(box.blob())[1] == "old"
    (tmp_path / "a.py").write_text(deny("new"))
    assert reload(box)["ok"]
    assert box.gauges["reload_failed", ""] == 0
    assert box.answer(box.blob())[1] == "new"


LIFE = (
    HEAD
    + """\
from dataclasses import dataclass
from pathlib import Path
@dataclass
class Life(Hook):
    log: Path
    name: str
    def note(self, text):
        with self.log.open("a") as file: file.write(f"{self.name} {text}\\n")
    def start(self):
        self.note("started")
        if self.name == "bad": raise ValueError("no directory")
    async def stop(self): self.note("stopped")
    def admit_blob(self, blob):
        if blob.size > 5: gate.wait()
        return Deny(self.name)
"""
)


def life(running: Running, name: str) -> None:
    running.specs.clear()
    running.script(LIFE, options={"log": "log", "name": name})


def test_the_old_answers_what_it_was_asked_and_is_stopped_then(
    running: Running, tmp_path: Path, gate: Gate
) -> None:
    log = tmp_path / "log"
    life(running, "one")
    box = running.start()
    slow = box.blob(6)
    gate.wait_for_hooks()
    life(running, "two")
    assert reload(box)["ok"]
    assert box.answer(box.blob(1))[1] == "two"
    assert log.read_text() == "one started\ntwo started\n"
    assert running.hooks.status()["retiring"] == 1
    gate.open()
    assert box.answer(slow)[1] == "one"
    running.stop()
    assert log.read_text() == "one started\ntwo started\none stopped\ntwo stopped\n"


def test_a_start_that_fails_leaves_the_old_in_force(running: Running, tmp_path: Path) -> None:
    life(running, "one")
    box = running.start()
    life(running, "bad")
    (problem,) = reload(box)["problems"]
    assert problem == "a.py: Life.start failed: ValueError: no directory (line 12)"
    assert box.answer(box.blob(1))[1] == "one"
    assert (tmp_path / "log").read_text() == "one started\nbad started\nbad stopped\n"


def test_a_configuration_that_cannot_be_read_leaves_the_old_in_force(running: Running) -> None:
    running.script(deny("old"))
    box = running.start()
    said = ConfigError("config.yml:3: unknown key ocilot.hooks.script")

    def read() -> list[Spec]:
        raise said

    running.hooks._read = read
    assert reload(box)["problems"] == [str(said)]
    assert box.answer(box.blob())[1] == "old"


def test_scripts_that_cannot_be_used_end_the_start(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def admit_tag(): ...\n")
    specs = [Spec("a.py", base=tmp_path), Spec("b.py", base=tmp_path)]
    with pytest.raises(ConfigError) as caught:
        Hooks(lambda: specs)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["a.py", "b.py"]


def test_hooks_that_were_never_needed_are_stopped(running: Running, tmp_path: Path) -> None:
    life(running, "one")
    hooks = Hooks(lambda: running.specs)
    assert hooks.stop()
    assert (tmp_path / "log").read_text() == "one started\none stopped\n"


def test_a_point_that_is_never_asked_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def authenticate(login): ...\n")
    with pytest.raises(ConfigError, match=r"^a\.py: authenticate would never be asked: nobody logs in$"):
        Hooks(lambda: [Spec("a.py", base=tmp_path)], {"authenticate": "nobody logs in"})


def test_a_changed_file_is_loaded_again(running: Running, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("TEXT = 'old'\n")
    running.script(HEAD + "import beside\ndef admit_blob(blob): return Deny(beside.TEXT)\n")
    box = running.start()
    running.hooks.watch(0.01)
    assert box.answer(box.blob())[1] == "old"
    (tmp_path / "beside.py").write_text("TEXT = 'newer'\n")
    box.wait_until(lambda: box.gauges["generation", ""] == 2)
    assert box.answer(box.blob())[1] == "newer"


def test_no_question_is_lost_while_generations_change(running: Running) -> None:
    running.script(deny("x"))
    running.script(HEAD + "async def admit_blob(blob): ...\n", "b.py", points=("admit_blob",))
    box = running.start()
    asked: list[int] = []
    for _ in range(10):
        asked += [box.blob() for _ in range(50)]
        assert reload(box)["ok"]
    assert {box.answer(id)[:2] for id in asked} == {("deny", "x")}


def test_one_script_may_be_there_twice(running: Running) -> None:
    running.script(deny("x"))
    running.script(deny("x"), repositories=("a",))
    box = running.start()
    assert [script["script"] for script in running.hooks.status()["scripts"]] == ["a.py#1", "a.py#2"]
    assert box.answer(box.blob()) == ("deny", "x", "a.py#1")
