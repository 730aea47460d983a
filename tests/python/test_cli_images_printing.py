"""How commands of images print: tables for people, lines with tabs for programs, JSON as asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from ocilot.cli.images.printing import Printing
from ocilot.cli.output import Output

ROWS = [
    {"name": "v1", "digest": "sha256:" + "a" * 64, "size": 2048, "note": None},
    {"name": "v2\tx", "digest": "sha256:" + "b" * 64, "size": 3, "note": "é\x1b"},
]
COLUMNS = {"name": "NAME", "digest": "DIGEST", "size": "SIZE", "note": "NOTE"}


def printed(capsys: pytest.CaptureFixture[str], out: Printing) -> str:
    out.rows(ROWS, COLUMNS)
    return capsys.readouterr().out


def test_a_pipe_gets_lines_with_tabs_and_sizes_in_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, Printing()) == (f"v1\tsha256:{'a' * 64}\t2048\t\nv2?x\tsha256:{'b' * 64}\t3\té?\n")


@pytest.mark.parametrize("is_asked_for", [True, False])
def test_a_terminal_gets_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_asked_for: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: not is_asked_for)
    out = Printing(Output.TABLE if is_asked_for else None)
    assert printed(capsys, out) == (
        "NAME  DIGEST               SIZE    NOTE\n"
        "v1    sha256:aaaaaaaaaaaa  2.0KiB  -\n"
        "v2?x  sha256:bbbbbbbbbbbb  3B      é?\n"
    )


def test_rows_are_printed_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    def endless() -> Iterator[dict[str, Any]]:
        for number in range(2):
            yield {"name": number}
            assert capsys.readouterr().out == (
                f"{number}\n" if out.output is None else f'{{"name": {number}}}\n'
            )

    for out in (Printing(), Printing(Output.JSONL)):
        out.rows(endless(), {"name": "NAME"})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("[].name", "v1\nv2?x\n"),
        ("[0].size", "2048\n"),
        ("[].[name, size]", "v1\t2048\nv2?x\t3\n"),
        ("[0].{n: name}", '{"n": "v1"}\n'),
        ("nothing", ""),
        ("length(@)", "2\n"),
    ],
)
def test_a_query_prints_texts_as_they_are(
    capsys: pytest.CaptureFixture[str], query: str, expected: str
) -> None:
    assert printed(capsys, Printing(query=query)) == expected


def test_a_query_with_a_format_prints_that_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(capsys, Printing(Output.JSON, "[].size"))) == [2048, 3]
    assert printed(capsys, Printing(Output.YAML, "[].size")) == "- 2048\n- 3\n"
    assert printed(capsys, Printing(Output.JSONL, "[].size")) == "2048\n3\n"


def test_a_query_that_is_wrong_is_wrong_usage() -> None:
    with pytest.raises(typer.BadParameter, match="invalid JMESPath expression") as found:
        Printing(query="[").rows(ROWS, COLUMNS)
    assert "\n" not in found.value.message
    assert found.value.message.lower().count("invalid jmespath expression") == 1


def test_a_document_is_names_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [("Digest", "sha256:a"), ("Env", "A=1\x1b"), ("Env", "")]
    Printing().document({"a": 1}, lines)
    assert capsys.readouterr().out == "Digest\tsha256:a\nEnv\tA=1?\nEnv\t\n"
    Printing(Output.TABLE).document({"a": 1}, lines)
    assert capsys.readouterr().out == "Digest: sha256:a\nEnv:    A=1?\nEnv:    -\n"
    Printing(Output.JSON).document({"a": 1}, lines)
    assert json.loads(capsys.readouterr().out) == {"a": 1}
    Printing(query="a").document({"a": 1}, lines)
    assert capsys.readouterr().out == "1\n"
