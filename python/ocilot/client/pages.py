"""The way through the pages of a list: it ends, whatever the registry says of the next page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ocilot.errors import RegistryError

from .store import Page


class Walk:
    """Notes the pages of a list, so that none is read twice.

    >>> walk = Walk("tags of r.example/app")
    >>> walk.begin(Page(["v1"], "?last=v1")), walk.go_on(Page(["v1"], "?last=v1"))
    (None, '?last=v1')
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._asked = {""}
        self._first: Sequence[Any] = ()
        self._before: Sequence[Any] = ()

    def begin(self, page: Page[Any]) -> None:
        """Notes a page. Raises RegistryError if it is the first one or the one before once more."""
        items = list(page.items)
        if items and items in (self._first, self._before):
            raise self._loops()
        self._first = self._first or items
        self._before = items

    def go_on(self, page: Page[Any]) -> str:
        """Where the next page begins; empty at the end. Raises RegistryError if that was read already."""
        if page.next and page.next in self._asked:
            raise self._loops()
        self._asked.add(page.next)
        return page.next

    def _loops(self) -> RegistryError:
        return RegistryError(
            f'cannot list {self._title}: the "Link" header leads back to a page that was read already',
            hint="the list is incomplete; a proxy before the registry may drop the query of requests",
        )
