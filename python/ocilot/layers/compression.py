"""Compression whose output depends on nothing but its input: gzip is written by the core.

The gzip of Python differs between versions and machines (zlib, zlib-ng), and with it the digest of a layer.
zstd is that of the installed library: its output may differ from one version of it to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ocilot.errors import InvalidReference

from .source import CHUNK, Reader, as_reader, chunks_of
from .zstd_frames import zstd

KINDS: Final = ("gzip", "zstd", "none")
LEVELS: Final = {"gzip": range(1, 10), "zstd": range(1, 20), "none": range(1)}


class Compressor:
    """Compresses a stream piece by piece.

    >>> gzip = Compressor("gzip")
    >>> data = gzip.write(b"layer") + gzip.finish()
    >>> data[:2].hex()
    '1f8b'
    """

    def __init__(self, kind: str = "gzip", level: int | None = None) -> None:
        """`kind`: `gzip`, `zstd` or `none`; `level`: 1 to 9 for gzip (6), 1 to 19 for zstd (3)."""
        if kind not in KINDS:
            raise InvalidReference(f'unknown compression "{kind}": expected gzip, zstd or none')
        levels = LEVELS[kind]
        if level is not None and level not in levels:
            raise InvalidReference(
                f"invalid compression level {level} for {kind}: expected {levels[0]} to {levels[-1]}"
            )
        self.kind = kind
        self._stream: Any = _stream(kind, level)

    def write(self, data: bytes) -> bytes:
        """Compressed bytes, as far as they are ready."""
        if self._stream is None:
            return data
        made: bytes = self._stream.write(data)
        return made

    def finish(self) -> bytes:
        """The rest of the compressed bytes."""
        if self._stream is None:
            return b""
        made: bytes = self._stream.finish()
        return made


def compressed(
    source: Reader | Iterable[bytes], kind: str = "gzip", level: int | None = None
) -> Iterator[bytes]:
    """All of a source, compressed, in chunks."""
    compressor = Compressor(kind, level)
    for chunk in chunks_of(as_reader(source), CHUNK):
        if made := compressor.write(chunk):
            yield made
    if made := compressor.finish():
        yield made


def _stream(kind: str, level: int | None) -> Any:
    if kind == "gzip":
        from ocilot._core import GzipWriter

        return GzipWriter(6 if level is None else level)
    if kind == "zstd":
        return _Zstd(3 if level is None else level)
    return None


class _Zstd:
    """zstd's compressor, with a checksum in each frame."""

    def __init__(self, level: int) -> None:
        module = zstd()
        parameter = module.CompressionParameter
        self._module = module
        self._stream = module.ZstdCompressor(
            options={parameter.compression_level: level, parameter.checksum_flag: 1}
        )

    def write(self, data: bytes) -> bytes:
        made: bytes = self._stream.compress(data)
        return made

    def finish(self) -> bytes:
        made: bytes = self._stream.flush(self._module.ZstdCompressor.FLUSH_FRAME)
        return made
