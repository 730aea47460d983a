"""How commands print what others have written."""

from __future__ import annotations

import json

import pytest

from ocilot.cli.output import print_json, print_table

DECEIVING = "a\x9b2K\x85b\u202ec\u2066d\u061ce\u200ff\u2028g\x7fh"


def test_json_escapes_what_deceives_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"subject": DECEIVING, "name": "Zo\u00eb"})
    text = capsys.readouterr().out
    assert json.loads(text) == {"subject": DECEIVING, "name": "Zo\u00eb"}
    assert "Zo\u00eb" in text
    assert "\\u202e" in text
    assert all(c.isprintable() for c in text.replace("\n", ""))


def test_a_table_shows_nothing_that_deceives_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"one": DECEIVING, "many": [DECEIVING, "x"]}], {"one": "ONE", "many": "MANY"})
    assert all(c.isprintable() for c in capsys.readouterr().out.replace("\n", ""))
