"""Texts that users read, where they stand, and the words that they do without."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple


class Text(NamedTuple):
    """A text with the line on which it begins."""

    line: int
    words: str


ROLES: Final = "a role: client, caller, user, operator, script author or upstream"

INSTEAD: Final = {
    "somebody|someone|anybody|anyone|nobody|everybody|whoever|whom|people": ROLES,
    "he|him|his|she|her": ROLES,
    "tells?|told|telling": "report, contact, set or show",
    "(?<!there )(?:is|are|was) no(?! longer| more)": "invalid THING: expected ...",
    "cannot be had|to be had": "cannot be fetched, read or created",
    "(?:good|worth) (?:for|to|until|nothing)|(?:is|are|be) (?:not )?good": "valid, allow",
    "(?:given|gives?|giving|gave) (?:out|up|away|back)": "issue, cancel, return",
    "(?:is|are) (?:not )?taken(?! (?:over|as))": "accepted, rejected or in use",
    "(?:goes|go|went|going|gone) (?:on|away)|(?:is|are) gone": "continue, close, expire",
    "(?:comes?|came) (?:of|in|to be)": "result, outcome",
    "fares?|fared": "state",
    "live (?:at|in|below|under|instead|there)": "address, path",
    "defects?": "internal error",
    "rotten": "corrupted",
    "pass(?:es|ed)? over": "skip, ignore",
    "lets? in|letting in|lets? .{1,20} in|kept out": "allow, reject, disable",
    "for ever": "unlimited, never expires",
    "facts?": "metadata",
    "in a moment|a little while|wait a little": "in a few seconds",
    "again for another": "(repeatable)",
    "known here": "unknown, unsupported",
    "youngest": "newest",
    "look(?:s|ed|ing)? at": "check, read, inspect",
    "in vain": "without effect",
    "has to be given": "required",
}
"""What public texts do without, as a regular expression, and what they say instead."""

_EACH: Final = [(re.compile(rf"\b(?:{one})\b"), instead) for one, instead in INSTEAD.items()]
_ANY: Final = re.compile(rf"\b(?:{'|'.join(INSTEAD)})\b")
_CODE: Final = re.compile(r"`[^`\n]*`|\]\([^)\n]*\)")
"""Code in a text, and targets of links."""

_CPP: Final = re.compile(
    r"//[^\n]*|#include[^\n]*|R\"(\w*)\(.*?\)\1\"|'(?:\\.|[^'\\\n])'"
    r'|("(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*)',
    re.DOTALL,
)
_PIECE: Final = re.compile(r'"((?:\\.|[^"\\\n])*)"')


def of_cpp(source: str) -> Iterator[Text]:
    """String literals of more than one word; adjacent ones are one text. Raw ones are SQL and JSON."""
    for found in _CPP.finditer(source):
        if found[2] and " " in found[2]:
            yield Text(source.count("\n", 0, found.start()) + 1, "".join(_PIECE.findall(found[2])))


def of_python(source: str) -> Iterator[Text]:
    """Strings of more than one word, docstrings of commands, and docstrings of fields."""
    tree = ast.parse(source)
    internal = {id(node) for node in _internal_docstrings(tree)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(str(words)) if id(node) not in internal and " " in words:
                yield Text(node.lineno, words)


def _internal_docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        is_command = not isinstance(node, ast.Module) and bool(node.decorator_list)
        match node.body:
            case [ast.Expr(ast.Constant(str()) as docstring), *_] if not is_command:
                yield docstring


def of_page(source: str) -> Iterator[Text]:
    """Lines of a page."""
    for number, line in enumerate(source.splitlines(), start=1):
        yield Text(number, line)


def wrong_words(source: str, texts: Iterable[Text]) -> Iterator[tuple[int, str, str]]:
    """Line, the word as it stands there, and what to write instead."""
    if _ANY.search(source.lower()) is None:
        return
    for text in texts:
        words = _CODE.sub(lambda code: " " * len(code[0]), text.words).lower()
        if _ANY.search(words) is None:
            continue
        for pattern, instead in _EACH:
            for found in pattern.finditer(words):
                yield text.line + words.count("\n", 0, found.start()), found[0], instead
