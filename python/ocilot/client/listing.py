"""Lists that are fetched page by page while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from ocilot.display import frame, table_of
from ocilot.errors import Error

from .drive import run
from .pages import Walk
from .steps import Steps
from .store import Page

T = TypeVar("T")
Row = Mapping[str, Any]
SHOWN = 50
"""Rows that a notebook shows."""


class Listing(Generic[T]):
    """A list of a registry, fetched page by page while it is read; each pass asks again.

    >>> [tag.name for tag in app.tags(match="v1*")]
    ['v1', 'v1.1']
    """

    def __init__(self, title: str, fetch: Callable[[str], Steps[Page[T]]], row: Callable[[T], Row]) -> None:
        self.title = title
        """What is listed, such as `tags of registry.example/team/app`."""
        self._fetch = fetch
        self._row = row

    def __iter__(self) -> Iterator[T]:
        after, walk = "", Walk(self.title)
        while True:
            page = run(self._fetch(after))
            walk.begin(page)
            yield from page.items
            after = walk.go_on(page)
            if not after:
                return

    def all(self) -> list[T]:
        """Every item, in memory.

        Raises what the pages raise: AuthError, NotFound, RateLimited, NetworkError.

        >>> len(app.tags().all())
        3
        """
        return list(self)

    def first(self) -> T | None:
        """The first item; None if there is none. Fetches one page.

        >>> tag = app.tags().first()
        >>> tag.name if tag else "no tag"
        'latest'
        """
        for item in self:
            return item
        return None

    def to_df(self) -> Any:
        """A data frame of all items: of pandas, or else of polars. Raises Unsupported without both.

        >>> app.tags().to_df()["name"].tolist()  # doctest: +SKIP
        ['latest', 'v1', 'v1.1']
        """
        rows = [dict(self._row(item)) for item in self.all()]
        return frame(rows, list(rows[0]) if rows else ["name"])

    def _repr_html_(self) -> str:
        # The one place where showing something reads it: a notebook waits for that.
        rows: list[Row] = []
        note = ""
        try:
            for item in self:
                if len(rows) == SHOWN:
                    note = f"the first {SHOWN}; all() and to_df() have all"
                    break
                rows.append(self._row(item))
        except Error as problem:
            note = str(problem)
        return table_of(self.title, rows, note or ("" if rows else "none"))

    def __repr__(self) -> str:
        return f"<Listing of {self.title}>"
