"""Plans of the administration API, for asyncio."""

from __future__ import annotations

from collections.abc import Callable

from ocilot.admin.planned import Source
from ocilot.client.aio import AsyncPlan
from ocilot.client.plan import Applied, Item
from ocilot.client.steps import Steps


class AsyncAdminPlan(AsyncPlan):
    """The same for asyncio: `await plan.apply()`."""

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
