"""References that remember the client they were made with: what a copy writes to with its credentials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ocilot.references import Reference

from .registry_store import RegistryStore


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NamedReference(Reference):
    """What `repository["v1"]` and `registry / "team/app:v1"` are: equal to the reference they print as."""

    open: Callable[[str], RegistryStore] = field(kw_only=True)
    """Opens a repository of the same registry, by its name."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and str(self) == str(other)

    def __hash__(self) -> int:
        # As a plain reference with the same fields has it.
        return hash((self.registry, self.repository, self.tag, self.digest))

    def __repr__(self) -> str:
        return f"<Reference {self}>"
