"""Decompression by the first bytes of a stream, not by its media type: labels of layers are wrong at times.

All members and frames are read. Output is made as it is asked for: a bomb costs no memory, and ends at the
limit.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

from ocilot.counting import counted
from ocilot.errors import ArchiveError, DecompressionLimit

from .source import CHUNK, Reader, Source, close_reader
from .zstd_frames import FrameHeader, zstd

EXPANDED_LIMIT: Final = 1 << 40
"""Bytes that a layer may expand to, unless another limit is set."""
WINDOW_LIMIT: Final = 128 << 20
"""Bytes of a zstd window: what `zstd` itself accepts without --long."""

_XZ_MEMORY: Final = 256 << 20
_INPUT: Final = 256 << 10
_FIRST_INPUT: Final = 16 << 10
"""Bytes that are tried first: layers for lazy pulling have a member for each file."""
_MAGIC: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
)


def compression_of(head: bytes) -> str:
    """`gzip`, `zstd`, `xz`, `bzip2` or `none`, by the first 8 bytes."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    # A skippable frame of zstd has one of 16 magic numbers.
    return "zstd" if len(head) >= 4 and head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50 else "none"


class Decompressed:
    """The content of a compressed stream, as a reader; an uncompressed one stays as it is.

    >>> Decompressed([b"plain"]).read()
    b'plain'
    """

    def __init__(
        self,
        source: Reader | Iterable[bytes] | Source,
        *,
        name: str = "",
        limit: int = EXPANDED_LIMIT,
        window: int = WINDOW_LIMIT,
    ) -> None:
        """`limit`: bytes that it may expand to; `window`: bytes of a window of zstd; `name`: for messages."""
        self._reader = source
        self._source = source if isinstance(source, Source) else Source(source)
        self._name = name
        self._limit = limit
        self._window = window
        self.compression: str = compression_of(self._source.peek(8))
        """`gzip`, `zstd`, `xz`, `bzip2` or `none`."""
        self.position: int = 0
        """Bytes made so far."""
        self._chunks = self._decompress()
        self._rest = memoryview(b"")

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes; none at the end. A negative size: all that is left."""
        if size < 0:
            return b"".join(self)
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        taken, self._rest = self._rest[:size], self._rest[size:]
        self.position += len(taken)
        if self.position > self._limit:
            raise DecompressionLimit(f"{self._what()} expands to more than {counted(self._limit, 'byte')}")
        return bytes(taken)

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(CHUNK):
            yield chunk

    def close(self) -> None:
        """Closes what it reads from."""
        if isinstance(self._reader, Reader):
            close_reader(self._reader)

    def _decompress(self) -> Iterator[bytes]:
        match self.compression:
            case "gzip":
                return self._members(_Gzip, b"\x1f\x8b")
            case "xz":
                return self._members(_xz, b"\xfd7zXZ\x00")
            case "bzip2":
                return self._members(bz2.BZ2Decompressor, b"BZh")
            case "zstd":
                return self._frames()
        return self._plain()

    def _plain(self) -> Iterator[bytes]:
        while chunk := self._source.some(CHUNK):
            yield chunk

    def _members(self, kind: Callable[[], _Stream], magic: bytes) -> Iterator[bytes]:
        """One stream after another; NULs may pad the end."""
        while True:
            yield from self._one(kind())
            head = self._source.peek(len(magic))
            if head == magic:
                continue
            self._padding()
            return

    def _padding(self) -> None:
        while data := self._source.peek(4096):
            padding = len(data) - len(data.lstrip(b"\0"))
            self._source.exactly(padding)
            if padding < len(data):
                raise ArchiveError(
                    f"{self._what()} has data after its end, at offset {self._source.position}: "
                    "expected nothing or zeros"
                )

    def _frames(self) -> Iterator[bytes]:
        while True:
            head = self._source.peek(18)
            if not head:
                return
            header = FrameHeader.parse(head)
            if header is None:
                self._padding()
                return
            if header.skippable is not None:
                if not self._source.skip(8 + header.skippable):
                    raise self._truncated()
                continue
            if header.window > self._window:
                raise DecompressionLimit(
                    f"{self._what()} needs a window of {header.window} bytes at offset "
                    f"{self._source.position}: expected at most {self._window}"
                )
            yield from self._one(zstd().ZstdDecompressor(options=header.options(zstd())))

    def _one(self, stream: _Stream) -> Iterator[bytes]:
        """Output of one stream; what it does not use stays in the source."""
        start = self._source.position
        size = _FIRST_INPUT
        while not stream.eof:
            data = b""
            if stream.needs_input:
                data = self._source.some(size)
                if not data:
                    raise self._truncated()
                size = _INPUT
            try:
                made = stream.decompress(data, CHUNK)
            except (zlib.error, lzma.LZMAError, OSError, zstd_error()) as problem:
                raise ArchiveError(
                    f"{self._what()} is damaged in the stream from offset {start}: {problem}"
                ) from None
            if made:
                yield made
        self._source.back(len(stream.unused_data))

    def _what(self) -> str:
        kind = f"{self.compression} data" if self.compression != "none" else "data"
        return f"{kind} of {self._name}" if self._name else kind

    def _truncated(self) -> ArchiveError:
        return ArchiveError(f"{self._what()} is truncated at offset {self._source.position}")


class _Stream(Protocol):
    """What all decompressors of the standard library have, but for that of zlib."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor in the form of the others."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail and not self._full

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    _full = False

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        made = self._stream.decompress(data or self._stream.unconsumed_tail, max_length)
        # A full piece: there may be more output without more input.
        self._full = len(made) == max_length
        return made


def _xz() -> Any:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


def zstd_error() -> type[Exception]:
    """What zstd raises."""
    error: type[Exception] = zstd().ZstdError
    return error
