"""Where a script applies is said in patterns of repositories, which mean what they mean to the core."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ocilot import _core
from ocilot.config.values import is_pattern
from ocilot.errors import ConfigError
from ocilot.hooks.loading.patterns import Patterns

# What tests/cpp/oci/repository_pattern_test.cpp reads, too.
CORPUS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data/repository_patterns.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("row", CORPUS["patterns"], ids=lambda row: row["pattern"][:40])
def test_patterns_match_whole_names(row: dict[str, Any]) -> None:
    patterns = Patterns([row["pattern"]])
    names = [*row["matches"], *row["others"]]
    assert is_pattern(row["pattern"])
    assert [name for name in names if patterns.covers(name)] == row["matches"]
    assert [name for name in names if patterns.covers(name)] == row["matches"]  # And so it remembers.


@pytest.mark.parametrize("row", CORPUS["invalid"], ids=lambda row: ascii(row["text"][:40]))
def test_what_is_no_pattern_is_said(row: dict[str, str]) -> None:
    assert not is_pattern(row["text"])
    with pytest.raises(ConfigError) as caught:
        Patterns([row["text"]])
    assert row["reason"] in str(caught.value)


def test_half_a_character_is_no_pattern() -> None:
    assert not is_pattern("a\ud800")


def test_no_patterns_are_everywhere_and_an_empty_list_is_nowhere() -> None:
    assert Patterns(None).covers("a/b")
    assert Patterns(None).covers(None)
    assert not Patterns([]).covers("a")
    assert not Patterns(["**"]).covers(None)


def test_a_pattern_remembers_its_text_and_refuses_what_is_no_name() -> None:
    pattern = _core.RepositoryPattern("team/*")
    assert pattern.text == "team/*"
    with pytest.raises(_core.Error, match="name"):
        pattern.matches("Team//")
