"""ocilot: a container and OCI artifact registry.

>>> with ocilot.Server(root="data") as server:
...     print(server.url)
"""

from typing import TYPE_CHECKING, Any

from ocilot import errors
from ocilot._core import __version__
from ocilot.server import Server

if TYPE_CHECKING:
    from ocilot.integrity import fsck
    from ocilot.takeover import import_distribution

__all__ = ["Server", "__version__", "errors", "fsck", "import_distribution"]


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: serving does not need it.
    if name == "fsck":
        from ocilot.integrity import fsck

        return fsck
    if name == "import_distribution":
        from ocilot.takeover import import_distribution

        return import_distribution
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
