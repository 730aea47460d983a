"""The values of `retain`: the tags of a repository when a retention plan is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Tag:
    """A tag of a repository."""

    name: str
    digest: str
    """Digest of the image that it points to."""
    pushed: datetime
    """When a client last set the tag, also to the same digest; or when it was restored."""
    size: int = 0
    """Bytes of the image: manifests, configurations and layers, each once."""
    media_type: str = ""
    artifact_type: str = ""
    """Of the manifest; without one, the media type of its configuration."""
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Annotations of the manifest."""
    manifests: tuple[str, ...] = ()
    """Digests of the manifests in the index that it points to, one for each platform."""
    pulled: datetime | None = None
    """When it was last pulled; None if that is not known."""
    pulls: int = 0
    """How often it was pulled."""


@dataclass(frozen=True)
class TagHistory:
    """The tags of a repository, when a plan is made that would delete some of them: the value of `retain`."""

    repository: str
    at: datetime
    """When the plan is made: ages of tags count from here."""
    tags: tuple[Tag, ...] = field(default=(), repr=False)
    """All tags, the newest first, but for those of signatures and attestations (`sha256-<hex>...`). These
    stay with their image."""
    aliases: tuple[str, ...] = field(default=(), repr=False)
    """Other names under which the repository can be pulled."""

    def matching(self, pattern: str) -> tuple[Tag, ...]:
        """The tags whose name matches a file name pattern (`*`, `?`, `[...]`), the newest first."""
        return tuple(tag for tag in self.tags if fnmatchcase(tag.name, pattern))

    def age(self, tag: Tag) -> timedelta:
        """The time since a tag was pushed."""
        return self.at - tag.pushed
