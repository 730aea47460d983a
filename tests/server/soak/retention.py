"""The policy under which the soak runs, and what a client may believe of tags that it deletes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ..kill_client import Key
from .content import Artifact

PREVIEWS = tuple(f"pr-{number}" for number in range(1, 6))
NEWEST = 2
"""So many previews of each repository stay."""
KEPT_NUMBERS = ("0", "1", "2")
"""Images with these numbers stay with all of their previews."""

POLICY = {
    "name": "previews",
    "repositories": ["team/**"],
    "floor": 0,
    "keep": [
        {"tags": "pr-*", "newest": NEWEST},
        {"tags": "pr-*", "annotation": {"number": f"{{{','.join(KEPT_NUMBERS)}}}"}},
    ],
    "delete": [{"tags": "pr-*"}],
    # Not while the soak runs: only clients and comparisons make plans.
    "every": "90d",
    "at": "00:00",
}


def is_preview(key: Key) -> bool:
    return key[0] == "tag" and key[2] in PREVIEWS


def is_always_kept(artifact: Artifact) -> bool:
    """By its annotation. Indexes have none."""
    return json.loads(artifact.content.data).get("annotations", {}).get("number") in KEPT_NUMBERS


@dataclass
class Previews:
    """The order in which previews were set, and those that a plan may have deleted."""

    set_at: dict[Key, tuple[int, str]] = field(default_factory=dict)
    """The change that set it. Of tags that one change has set, the last by name is the newest."""
    in_doubt: dict[Key, str] = field(default_factory=dict)
    """With the digests that they have unless a plan has deleted them."""
    _changes: int = 0

    def note_set(self, keys: Collection[Key]) -> None:
        """By one change, which was the last."""
        self._changes += 1
        for key in filter(is_preview, keys):
            self.set_at[key] = (self._changes, key[2])
            self.in_doubt.pop(key, None)

    def newest_first(self, keys: Iterable[Key]) -> list[Key]:
        return sorted(keys, key=self.set_at.__getitem__, reverse=True)

    def doubtful(self, repository: str, digest: str | None = None) -> list[Key]:
        """Those in doubt, the newest first; or those with this digest."""
        keys = (
            key for key, value in self.in_doubt.items() if key[1] == repository and digest in (None, value)
        )
        return self.newest_first(keys)
