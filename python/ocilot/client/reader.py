"""A blob as a file: read in order, verified at its end."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from ocilot.counting import counted
from ocilot.oci import Descriptor

from .drive import run
from .options import Limits
from .steps import Stream
from .store import Store
from .transfer import Download


class BlobReader:
    """Reads a blob in order; a connection that breaks is opened again at the same byte.

    Digest and size are compared before the last bytes are returned: IntegrityError.

    >>> layer = app.get("v1").layers[0]
    >>> with app.open_blob(layer.descriptor) as blob:
    ...     sum(len(chunk) for chunk in blob) == layer.size
    True
    """

    def __init__(self, store: Store, descriptor: Descriptor, limits: Limits) -> None:
        self.descriptor = descriptor
        """Digest, size and media type."""
        self._download = Download(store, descriptor)
        self._chunk = limits.chunk
        self._stream: Stream | None = None
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, none at the end; -1: all that is left, in memory.

        Raises NotFound, IntegrityError, NetworkError, and ValueError after `close`.

        >>> with app.open_blob(app.get("v1").layers[0].descriptor) as blob:
        ...     len(blob.read(2))
        2
        """
        if size < 0:
            return b"".join(list(self))
        if self._ended:
            raise ValueError(f"blob {self.descriptor.digest} was closed")
        if self._stream is None:
            self._stream = run(self._download.open())
        return run(self._stream.read(size)) if size else b""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            chunk = self.read(self._chunk)
            if not chunk:
                return
            yield chunk

    def close(self) -> None:
        """Releases the connection; may be called again."""
        stream, self._stream = self._stream, None
        self._ended = True
        if stream is not None:
            run(stream.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<BlobReader {self.descriptor.digest} {counted(self.descriptor.size, 'byte')}>"
