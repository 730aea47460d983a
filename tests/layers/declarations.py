"""What C++ declares outside of functions, read from its text alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .measure import plain


@dataclass(frozen=True)
class Declaration:
    """A class, a function with its body, or any other declaration."""

    kind: str
    """`class`, `function` or `other`."""
    words: str
    """From its start to its body or its end; what stands in parentheses and braces is left out."""
    within: str
    """The class it is a member of, or nothing."""
    line: int
    lines: int
    body: str = ""

    @property
    def name(self) -> str:
        """Of a class or a function."""
        if self.kind == "class":
            found = _CLASS.search(_TEMPLATE.sub("", self.words))
            return found[1] if found else ""
        found = re.search(r"([~\w:]+)\s*\(\)", self.words)
        return found[1] if found else ""


_TOKEN = re.compile(r"[(){};]")
_CLASS = re.compile(r"\b(?:class|struct|union)\s+(?:\[\[\w+\]\]\s*)?(\w*)")
_ENUM = re.compile(r"\benum\b")
_OPENS = re.compile(r"^\s*(?:inline\s+)?namespace\b|^\s*extern\s+\"\"\s*$")
_LABEL = re.compile(r"^\s*(?:(?:public|protected|private)\s*:(?!:)\s*)+")
_TEMPLATE = re.compile(r"\btemplate\s*<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>")


@cache
def declarations(text: str) -> tuple[Declaration, ...]:
    """All declarations of a file, those of classes after the class they are in."""
    text = plain(text)
    return tuple(_Reader(text).read(0, len(text), ""))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[int, int] = {}
        opened: list[int] = []
        for found in _TOKEN.finditer(text):
            if found[0] in "({":
                opened.append(found.start())
            elif found[0] in ")}" and opened:
                self._ends[opened.pop()] = found.start()

    def read(self, begin: int, end: int, within: str) -> Iterator[Declaration]:
        words, head, at = "", begin, begin
        while found := _TOKEN.search(self._text, at, end):
            place, sign = found.start(), found[0]
            words += self._text[at:place]
            at = close = self._ends.get(place, place)
            at += 1
            if sign == "(":
                words += "()"
                continue
            if sign == "{":
                kind = self._kind(words, close)
                if kind == "initializer":
                    words += "{}"
                    continue
                if kind == "namespace":
                    yield from self.read(place + 1, close, within)
                else:
                    made = self._made(kind, words, within, head, place, close)
                    yield made
                    if kind == "class":
                        yield from self.read(place + 1, close, made.name or within)
            elif words.strip():
                yield self._made("other", words, within, head, place, place)
            words, head = "", at

    def _kind(self, words: str, close: int) -> str:
        bare = _TEMPLATE.sub("", words)
        if _OPENS.search(bare):
            return "namespace"
        if "()" not in bare and "=" not in bare and _CLASS.search(bare):
            return "other" if _ENUM.search(bare) else "class"
        # The braces of an initializer belong to what comes after them.
        follows = self._text[close + 1 : close + 200].lstrip()[:1]
        if "()" not in bare or follows in {",", "{"} or bare.rstrip().endswith(("=", ",")):
            return "initializer"
        return "function"

    def _made(self, kind: str, words: str, within: str, head: int, place: int, close: int) -> Declaration:
        while head < place and self._text[head].isspace():
            head += 1
        line = self._text.count("\n", 0, head) + 1
        lines = self._text.count("\n", head, close) + 1
        bare = _LABEL.sub("", words).strip()
        return Declaration(kind, bare, within, line, lines, self._text[place + 1 : close])
