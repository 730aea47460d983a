"""What the rows of the administration API declare is what its handlers parse: there is no second list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .tree import name, under

SOURCES = [path for path in under("cpp/http/api", ".cpp") if "constexpr Verb" in path.read_text()]
ARRAY = re.compile(r"^constexpr Field \w+\[\] = \{.*?\};", re.MULTILINE | re.DOTALL)
LIST = re.compile(r"^constexpr Field (\w+)\[\] = \{(.*?)\};", re.MULTILINE | re.DOTALL)
BODY = re.compile(r"body_of\(\s*\"\w+\",\s*(\w+)\)")
TAKEN = re.compile(r"members\.(?:text|text_or_null|flag|number|texts|json|required_text)\(\"(\w+)\"\)")


def text_of(source: Path) -> str:
    """A source, with the values of its resource where these are in a header of their own."""
    values = source.with_name(f"{source.stem}_schema.h")
    declared = values.read_text().replace("inline constexpr", "constexpr") if values.exists() else ""
    return declared + source.read_text()


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_a_parameter_that_is_declared_is_read(source: Path) -> None:
    text = text_of(source)
    lists = dict(LIST.findall(text))
    elsewhere = ARRAY.sub("", text)
    for query in set(re.findall(r"\.query = (\w+)", text)):
        for parameter in re.findall(r"\b[a-z]\w+\b", re.sub(r'"[^"]*"', "", lists[query])):
            is_declared = re.search(rf"^constexpr Field {parameter}\b", text, re.MULTILINE)
            is_read = len(re.findall(rf"\b{parameter}\b", elsewhere)) > 1
            assert is_read or not is_declared, f"{parameter} is in no handler"


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_a_query_is_read_by_what_is_declared(source: Path) -> None:
    literal = re.findall(r"query\.(?:first|all)\(\"(\w+)\"\)", source.read_text())
    assert literal == [], "name the field"


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_the_members_of_a_body_are_those_that_are_declared(source: Path) -> None:
    text = text_of(source)
    single = dict(
        re.findall(r"^constexpr Field (\w+)(?: =\s+optional\(\s*\{|\{)\"(\w+)\"", text, re.MULTILINE)
    )
    lists = dict(LIST.findall(text))
    declared = set()
    for fields in BODY.findall(text):
        declared |= set(re.findall(r"\{\"(\w+)\",", lists[fields]))
        declared |= {single[word] for word in re.findall(r"\b(\w+)\b", lists[fields]) if word in single}
    assert declared == set(TAKEN.findall(text))


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 10
    assert any(BODY.search(path.read_text()) for path in SOURCES)
