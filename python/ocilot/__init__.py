"""ocilot: a container and OCI artifact registry.

>>> with ocilot.Server(root="data") as server:
...     print(server.url)
"""

from ocilot import errors
from ocilot._core import __version__
from ocilot.integrity import fsck
from ocilot.server import Server

__all__ = ["Server", "__version__", "errors", "fsck"]
