"""What the pages for people say about files, read from their Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .tree import ROOT, files, name, under


def pages() -> list[Path]:
    """Everything that people read."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *under("docs", ".md")]


_FENCE = re.compile(r"^([ \t]*)(```+|~~~+).*?^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", text)


def spans(text: str) -> list[str]:
    """What stands between backticks in a line."""
    return _SPAN.findall(prose(text))


def links(text: str) -> list[str]:
    """Where links lead that stay in the project."""
    targets: list[str] = _LINK.findall(_SPAN.sub("", prose(text)))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """What can follow the `#` of a link to a page: its headings, as GitHub and Sphinx write them."""
    found: set[str] = set()
    for heading in _HEADING.findall(prose(text)):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(
            " ", "-"
        )
        repeated = sum(1 for other in found if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", other))
        found.add(f"{slug}-{repeated}" if repeated else slug)
    return found


def dead_links(page: Path, text: str) -> Iterator[str]:
    """Links of a page to files that do not exist, and to headings that their pages do not have."""
    for target in links(text):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if path and file not in existing():
            yield f"{name(page)} links to {target}: no such file"
        elif anchor and anchor not in anchors(text if file == page else file.read_text()):
            yield f"{name(page)} links to {target}: no such heading"


@cache
def existing() -> frozenset[Path]:
    """All files under version control, and their folders."""
    every = files()
    return frozenset(every) | {
        parent for path in every for parent in path.parents if parent.is_relative_to(ROOT)
    }


_PATH = re.compile(r"\.?[\w.-]+(?:/[\w.<>*-]+)*/?")
_CODE = re.compile(r"[\w.-]+\.(?:h|cpp|pyi?)")
_BARE = re.compile(r"(?<![\w./:<-])(?:cpp|docs|tests|python/ocilot)/[\w./<>*-]*[\w>*/]")


def quoted(text: str) -> set[str]:
    """What looks like a file of the project, in backticks or anywhere else in a text."""
    return {span for span in spans(text) if _PATH.fullmatch(span) and _is_ours(span)} | set(
        _BARE.findall(text)
    )


@cache
def _beginnings() -> frozenset[str]:
    """First parts of the paths that people write: from the top, from cpp/ and from the package."""
    bases = (ROOT, ROOT / "cpp", ROOT / "python/ocilot")
    return frozenset(path.name for path in existing() if path.parent in bases and path not in files())


def _is_ours(span: str) -> bool:
    first, slash, _ = span.partition("/")
    if first == "build":
        return False  # What compilers made, though the package has a room of this name.
    return first in _beginnings() if slash else _CODE.fullmatch(span) is not None


def stale_names(page: Path, text: str) -> list[str]:
    """Names of files that a page quotes and that do not exist."""
    return sorted(what for what in quoted(text) if not _exists(what, page.parent))


def _exists(what: str, beside: Path) -> bool:
    if "/" not in what:
        return any(path.name == what for path in files())
    pattern = re.sub(r"\\\*|<[\w ]+>", "[^/]*", re.escape(what.rstrip("/")))
    relative = re.compile(rf"(?:cpp/|python/ocilot/)?{pattern}(?:\.h|\.cpp|\.py)?")
    return any(relative.fullmatch(path) for path in _paths()) or (beside / f"{what}.md") in existing()


@cache
def _paths() -> tuple[str, ...]:
    return tuple(path.relative_to(ROOT).as_posix() for path in existing())
