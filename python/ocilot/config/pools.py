"""The section `ocilot.pools`."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .values import count

if TYPE_CHECKING:
    from ocilot import _core

Threads = Annotated[int, count(1)]


class Pools(Section):
    """Threads for blocking disk access, started on demand."""

    write: Threads = 8
    """Maximum threads that write and sync files. Raise it for storage with a slow sync that syncs several
    files at once, such as a network file system."""
    read: Threads = 8
    """Maximum threads that read data not cached in memory. Raise it for storage with many disks."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.write_threads, settings.read_threads = self.write, self.read
