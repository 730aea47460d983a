"""Progress of transfers: bars where a cursor moves, few lines in logs, events for programs."""

from __future__ import annotations

import io
import json
import sys

import pytest

from ocilot.cli.images.printing import Printing
from ocilot.cli.images.progress import Progress
from ocilot.cli.images.progress_mode import ProgressMode
from ocilot.cli.images.progress_views import Bars, JsonLines, Lines, Warnings, view_of
from ocilot.cli.images.shared import image_command
from ocilot.client.events import BlobFinished, BlobProgress, BlobStarted, Event, ManifestPushed, Warned
from ocilot.client.store import Outcome
from ocilot.oci import Digest

A, B = (Digest("sha256:" + letter * 64) for letter in "ab")
EVENTS: list[Event] = [
    BlobStarted(A, 2048),
    BlobProgress(A, 2048, 1024),
    BlobFinished(A, 2048, Outcome.COPIED),
    ManifestPushed(B, "v1"),
    Warned("a referrer was\x1b rejected"),
]


def test_a_log_gets_a_line_when_a_blob_starts_and_when_it_is_there() -> None:
    said: list[str] = []
    lines = Lines(said.append, clock=lambda: 0.0)
    for event in EVENTS:
        lines(event)
    assert said == [
        "sha256:aaaaaaaaaaaa 2.0KiB started",
        "sha256:aaaaaaaaaaaa 2.0KiB copied",
        "sha256:bbbbbbbbbbbb manifest pushed as v1",
        "warning: a referrer was? rejected",
    ]


def test_a_log_gets_the_total_every_30_seconds() -> None:
    said: list[str] = []
    times = [0.0]
    lines = Lines(said.append, clock=lambda: times[0])
    lines(BlobStarted(A, 4096))
    for second in range(1, 91):
        times[0] = float(second)
        lines(BlobProgress(A, 4096, 40 * second))
    assert said[1:] == [
        "total: 0 of 1 blob, 1.2KiB of 4.0KiB",
        "total: 0 of 1 blob, 2.3KiB of 4.0KiB",
        "total: 0 of 1 blob, 3.5KiB of 4.0KiB",
    ]


def test_programs_get_an_object_for_each_event() -> None:
    said: list[str] = []
    for event in EVENTS:
        JsonLines(said.append)(event)
    assert [json.loads(line) for line in said] == [
        {"event": "blob_started", "digest": A, "size": 2048},
        {"event": "blob_finished", "digest": A, "size": 2048, "outcome": "copied"},
        {"event": "manifest_pushed", "digest": B, "tag": "v1"},
        {"event": "warning", "message": "a referrer was\x1b rejected"},
    ]


def test_without_progress_only_warnings_are_left(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(ProgressMode.NONE) as progress:
        for event in EVENTS:
            progress(event)
    assert capsys.readouterr().err == "warning: a referrer was? rejected\n"


@pytest.mark.parametrize(
    ("is_terminal", "term", "expected"),
    [(True, "xterm", Bars), (True, "dumb", Lines), (True, "", Lines), (False, "xterm", Lines)],
)
def test_bars_are_for_terminals_whose_cursor_moves(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, term: str, expected: type
) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: is_terminal  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", term)
    view = view_of(ProgressMode.AUTO)
    view.close()
    assert type(view) is expected


@pytest.mark.parametrize("mode", ProgressMode)
def test_no_form_of_progress_writes_to_standard_output(
    mode: ProgressMode, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress(mode) as progress:
        for event in EVENTS:
            progress(event)
    assert capsys.readouterr().out == ""


def test_without_colours_the_bars_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    with Progress(ProgressMode.BAR) as progress:
        for event in EVENTS:
            progress(event)
    assert "sha256:aaaaaaaaaaaa 2.0KiB copied" in stream.getvalue()
    assert "\x1b[3" not in stream.getvalue()


def test_messages_that_cannot_be_written_stop_no_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    view_of(ProgressMode.PLAIN)(Warned("a"))
    assert issubclass(Lines, Warnings)


def test_data_goes_to_standard_output_while_bars_are_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """`DIGEST=$(ocilot cp A B)` in a terminal: standard output is a pipe, standard error is not."""
    screen, pipe = io.StringIO(), io.StringIO()
    screen.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", pipe)
    monkeypatch.setenv("TERM", "xterm-256color")

    @image_command
    def moves(out: Printing, progress: Progress) -> None:
        progress(BlobStarted(A, 2048))
        out.answer({"digest": A}, A)
        assert screen.getvalue().endswith("\x1b[1A\x1b[2K"), "the bars are gone"
        progress(BlobFinished(A, 2048, Outcome.COPIED))
        out.rows([{"digest": B}], {"digest": "DIGEST"})

    moves(output=None, query="", progress_mode=ProgressMode.BAR)
    assert pipe.getvalue() == f"{A}\n{B}\n"
    assert B not in screen.getvalue()


@pytest.mark.parametrize("width", [50, 60, 80, 200])
def test_a_blob_has_one_line_at_every_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    screen = io.StringIO()
    screen.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", screen)
    with Progress(ProgressMode.BAR) as progress:
        progress(BlobStarted(A, 724 * 2**20))
        progress(BlobProgress(A, 724 * 2**20, 400 * 2**20))
    last = screen.getvalue().rpartition(str(A)[:19])[2]
    assert "400.0/724.0 MiB" in last.partition("\n")[0]
