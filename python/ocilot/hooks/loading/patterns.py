"""Where a script applies: patterns of repository names, which the core compares."""

from __future__ import annotations

from collections.abc import Sequence

from ocilot import _core

_MOST_KEPT = 10_000


class Patterns:
    """Where a script applies; remembers what it has answered.

    Raises ConfigError with the reason for a text that is no pattern.
    """

    def __init__(self, texts: Sequence[str] | None) -> None:
        self._patterns = None if texts is None else [_core.RepositoryPattern(text) for text in texts]
        self._known: dict[str, bool] = {}

    def covers(self, repository: str | None) -> bool:
        """Whether a repository is among them; None, the registry as a whole, only if they are everything."""
        if self._patterns is None:
            return True
        if repository is None:
            return False
        known = self._known.get(repository)
        if known is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            known = any(pattern.matches(repository) for pattern in self._patterns)
            self._known[repository] = known
        return known
