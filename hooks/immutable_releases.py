"""Release tags cannot be moved or deleted, and content that they need cannot be deleted.

A tag that matches `pattern` is a release. Pushing the same image again under the same tag is allowed.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ocilot.hooks import Decision, Deletion, Deny, Hook, TagMove, asked_once


@dataclass
class ImmutableReleases(Hook):
    pattern: str = "v[0-9]*"  # release tags, as a file name pattern: *, ?, [...]

    def admit_tag(self, move: TagMove) -> Decision:
        """Rejects the move of a release tag to another digest."""
        if self.is_release(move.tag) and move.previous not in (None, move.digest):
            return Deny(f"tag {move.tag} is a release and cannot be moved: push the image under a new tag")
        return None

    @asked_once
    def admit_delete(self, deletion: Deletion) -> Decision:
        """Rejects the deletion of a release tag, and of content that a release tag needs."""
        for tag in (deletion.tag, *deletion.tags):
            if tag and self.is_release(tag):
                return Deny(f"tag {tag} is a release: neither it nor content that it needs can be deleted")
        return None

    def is_release(self, tag: str) -> bool:
        return fnmatchcase(tag, self.pattern)
