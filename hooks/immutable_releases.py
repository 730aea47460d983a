"""A release stays what it is: its tag is neither moved nor deleted, nor is anything that it needs.

A tag that fits `pattern` is a release. Whoever pushes the same image once more under the same tag changes
nothing, and may.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ocilot.hooks import Decision, Deletion, Deny, Hook, TagMove, asked_once


@dataclass
class ImmutableReleases(Hook):
    pattern: str = "v[0-9]*"  # tags that are releases, written as for file names: *, ?, [...]

    def admit_tag(self, move: TagMove) -> Decision:
        """Asked for every tag that a push sets."""
        if self.is_release(move.tag) and move.previous not in (None, move.digest):
            return Deny(f"{move.tag} is a release and stays what it is; push the image under a new tag")
        return None

    @asked_once
    def admit_delete(self, deletion: Deletion) -> Decision:
        """Asked once for what is deleted, with all tags that need it."""
        for tag in (deletion.tag, *deletion.tags):
            if tag and self.is_release(tag):
                return Deny(f"{tag} is a release; neither it nor anything that it needs is deleted")
        return None

    def is_release(self, tag: str) -> bool:
        return fnmatchcase(tag, self.pattern)
