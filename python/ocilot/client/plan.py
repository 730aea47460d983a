"""What would be removed: shown first, done by `apply`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ocilot.display import table
from ocilot.oci import Digest

from .drive import run
from .steps import Steps

SHOWN: Final = 50
"""Rows that a notebook shows of what is removed, and of what is kept."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that a plan removes or keeps."""

    kind: str
    """`tag`, `manifest` or `blobs`."""
    name: str
    digest: Digest | None = None
    note: str = ""

    def __str__(self) -> str:
        said = f"{self.kind} {self.name}"
        if self.digest is not None and self.digest != self.name:
            said += f" ({self.digest})"
        return f"{said}: {self.note}" if self.note else said

    def to_json(self) -> dict[str, Any]:
        """The item as plain data."""
        return {
            "kind": self.kind,
            "name": self.name,
            "digest": None if self.digest is None else str(self.digest),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Applied:
    """What `Plan.apply` did."""

    removed: tuple[Item, ...]
    absent: tuple[Item, ...] = ()
    """Items that had been removed already."""


class Plan:
    """A removal that was not done yet. `print` shows it, `apply` does it.

    >>> plan = app.untag("v1.1")
    >>> print(plan)  # doctest: +ELLIPSIS
    removes from .../team/app:
      tag v1.1 (sha256:...)
    keeps:
      manifest sha256:...
    >>> plan.apply().removed[0].name
    'v1.1'
    """

    def __init__(
        self,
        where: str,
        removes: tuple[Item, ...],
        keeps: tuple[Item, ...],
        carry_out: Callable[[], Steps[Applied]],
    ) -> None:
        self.where = where
        """Location of the repository."""
        self.removes = removes
        """All that is removed."""
        self.keeps = keeps
        """What belongs to it and stays."""
        self._carry_out = carry_out

    def apply(self) -> Applied:
        """Removes it. What is absent already counts as done, so that it can be repeated.

        Raises Conflict if a tag was moved since the plan was made, AuthError, Unsupported where the registry
        does not delete, NetworkError.
        """
        return run(self._carry_out())

    def to_json(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {
            "where": self.where,
            "removes": [item.to_json() for item in self.removes],
            "keeps": [item.to_json() for item in self.keeps],
        }

    def __str__(self) -> str:
        lines = [f"removes from {self.where}:", *(f"  {item}" for item in self.removes)]
        if self.keeps:
            lines += ["keeps:", *(f"  {item}" for item in self.keeps)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [("removes", item) for item in self.removes[:SHOWN]]
        rows += [("keeps", item) for item in self.keeps[:SHOWN]]
        more = len(self.removes) + len(self.keeps) - len(rows)
        title = f"plan for {self.where}: removes {len(self.removes)}, keeps {len(self.keeps)}"
        cells = [
            (verb, item.kind, item.name, "" if item.digest == item.name else item.digest, item.note)
            for verb, item in rows
        ]
        note = f"and {more} more; print() shows all" if more else "" if rows else "nothing"
        return table(title, ("", "kind", "name", "digest", "note"), cells, note)

    def __repr__(self) -> str:
        return f"<Plan for {self.where}: removes {len(self.removes)}, keeps {len(self.keeps)}>"
