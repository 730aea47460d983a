"""The sections of what runs beside the requests: `ocilot.scrub` and `ocilot.audit`."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .values import DURATION, FLAG, RATE

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
