"""Keep the newest versions of each minor version, and prereleases of what is not released yet.

`v1.4.2` and `1.4.2` are the same version. `v1.4.3-rc.1` stays until `v1.4.3` or a later patch of it exists.
Other tags, such as `latest` or `v1.4`, are left to the rules of the policy and to other hooks.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

from ocilot.hooks import Hook, Tag, TagHistory

VERSION = re.compile(r"v?(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?")


@dataclass
class NewestPerMinor(Hook):
    count: int = 3  # versions that are kept of each minor version

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"invalid count {self.count}: expected at least 1")

    def retain(self, history: TagHistory) -> list[Tag]:
        """By version, not by the time of the push: a late patch of an old minor version counts there only."""
        minors = defaultdict[tuple[int, int], list[tuple[int, bool, Tag]]](list)
        for tag in history.tags:
            if found := VERSION.fullmatch(tag.name):
                major, minor, patch = (int(number) for number in found.groups()[:3])
                minors[major, minor].append((patch, found[4] is None, tag))
        return [tag for versions in minors.values() for tag in self.kept(versions)]

    def kept(self, versions: list[tuple[int, bool, Tag]]) -> list[Tag]:
        released = sorted({patch for patch, is_release, _ in versions if is_release})
        newest = released[-self.count :]
        return [
            tag
            for patch, is_release, tag in versions
            if (patch in newest if is_release else not released or patch > released[-1])
        ]
