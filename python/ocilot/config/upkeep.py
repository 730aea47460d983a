"""The sections of what runs beside the requests: `ocilot.gc`, `ocilot.scrub`, `ocilot.audit` and so on."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .values import DURATION, FLAG, RATE, count

if TYPE_CHECKING:
    from ocilot import _core

Flag = Annotated[bool, FLAG]
Duration = Annotated[int, DURATION]


class GarbageCollection(Section):
    enabled: Flag = True
    """Whether the garbage collection removes manifests, links and blobs that nothing needs."""
    grace: Duration = 24 * 3600
    """Grace period: deleted, untagged and overwritten content can be restored until it is over; 0:
    removed at once."""
    pending: Duration = 3600
    """Minimum time that pushed content without a tag or a manifest is kept, even if `ocilot.gc.grace` is
    shorter. It must be longer than the push of an image takes."""
    rate: Annotated[int, count(0)] = 28_000
    """Maximum objects reviewed per second; 0: unlimited."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.gc, settings.gc_rate = self.enabled, self.rate
        settings.gc_grace, settings.gc_pending = self.grace, self.pending


class Scrub(Section):
    enabled: Flag = True
    """Whether the scrub reads all blobs in the background and quarantines corrupted ones."""
    interval: Duration = 168 * 3600
    """Interval between two rounds over all blobs."""
    rate: Annotated[int, RATE] = 16 * 1024 * 1024
    """Maximum read rate."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.scrub = self.enabled
        settings.scrub_rate, settings.scrub_interval = self.rate, self.interval


class Audit(Section):
    """Audit log of changes and refusals."""

    keep: Duration = 2160 * 3600
    """Retention of the audit log; 0: unlimited."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.audit_age = self.keep


class TagHistory(Section):
    """Retention of the history of each tag. The last entry of an existing tag is always kept."""

    keep: Duration = 8760 * 3600
    """Retention of history entries; 0: unlimited."""
    entries: Annotated[int, count(0)] = 1000
    """Maximum history entries of a tag; 0: unlimited."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.history_age, settings.history_entries = self.keep, self.entries
