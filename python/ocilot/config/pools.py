"""The section `ocilot.pools`."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .values import count

if TYPE_CHECKING:
    from ocilot import _core

Threads = Annotated[int, count(1)]


class Pools(Section):
    """Threads for calls that wait for the disk; they are started when they are needed."""

    write: Threads = 8
    """Most threads that write and sync files. More of them help storage whose sync is slow and that syncs
    several files at once, such as a network file system."""
    read: Threads = 8
    """Most threads that read what is not in memory. More of them help storage with many disks."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.write_threads, settings.read_threads = self.write, self.read
