"""Tables of contents of layers for lazy pulling: eStargz and zstd:chunked.

A table is used only if an annotation of the layer's descriptor has its digest: the manifest vouches for it,
and it for each piece of a file. Whatever else is found, the whole layer is read instead.
"""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from ocilot.counting import counted
from ocilot.errors import ArchiveError, IntegrityError, InvalidReference, RegistryError, Unsupported
from ocilot.oci import Digest, digest_of

from .decompression import Decompressed
from .entry import NONE, FileType, TarEntry
from .source import Reader
from .tar_reader import TarReader

ESTARGZ_DIGEST: Final = "containerd.io/snapshot/stargz/toc.digest"
CHUNKED_DIGEST: Final = "io.github.containers.zstd-chunked.manifest-checksum"
CHUNKED_POSITION: Final = "io.github.containers.zstd-chunked.manifest-position"
TABLE_LIMIT: Final = 128 << 20
"""Bytes of a table, expanded."""

_FOOTER: Final = 51
_REQUEST: Final = 16 << 20
"""Bytes that one request reads."""
_TYPES: Final = {
    "reg": FileType.FILE,
    "dir": FileType.DIRECTORY,
    "symlink": FileType.SYMLINK,
    "hardlink": FileType.HARDLINK,
    "char": FileType.CHARACTER,
    "block": FileType.BLOCK,
    "fifo": FileType.FIFO,
}

ReadRange = Callable[[int, int], bytes]


class Piece:
    """A part of a file that is compressed by itself."""

    __slots__ = ("at", "digest", "inner", "offset", "size", "zeros")

    def __init__(self, found: Mapping[str, Any], size: int) -> None:
        self.offset: int = _number(found, "offset")
        """Where its frame or member begins in the layer."""
        self.inner: int = _number(found, "innerOffset")
        """Bytes before it in there."""
        self.at: int = _number(found, "chunkOffset")
        """Where it is in the file."""
        self.size: int = _number(found, "chunkSize") or max(0, size - self.at)
        """Bytes of the file; without a size of its own: the rest of the file."""
        self.digest: str = str(found.get("chunkDigest") or "")
        self.zeros: bool = found.get("chunkType") == "zeros"


class Table:
    """Entries of a layer, and where the pieces of its files are."""

    def __init__(self, found: Any, end: int) -> None:
        """`end`: where the data of the layer ends. Raises ArchiveError."""
        listed = found.get("entries") if isinstance(found, dict) else None
        if not isinstance(listed, list):
            raise ArchiveError("invalid table of contents: expected entries")
        self.entries: list[TarEntry] = []
        self._pieces: list[list[Piece]] = []
        self._digests: list[str] = []
        ends = {end}
        for item in listed:
            if not isinstance(item, dict):
                raise ArchiveError("invalid table of contents: expected an object for each entry")
            ends.update(_number(item, key) for key in ("offset", "endOffset"))
            if item.get("type") == "chunk":
                if self._pieces:
                    self._pieces[-1].append(Piece(item, self.entries[-1].size))
            elif item.get("type") in _TYPES:
                self._add(item)
        self._ends = sorted(ends)

    def _add(self, item: Mapping[str, Any]) -> None:
        entry = _entry(item)
        # Negative: it was not read from the archive itself.
        entry.offset = -1 - len(self.entries)
        self.entries.append(entry)
        self._pieces.append([Piece(item, entry.size)] if entry.size else [])
        self._digests.append(str(item.get("digest") or ""))

    def content(self, entry: TarEntry, read_range: ReadRange) -> Iterator[bytes]:
        """Content of one of the entries, verified. Raises Unsupported if that is not possible."""
        index = -1 - entry.offset
        pieces, digest = self._pieces[index], self._digests[index]
        end = 0
        for piece in pieces:
            if piece.at != end:
                raise Unsupported(f"the table of contents does not have all of {entry.name}")
            end += piece.size
        if end != entry.size:
            raise Unsupported(f"the table of contents does not have all of {entry.name}")
        if len(pieces) == 1 and not pieces[0].digest:
            pieces[0].digest = digest
        if not all(piece.digest or piece.zeros for piece in pieces):
            raise Unsupported(f"the table of contents has no digests of {entry.name}")
        for group in self._requests(pieces):
            yield from self._read(group, entry, read_range)

    def _requests(self, pieces: list[Piece]) -> Iterator[list[Piece]]:
        """Pieces that are next to each other, to be read at once."""
        group: list[Piece] = []
        for piece in pieces:
            if group and self._end_of(piece) - group[0].offset > _REQUEST and not piece.zeros:
                yield group
                group = []
            group.append(piece)
        if group:
            yield group

    def _read(self, group: list[Piece], entry: TarEntry, read_range: ReadRange) -> Iterator[bytes]:
        stored = [piece for piece in group if not piece.zeros]
        data, start = b"", 0
        if stored:
            start = min(piece.offset for piece in stored)
            length = max(self._end_of(piece) for piece in stored) - start
            data = exactly(read_range, start, length)
        for piece in group:
            if piece.zeros:
                yield from _zeros(piece.size)
                continue
            here = data[piece.offset - start : self._end_of(piece) - start]
            made = _expanded(here, piece)
            if digest_matches(made, piece.digest):
                yield made
            else:
                raise IntegrityError(
                    f"{entry.name} differs from its digest {piece.digest} in the table of contents"
                )

    def _end_of(self, piece: Piece) -> int:
        at = bisect_right(self._ends, piece.offset)
        return self._ends[at] if at < len(self._ends) else self._ends[-1]


