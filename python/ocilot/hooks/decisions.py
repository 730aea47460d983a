"""The decisions of hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

LONGEST_REASON = 4096
"""Maximum characters of a reason in a response or a log line."""


@dataclass(frozen=True)
class Allow:
    """No objection. For `authorize`: the access is allowed, and access rules are not asked."""

    ttl: float = 0
    """Seconds for which the registry caches an answer of `authorize`; 0: 30 seconds."""


@dataclass(frozen=True)
class Deny:
    """Rejected. `docker push` prints the reason."""

    reason: str
    """One sentence: what is rejected, why, and what to do. The client sees it, so it must hold no secrets."""


Decision: TypeAlias = Allow | Deny | None
"""An answer of `authorize` or `admit_*`. None: ask the access rules, or no objection (`admit_*`)."""
