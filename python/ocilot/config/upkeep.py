"""The sections of what runs beside the requests: `ocilot.scrub`, `ocilot.audit` and `ocilot.taghistory`."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .values import DURATION, FLAG, RATE, count

if TYPE_CHECKING:
    from ocilot import _core

Flag = Annotated[bool, FLAG]
Duration = Annotated[int, DURATION]


class Scrub(Section):
    enabled: Flag = True
    """Whether blobs are read again in the background, and rotten ones taken away."""
    interval: Duration = 168 * 3600
    """Time between two rounds over all blobs."""
    rate: Annotated[int, RATE] = 16 * 1024 * 1024
    """Bytes a second it reads at most."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.scrub = self.enabled
        settings.scrub_rate, settings.scrub_interval = self.rate, self.interval


class Audit(Section):
    """What is remembered of changes and refusals."""

    keep: Duration = 2160 * 3600
    """How long changes and refusals are remembered; 0: for ever."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.audit_age = self.keep


class TagHistory(Section):
    """How much of the history of each tag is kept. The last entry of a tag that exists always is."""

    keep: Duration = 8760 * 3600
    """How long entries are kept; 0: any time."""
    entries: Annotated[int, count(0)] = 1000
    """Entries kept of each tag; 0: any number."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.history_age, settings.history_entries = self.keep, self.entries
