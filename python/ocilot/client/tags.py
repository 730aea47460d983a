"""Tags of a repository: their pages, patterns and order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ocilot.arguments import check_text
from ocilot.errors import InvalidReference
from ocilot.oci import Digest

from .ocilot_api import tag_rows
from .pages import Walk
from .steps import Steps
from .store import Page, Store

BY_NAME: Final = ("name", "-name")
BY_HOST: Final = ("pushed", "-pushed", "pulled", "-pulled", "size", "-size", "semver", "-semver")
"""Orders that only the registry knows."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag. What else than its name is known depends on the registry: see `Repository.tags`."""

    name: str
    digest: Digest | None = None
    pushed: str = ""
    """When it was last set: RFC 3339."""
    pulled: str = ""
    """When its last pull was recorded: RFC 3339."""
    size: int | None = None
    """Bytes of all its manifests, configs and layers."""
    platforms: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The tag as plain data."""
        return {
            "name": self.name,
            "digest": None if self.digest is None else str(self.digest),
            "pushed": self.pushed or None,
            "pulled": self.pulled or None,
            "size": self.size,
            "platforms": list(self.platforms),
        }

    def __str__(self) -> str:
        return self.name


def tag_pages(store: Store, match: str | None, sort: str | None) -> Callable[[str], Steps[Page[Tag]]]:
    """Fetches pages of tags. Raises InvalidReference for an unknown order."""
    if sort is not None and sort not in BY_NAME + BY_HOST:
        raise InvalidReference(f'invalid order "{sort}": expected one of {", ".join(BY_NAME + BY_HOST)}')
    if sort in BY_HOST:
        return lambda after: _by_host(store, match, str(sort), after)
    fits = pattern(match)
    if sort is not None:
        return lambda _: _sorted(store, fits, sort == "-name")

    def page(after: str) -> Steps[Page[Tag]]:
        found = yield from store.tags(after)
        return Page([Tag(name) for name in found.items if fits(name)], found.next)

    return page


def _sorted(store: Store, fits: Callable[[str], bool], descending: bool) -> Steps[Page[Tag]]:
    names = [name for name in (yield from all_tags(store)) if fits(name)]
    return Page([Tag(name) for name in sorted(names, reverse=descending)], "")


def all_tags(store: Store) -> Steps[list[str]]:
    """Names of all tags."""
    names: list[str] = []
    after, walk = "", Walk(f"tags of {store.location}")
    while True:
        page = yield from store.tags(after)
        walk.begin(page)
        names += page.items
        after = walk.go_on(page)
        if not after:
            return names


def _by_host(store: Store, match: str | None, sort: str, after: str) -> Steps[Page[Tag]]:
    """What ocilot's own API knows of tags."""
    found = yield from tag_rows(store, match or "", sort, after)
    return Page([_tag(row) for row in found.items], found.next)


def _tag(row: dict[str, Any]) -> Tag:
    pushed, pulled = row.get("pushed") or {}, row.get("pulled") or {}
    return Tag(
        str(row["name"]),
        Digest(str(row["digest"])),
        str(pushed.get("at", "")),
        str(pulled.get("at", "")),
        int(row["size"]),
        tuple(str(one) for one in row.get("platforms", ())),
    )


def pattern(text: str | None) -> Callable[[str], bool]:
    """Whether a tag matches: `*`, `?` and `{one,other}`; None: all do. Raises InvalidReference.

    >>> [name for name in ("v1", "v2.0", "main") if pattern("v?*")(name)]
    ['v1', 'v2.0']
    """
    if text is None:
        return lambda _: True
    check_text("pattern", text, "a text with *, ? and {one,other}")
    try:
        found = re.compile(_expression(text))
    except ValueError:
        raise InvalidReference(
            f'invalid pattern "{text}": expected text with *, ? and {{one,other}}'
        ) from None
    return lambda name: found.fullmatch(name) is not None


def _expression(text: str) -> str:
    made, depth = "", 0
    for letter in text:
        if letter == "{":
            made, depth = made + "(?:", depth + 1
        elif letter == "}" and depth:
            made, depth = made + ")", depth - 1
        elif letter == "," and depth:
            made += "|"
        else:
            made += {"*": ".*", "?": "."}.get(letter) or re.escape(letter)
    if depth:
        raise ValueError("a brace is not closed")
    # Stars in a row mean the same as one, and would take long to compare.
    return re.sub(r"(?:\.\*){2,}", ".*", made)
