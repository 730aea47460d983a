"""How long things are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

Function = tuple[str, int]
"""Name and number of lines."""

_NOISE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b(?![^<]*>)[^()]*$")
_BEFORE = re.compile(r"(?:\s|(?:public|protected|private):)*")
_NAME = re.compile(r"([~\w:]+|operator\S+)\s*\(")


def python_functions(text: str) -> Iterator[Function]:
    """Every function of a Python file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@cache
def plain(text: str) -> str:
    """C++ without comments, literals and preprocessor; every line stays where it was."""
    text = _NOISE.sub(lambda found: "\n" * found[0].count("\n") or _blank(found[0]), text)
    return _DIRECTIVE.sub(lambda found: "\n" * found[0].count("\n"), text)


def _blank(noise: str) -> str:
    return " " if noise.startswith("/") else '""'


def cpp_functions(text: str) -> Iterator[Function]:
    """Every function of a C++ file that stands in a namespace or a class, found by its braces."""
    text = plain(text)
    scopes: list[str] = []  # of what each open brace is the start: "scope", "function" or "other"
    begin = head = 0
    for place, sign in ((found.start(), found[0]) for found in re.finditer(r"[{};]", text)):
        if sign == "{":
            words = text[head:place]
            outside = "function" not in scopes
            if outside and _SCOPE.search(words):
                scopes.append("scope")
            elif outside and "(" in words and not words.rstrip().endswith(("=", ",", "(", "{")):
                scopes.append("function")
                begin = head + len(_BEFORE.match(words)[0])  # type: ignore[index]
            else:
                scopes.append("other")
        elif sign == "}" and scopes and scopes.pop() == "function" and "function" not in scopes:
            named = _NAME.search(text, begin)
            yield named[1] if named else "?", text.count("\n", begin, place) + 1
        # The braces of an initializer belong to the function that comes after them.
        if not (sign == "}" and _goes_on(text, place)) and not (sign == "{" and scopes[-1] == "other"):
            head = place + 1


def _goes_on(text: str, place: int) -> bool:
    return (
        text[place + 1 : place + 3].lstrip().startswith((",", ")", "{"))
        or text[place + 1 :].lstrip()[:1] == "{"
    )
