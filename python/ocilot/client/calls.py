"""Calls about one repository: their paths, and the rights that a token needs for them."""

from __future__ import annotations

from dataclasses import dataclass

from .session import Call, Session
from .tokens import Scopes


@dataclass(slots=True)
class RepositoryCalls:
    """Makes the calls of a repository."""

    session: Session
    host: str
    repository: str
    push: bool = False
    """Whether it is written: then every token allows that, and one is enough for a whole push."""

    @property
    def location(self) -> str:
        """Host and repository, for messages."""
        return f"{self.host}/{self.repository}"

    def path(self, rest: str) -> str:
        """Path of something in the repository."""
        return f"/v2/{self.repository}/{rest}"

    def named(self, reference: str) -> str:
        """A tag or digest, for messages."""
        return f"{self.location}{'@' if ':' in reference else ':'}{reference}"

    def scopes(self, right: str = "pull", mount_from: str = "") -> Scopes:
        """What a token must allow; `right`: `pull` or `delete`."""
        actions = "pull,push,delete" if right == "delete" else "pull,push" if self.push else "pull"
        own = f"repository:{self.repository}:{actions}"
        return (own, f"repository:{mount_from}:pull") if mount_from else (own,)

    def call(self, method: str, rest: str, action: str, right: str = "pull") -> Call:
        """A call about something in the repository."""
        return self.at(method, self.path(rest), action, right)

    def at(self, method: str, path: str, action: str, right: str = "pull") -> Call:
        """A call at a path, or at a URL, that the registry named."""
        return Call(method, path, action, self.scopes(right), self.repository)