def read_table(annotations: Mapping[str, str], size: int, read_range: ReadRange) -> Table | None:
    """The table of a layer; None if it has none that can be trusted, or if ranges cannot be read."""
    try:
        if annotations.get(CHUNKED_DIGEST) and annotations.get(CHUNKED_POSITION):
            return _chunked(annotations, read_range)
        if annotations.get(ESTARGZ_DIGEST) and size > _FOOTER:
            return _estargz(annotations[ESTARGZ_DIGEST], size, read_range)
    except (RegistryError, ArchiveError, IntegrityError):
        # The layer as a whole is still there, and has a digest of its own.
        return None
    return None


def _chunked(annotations: Mapping[str, str], read_range: ReadRange) -> Table | None:
    fields = annotations[CHUNKED_POSITION].split(":")
    if (
        len(fields) != 4
        or not all(field.isdigit() and len(field) < 19 for field in fields)
        or fields[3] != "1"
    ):
        return None
    offset, length, expanded = (int(field) for field in fields[:3])
    if max(length, expanded) > TABLE_LIMIT:
        return None
    packed = exactly(read_range, offset, length)
    if not digest_matches(packed, annotations[CHUNKED_DIGEST]):
        return None
    return Table(_json(Decompressed([packed], limit=TABLE_LIMIT).read()), offset)


def _estargz(digest: str, size: int, read_range: ReadRange) -> Table | None:
    offset = footer_offset(exactly(read_range, size - _FOOTER, _FOOTER))
    if offset is None or not 0 <= offset < size - _FOOTER or size - offset > TABLE_LIMIT:
        return None
    packed = exactly(read_range, offset, size - _FOOTER - offset)
    archive = TarReader(Decompressed([packed], limit=TABLE_LIMIT))
    if next(archive, None) is None:
        return None
    text = archive.content().read()
    return Table(_json(text), offset) if digest_matches(text, digest) else None


def footer_offset(footer: bytes) -> int | None:
    """Where the table of eStargz begins: in the extra field of an empty gzip member at the end."""
    field = footer[16:38]
    if len(footer) != _FOOTER or footer[:4] != b"\x1f\x8b\x08\x04" or footer[12:16] != b"SG\x16\x00":
        return None
    if field[16:] != b"STARGZ":
        return None
    try:
        return int(field[:16], 16)
    except ValueError:
        return None


def exactly(read_range: ReadRange, offset: int, length: int) -> bytes:
    """A range, or Unsupported if another amount of bytes came."""
    data = read_range(offset, length)
    if len(data) != length:
        raise Unsupported(f"asked for {counted(length, 'byte')} at {offset}, received {len(data)}")
    return data


def digest_matches(data: bytes, digest: str) -> bool:
    """Whether it is the digest of the data."""
    try:
        wanted = Digest(digest)
    except InvalidReference:
        return False
    return digest_of(data, wanted.algorithm) == wanted


def _expanded(data: bytes, piece: Piece) -> bytes:
    """A piece out of its frame or member."""
    reader = Decompressed([data], limit=piece.inner + piece.size + (64 << 20))
    if _take(reader, piece.inner) is None:
        return b""
    return _take(reader, piece.size) or b""


def _take(reader: Reader, size: int) -> bytes | None:
    """So many bytes; None if there are fewer."""
    made = []
    while size:
        try:
            chunk = reader.read(size)
        except ArchiveError:
            return None
        if not chunk:
            return None
        made.append(chunk)
        size -= len(chunk)
    return b"".join(made)


def _zeros(size: int) -> Iterator[bytes]:
    while size:
        part = min(size, 1 << 20)
        size -= part
        yield bytes(part)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ArchiveError("invalid table of contents: expected JSON") from None


def _number(found: Mapping[str, Any], key: str) -> int:
    value = found.get(key) or 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ArchiveError(f"invalid {key} {value!r} in a table of contents")
    return value


def _entry(item: Mapping[str, Any]) -> TarEntry:
    kind = _TYPES[str(item["type"])]
    name, link = item.get("name"), item.get("linkName") or ""
    if not isinstance(name, str) or not isinstance(link, str):
        raise ArchiveError("invalid name in a table of contents: expected text")
    seconds, nanoseconds = _time(item.get("modtime"))
    return TarEntry(
        name=name.rstrip("/") or name or ".",
        type=kind,
        size=_number(item, "size") if kind is FileType.FILE else 0,
        mode=_number(item, "mode") & 0o7777,
        uid=_number(item, "uid"),
        gid=_number(item, "gid"),
        uname=str(item.get("userName") or ""),
        gname=str(item.get("groupName") or ""),
        mtime=seconds,
        nanoseconds=nanoseconds,
        linkname=link,
        major=_number(item, "devMajor"),
        minor=_number(item, "devMinor"),
        xattrs=_xattrs(item.get("xattrs")) or NONE,
    )


def _xattrs(found: Any) -> dict[str, bytes]:
    if not isinstance(found, dict):
        return {}
    try:
        return {str(key): base64.b64decode(value, validate=True) for key, value in found.items()}
    except (binascii.Error, TypeError, ValueError):
        raise ArchiveError("invalid attribute in a table of contents: expected base64") from None


def _time(found: Any) -> tuple[int, int]:
    try:
        when = datetime.fromisoformat(found)
    except (TypeError, ValueError):
        return 0, 0
    return int(when.timestamp() // 1), when.microsecond * 1000
