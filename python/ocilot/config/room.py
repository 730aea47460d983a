"""The section `ocilot.storage`."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .values import FLAG, SIZE_OR_NONE

if TYPE_CHECKING:
    from ocilot import _core


class StorageRoom(Section):
    """Free space, and blobs that are in use."""

    reserve: Annotated[int, SIZE_OR_NONE] = 64 * 1024 * 1024
    """Space of the file system that uploads leave free; an upload that needs it is rejected with 507.
    Manifests, deletes, logins and the garbage collection may use it. 0: no reserve."""
    deletereferenced: Annotated[bool, FLAG] = True
    """Whether a blob may be deleted while a manifest of its repository references it. `false`: rejected with
    405 and the digests of such manifests."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.storage_reserve = self.reserve
        settings.delete_referenced = self.deletereferenced
