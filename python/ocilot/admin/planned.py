"""Plans of the administration API."""

from __future__ import annotations

from collections.abc import Callable

from ocilot.client.plan import Applied, Item, Plan
from ocilot.client.steps import Steps

from .types import CollectionPlan, Repository, RetentionPlan

Source = CollectionPlan | RetentionPlan | Repository


class AdminPlan(Plan):
    """What the registry would remove: `print` shows it, `apply` does it and waits for its end.

    `apply` raises Conflict if what is to be deleted has changed since, PartialError if a hook denied a part.

    >>> plan = admin.gc.plan(now=True)
    >>> plan.removes
    ()
    >>> plan.apply().removed
    ()
    """

    def __init__(
        self,
        where: str,
        removes: tuple[Item, ...],
        keeps: tuple[Item, ...],
        carry_out: Callable[[], Steps[Applied]],
        summary: str,
        source: Source,
    ) -> None:
        super().__init__(where, removes, keeps, carry_out)
        self.summary = summary
        """Counts and bytes, as a sentence."""
        self.source = source
        """What the registry answered."""

    def __str__(self) -> str:
        return "\n".join(filter(None, [super().__str__(), self.summary]))
