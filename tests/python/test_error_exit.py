"""How a command ends that something went wrong with: one line, and an exit code."""

from __future__ import annotations

import importlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

import ocilot
from ocilot.cli.exit import Exit
from ocilot.errors import ConfigError, Error

OTHER_BYTES = "caf\udce9"

main = importlib.import_module("ocilot.cli.main")  # `ocilot.cli.main` is the function of that name, too.


def ended(monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> int:
    def fails(words: list[str]) -> int:
        raise problem

    monkeypatch.setattr(main, "_run", fails)
    monkeypatch.setattr(main, "_prepare_streams", lambda: None)
    with pytest.raises(SystemExit) as end:
        main.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def test_what_nobody_foresaw_is_one_line_with_the_place_of_the_details(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert ended(monkeypatch, ZeroDivisionError("a\nb")) == Exit.OTHER
    (details,) = tmp_path.iterdir()
    assert capsys.readouterr().err == f"internal error: ZeroDivisionError: a b; see {details} for details\n"
    assert "Traceback (most recent call last)" in details.read_text()
    assert details.stat().st_mode & 0o777 == 0o600


def test_the_stack_trace_can_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("OCILOT_TRACEBACK", "1")
    assert ended(monkeypatch, KeyError()) == Exit.OTHER
    said = capsys.readouterr().err
    assert said.startswith(
        "internal error: KeyError; the stack trace follows\nTraceback (most recent call last)"
    )
    assert list(tmp_path.iterdir()) == []


def test_details_that_cannot_be_kept_are_no_second_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    ended(monkeypatch, KeyError())
    assert capsys.readouterr().err == (
        "internal error: KeyError; run it again with OCILOT_TRACEBACK=1 for a stack trace\n"
    )


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (KeyboardInterrupt(), Exit.INTERRUPTED, "interrupted\n"),
        (BrokenPipeError(), Exit.OTHER, ""),
        (Error("it failed"), Exit.OTHER, "it failed\n"),
        (ConfigError("it is wrong"), Exit.USAGE, "it is wrong\n"),
        (PermissionError(13, "Permission denied", "/a"), Exit.OTHER, "cannot use /a: Permission denied\n"),
    ],
)
def test_what_was_foreseen_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: BaseException,
    code: Exit,
    said: str,
) -> None:
    assert ended(monkeypatch, problem) == code
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    "use",
    [
        lambda root: ocilot.Server(root=root),
        lambda root: ocilot.fsck(root),
        lambda root: ocilot.adopt_distribution(root),
    ],
)
def test_a_directory_whose_name_is_no_text_is_refused_in_python_too(use: Any) -> None:
    with pytest.raises(ConfigError, match=r"^invalid data directory caf\\xe9: expected UTF-8 text$"):
        use(OTHER_BYTES)


def test_what_nobody_foresaw_while_serving_is_reported_in_the_form_of_the_log(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    foreground = importlib.import_module("ocilot.cli.foreground")

    def fails(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(foreground, "run", fails)
    with pytest.raises(SystemExit) as end:
        foreground.serve(foreground.Wanted(root=str(tmp_path), log_format=foreground.LogFormat.JSON))
    assert end.value.code == Exit.OTHER
    entry = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert entry["msg"].startswith("internal error: ZeroDivisionError: a; see ")
