"""Patterns mean here what they mean to the core."""

from __future__ import annotations

import pytest

from ocilot.hooks.loading.patterns import Patterns, problem_of

# The same table as in tests/cpp/oci/repository_pattern_test.cpp.
CASES = [
    ("team/app", ["team/app"], ["team", "app", "team/app2", "team/ap", "x/team/app", "team/app/x"]),
    ("mirror/*", ["mirror/a", "mirror/a-b.c"], ["mirror", "mirror/a/b", "amirror/a", "mirrors/a"]),
    ("*", ["a", "abc"], ["a/b"]),
    ("*/*", ["a/b"], ["a", "a/b/c"]),
    ("a*", ["a", "ab", "a-b"], ["b", "ba", "a/b"]),
    ("*-cache", ["go-cache", "x-cache"], ["cache", "go-cache/x", "x/go-cache", "go-caches"]),
    ("a*b*c", ["abc", "axbxc", "abbcc", "abcbc"], ["ab", "acb", "abcd", "a/bc"]),
    ("team/*/cache", ["team/a/cache"], ["team/cache", "team/a/b/cache"]),
    ("**", ["a", "a/b", "a/b/c/d"], []),
    ("mirror/**", ["mirror", "mirror/a", "mirror/a/b/c"], ["mirrors", "mirrors/a", "x/mirror"]),
    ("**/cache", ["cache", "a/cache", "a/b/cache"], ["a-cache", "cache/a", "a/cache/b"]),
    ("a/**/z", ["a/z", "a/b/z", "a/z/z", "a/b/c/z"], ["a", "z", "az", "a/bz", "a/z/b"]),
    ("**/b*/**", ["b", "a/bc", "bc/d/e", "a/a/b/d"], ["a", "a/cb", "cb/d"]),
    ("**/**", ["a", "a/b"], []),
]


@pytest.mark.parametrize(("pattern", "yes", "no"), CASES)
def test_patterns_match_whole_names(pattern: str, yes: list[str], no: list[str]) -> None:
    patterns = Patterns([pattern])
    assert [name for name in (*yes, *no) if patterns.covers(name)] == yes
    assert [name for name in (*yes, *no) if patterns.covers(name)] == yes  # And so it remembers.


def test_no_patterns_are_everywhere_and_an_empty_list_is_nowhere() -> None:
    assert Patterns(None).covers("a/b")
    assert Patterns(None).covers(None)
    assert not Patterns([]).covers("a")
    assert not Patterns(["**"]).covers(None)


def test_a_match_never_takes_long() -> None:
    assert not Patterns(["*a" * 127]).covers("a" * 254 + "b")
    assert not Patterns(["**/a/" * 50 + "b"]).covers("a/" * 127 + "a")
    assert Patterns(["**/a/" * 50 + "b"]).covers("a/" * 127 + "b")


@pytest.mark.parametrize("text", ["", "/", "a//b", "/**", "a**", "***", "Team/*", "a?", "a" * 256])
def test_what_is_no_pattern_is_said(text: str) -> None:
    assert problem_of(text)
