"""The habits of the core, each as a function that finds what breaks it in the text of a C++ file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .declarations import Declaration, declarations
from .measure import plain

_PURE = re.compile(r"=\s*0$")
_VIRTUAL = re.compile(r"\bvirtual\b")
_AWAITS = re.compile(r"\bco_(?:await|return|yield)\b")


def interfaces(text: str) -> dict[str, int]:
    """Classes with pure virtual methods, and how many virtual methods each has besides its destructor."""
    methods: dict[str, int] = {}
    pure: set[str] = set()
    for declared in declarations(text):
        if declared.within and _VIRTUAL.search(declared.words) and not declared.name.startswith("~"):
            methods[declared.within] = methods.get(declared.within, 0) + 1
            if _PURE.search(declared.words):
                pure.add(declared.within)
    return {name: count for name, count in methods.items() if name in pure}


def coroutines(text: str) -> Iterator[tuple[str, int]]:
    """Functions that are coroutines, and how many lines each has."""
    for declared in declarations(text):
        if declared.kind == "function" and _AWAITS.search(declared.body):
            yield declared.name, declared.lines


_BEFORE_SUBSCRIPT = re.compile(r"[\w)\]]\s*$")
_BEFORE_LAMBDA = re.compile(r"\b(?:return|co_return|co_await|co_yield|case|else)\s*$")
_BEFORE_BINDING = re.compile(r"\bauto(?:\s+const)?\s*&{0,2}\s*$")
_REST_OF_HEAD = re.compile(r"[^;{}]*\{")


def _lambdas(text: str) -> Iterator[tuple[int, str, int, int]]:
    """Where each starts, what it captures, and where its body is."""
    for found in re.finditer(r"(?<!\[)\[(?!\[)([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]", text):
        before = text[max(0, found.start() - 40) : found.start()]
        if _BEFORE_BINDING.search(before):
            continue
        if _BEFORE_SUBSCRIPT.search(before) and not _BEFORE_LAMBDA.search(before):
            continue
        head = _REST_OF_HEAD.match(text, found.end())
        if head:
            yield found.start(), found[1].strip(), head.end(), _end(text, head.end())


def _end(text: str, begin: int) -> int:
    depth = 1
    for found in re.compile(r"[{}]").finditer(text, begin):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return found.start()
    return len(text)


def capturing_coroutines(text: str) -> list[int]:
    """Lines on which a lambda that is a coroutine captures something: it dies before the coroutine does."""
    text = plain(text)
    found = list(_lambdas(text))
    wrong = []
    for start, captured, begin, end in found:
        body = text[begin:end]
        for _, _, inner_begin, inner_end in found:
            if begin < inner_begin and inner_end <= end:
                cut = slice(inner_begin - begin, inner_end - begin)
                body = body[: cut.start] + " " * (cut.stop - cut.start) + body[cut.stop :]
        if captured and _AWAITS.search(body):
            wrong.append(text.count("\n", 0, start) + 1)
    return wrong


def mentions(text: str, pattern: str) -> list[int]:
    """Lines of code, not of comments, that match."""
    text = plain(text)
    return sorted({text.count("\n", 0, found.start()) + 1 for found in re.finditer(pattern, text)})


_NO_VARIABLE = re.compile(
    r"^(?:using|typedef|namespace|template|friend|static_assert|class|struct|union|enum|concept|extern\s+\"\")\b"
)
_LASTING = re.compile(r"\b(?:static|thread_local)\b")
_LOCAL = re.compile(r"\b(?:static|thread_local)\b(?P<words>[^;={(]*)")
_SPECIFIER = re.compile(r"\b(?:alignas|decltype)\s*\(\)\s*")
_ARGUMENTS = re.compile(r"<[^<>]*>")


def globals_that_change(text: str) -> list[str]:
    """Variables of namespaces, of classes and of functions that outlive every part, and are not constant."""
    found = []
    for declared in declarations(text):
        if declared.kind == "function":
            locals_ = (match["words"].strip() for match in _LOCAL.finditer(declared.body))
            found += [_last_word(words) for words in locals_ if not _is_constant(words)]
        elif _is_variable(declared):
            words = re.split(r"=|\{", _SPECIFIER.sub("", declared.words))[0]
            if not _is_constant(words):
                found.append(_last_word(words))
    return found


def _is_variable(declared: Declaration) -> bool:
    words = _SPECIFIER.sub("", declared.words)
    words = re.sub(r"\boperator\s*[^\s(]+", "", words)
    if (
        declared.kind != "other"
        or _NO_VARIABLE.search(words)
        or (declared.within and not _LASTING.search(words))
    ):
        return False
    called = re.search(r"\(\)", words)
    given = re.search(r"=|\{", words)
    return not called or bool(given and given.start() < called.start())


def _is_constant(words: str) -> bool:
    if re.search(r"\bconstexpr\b", words):
        return True
    while _ARGUMENTS.search(words):
        words = _ARGUMENTS.sub("", words)
    return re.search(r"\bconst\b", words.rpartition("*")[2]) is not None


def _last_word(words: str) -> str:
    found: list[str] = re.findall(r"\w+", words)
    return found[-1] if found else "?"
