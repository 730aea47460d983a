"""The section `ocilot.metrics`."""

from typing import TYPE_CHECKING, Annotated

from .access import SUBJECTS
from .section import Section

if TYPE_CHECKING:
    from ocilot import _core


class Metrics(Section):
    """Access to `/metrics` at `http.addr`."""

    readers: Annotated[list[str], SUBJECTS] = []
    """Callers who may read `/metrics` besides administrators, written as in access rules: `robot:prometheus`,
    `group:ops`, `anonymous`. Without accounts, and at `http.debug.addr`, `/metrics` needs no login."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.metrics_readers = self.readers
