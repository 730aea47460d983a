"""What only an ocilot registry knows of a repository: `/api/v1`, for its administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from ocilot.errors import NotFound, Unsupported
from ocilot.oci import Digest

from .registry_store import RegistryStore, listed
from .session import Call
from .steps import Steps
from .store import Page, Store

PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """A change of a tag."""

    at: str
    """RFC 3339."""
    by: str
    """Empty for an anonymous caller."""
    digest: Digest | None
    """What the tag was set to; None: it was removed."""

    def to_json(self) -> dict[str, Any]:
        """The change as plain data."""
        return {"at": self.at, "by": self.by, "digest": None if self.digest is None else str(self.digest)}


def tag_rows(store: Store, match: str, sort: str, after: str) -> Steps[Page[dict[str, Any]]]:
    """A page of tags with all that is known of them. Raises Unsupported on other registries."""
    query = {"sort": sort, "n": PAGE_SIZE} | ({"match": match} if match else {})
    return (yield from _page(store, after, f"tags?{urlencode(query)}", "tags", "sort tags so"))


def history(store: Store, tag: str, after: str) -> Steps[Page[HistoryItem]]:
    """A page of the changes of a tag, the newest first. Raises Unsupported on other registries."""
    path = f"tags/{quote(tag, safe='')}/history?n={PAGE_SIZE}"
    found = yield from _page(store, after, path, "entries", "record the history of tags")
    return Page([_item(entry) for entry in found.items], found.next)


def _item(entry: dict[str, Any]) -> HistoryItem:
    digest = entry.get("digest")
    return HistoryItem(
        str(entry.get("at", "")), str(entry.get("by", "")), Digest(str(digest)) if digest else None
    )


def _page(store: Store, after: str, path: str, name: str, what: str) -> Steps[Page[dict[str, Any]]]:
    if not isinstance(store, RegistryStore):
        raise Unsupported(f"{store.location} does not {what}: only ocilot registries do")
    place = after or f"/api/v1/repositories/{store.repository}/{path}"
    made = Call("GET", place, f"list the {name} of {store.location}", repository=store.repository)
    made.administers = True
    try:
        entries, following = yield from listed(store.session, store.host, made, name)
    except NotFound as problem:
        if any(one.get("code") == "NAME_UNKNOWN" for one in problem.errors):
            raise
        raise Unsupported(f"{store.host} does not {what}: only ocilot registries do") from None
    return Page([entry for entry in entries if isinstance(entry, dict)], following)
