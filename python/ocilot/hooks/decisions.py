"""What a hook can answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

LONGEST_REASON = 4096
"""Characters of a reason that anybody is shown."""


@dataclass(frozen=True)
class Allow:
    """Yes."""

    ttl: float = 0
    """Seconds for which `authorize` need not be asked the same again; 0: as the registry likes."""


@dataclass(frozen=True)
class Deny:
    """No; whoever typed `docker push` reads the reason."""

    reason: str
    """One sentence: what is refused, why, what to do. Shown to the caller, so without secrets."""


Decision: TypeAlias = Allow | Deny | None
"""The answer of `authorize` and `admit_*`; what None means says the family of the point."""
