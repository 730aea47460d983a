"""`ocilot.hooks` in a configuration: scripts, where they apply, and what is wrong with them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from ocilot.config import load
from ocilot.errors import ConfigError
from ocilot.hooks.loading.configured import reader, specs_of
from ocilot.hooks.loading.spec import Spec


def written(directory: Path, text: str) -> Path:
    path = directory / "config.yml"
    path.write_text("version: 0.1\nocilot:\n  hooks:\n" + textwrap.indent(textwrap.dedent(text), "    "))
    return path


def problems(directory: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(written(directory, text), {})
    return str(caught.value).replace(f"{directory}/", "").splitlines()


EVERYTHING = """\
threads: 4
deadline: 3s
memory: 64MiB
watch: true
scripts:
  - path: hooks/a.py
    repositories: ["team/**"]
    options: {pattern: "v*", count: 5, nested: {a: [1, b]}, bind_password: hunter2}
    points: [admit_tag, admit_blob]
    isolation: process
    deadline: 1m
    on_error: allow
  - path: ocilot:size_limit
"""


def test_scripts_become_what_the_loader_takes(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    loaded = load(path, {})
    assert loaded.config.ocilot.hooks.watch
    first, second = specs_of(loaded)
    assert first == Spec(
        "hooks/a.py",
        base=tmp_path,
        repositories=("team/**",),
        options={"pattern": "v*", "count": 5, "nested": {"a": [1, "b"]}, "bind_password": "hunter2"},
        points=("admit_tag", "admit_blob"),
        isolation="process",
        deadline=60.0,
        on_error="allow",
        threads=4,
        memory=64 << 20,
    )
    assert second == Spec("ocilot:size_limit", base=tmp_path, deadline=3.0, threads=4, memory=64 << 20)


def test_without_scripts_there_are_none(tmp_path: Path) -> None:
    assert specs_of(load(None, {})) == []
    assert specs_of(load(written(tmp_path, "scripts: []"), {})) == []


def test_the_reader_sees_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "scripts: [{path: a.py}]")
    read = reader(str(path))
    assert [spec.path for spec in read()] == ["a.py"]
    written(tmp_path, "scripts: [{path: b.py}]")
    assert [spec.path for spec in read()] == ["b.py"]


def test_what_is_shown_can_be_read_again_and_tells_no_secret(tmp_path: Path) -> None:
    shown = load(written(tmp_path, EVERYTHING), {}).as_data()["ocilot"]["hooks"]
    assert shown["scripts"] == [
        {
            "path": "hooks/a.py",
            "repositories": ["team/**"],
            "options": {
                "pattern": "v*",
                "count": 5,
                "nested": {"a": [1, "b"]},
                "bind_password": "(hidden)",
            },
            "points": ["admit_tag", "admit_blob"],
            "isolation": "process",
            "deadline": "1m",
            "on_error": "allow",
        },
        {"path": "ocilot:size_limit", "isolation": "thread", "on_error": "deny"},
    ]


def test_a_variable_names_scripts_too(tmp_path: Path) -> None:
    loaded = load(None, {"REGISTRY_OCILOT_HOOKS_SCRIPTS_0_PATH": "a.py"})
    assert [spec.path for spec in specs_of(loaded)] == ["a.py"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "scripts:\n  - pth: a.py\n",
            "config.yml:5: unknown key ocilot.hooks.scripts.0.pth; did you mean ocilot.hooks.scripts.0.path?",
        ),
        (
            "scripts:\n  - path: a.py\n  - path: b.py\n    deadline: soon\n",
            'config.yml:7: invalid duration "soon" for ocilot.hooks.scripts.1.deadline: expected a number '
            "and a unit, above zero and at most 1h, such as 30s or 1m30s",
        ),
        (
            "scripts: a.py\n",
            'config.yml:4: invalid value "a.py" for ocilot.hooks.scripts: expected a list of sections',
        ),
        (
            "scripts: [a.py]\n",
            'config.yml:4: invalid value "a.py" for ocilot.hooks.scripts.0: expected a section with keys '
            "such as path, repositories, options",
        ),
        (
            "scripts: [{points: [admit_tag]}]\n",
            "config.yml:4: invalid section for ocilot.hooks.scripts.0: expected a path",
        ),
        (
            "scripts: [{path: a.py, isolation: jail}]\n",
            'config.yml:4: invalid value "jail" for ocilot.hooks.scripts.0.isolation: expected thread or '
            "process",
        ),
        (
            "deadline: 0\n",
            'config.yml:4: invalid duration "0" for ocilot.hooks.deadline: expected a number and a unit, '
            "above zero and at most 1h, such as 30s or 1m30s",
        ),
        (
            "script: []\n",
            "config.yml:4: unknown key ocilot.hooks.script; did you mean ocilot.hooks.scripts?",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert problems(tmp_path, text) == [said]
