"""Reads tar archives as a stream: v7, ustar, PAX and GNU, in constant memory.

for entry in TarReader(source):
    if entry.type is FileType.FILE:
        data = reader.content().read(65536)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ocilot.errors import ArchiveError

from . import tar_sparse
from .entry import NONE, FileType, TarEntry, to_text
from .source import Reader, Source
from .tar_content import Content, SparseContent
from .tar_fields import (
    BLOCK,
    EXTENSION_LIMIT,
    InvalidField,
    checksum_fits,
    decimal,
    number,
    padding,
    parse_records,
    seconds,
    text,
)

TYPES: Final = {
    0: FileType.FILE,
    ord("0"): FileType.FILE,
    ord("7"): FileType.FILE,
    ord("S"): FileType.FILE,
    ord("1"): FileType.HARDLINK,
    ord("2"): FileType.SYMLINK,
    ord("3"): FileType.CHARACTER,
    ord("4"): FileType.BLOCK,
    ord("5"): FileType.DIRECTORY,
    ord("6"): FileType.FIFO,
}
_ZEROS: Final = bytes(BLOCK)
_XATTR: Final = "SCHILY.xattr."
_LONG: Final = {ord("L"): "path", ord("K"): "linkpath"}
_SET: Final = frozenset({"path", "linkpath", "size", "uid", "gid", "uname", "gname", "mtime", "hdrcharset"})
"""Records that are fields of an entry."""

Records = list[tuple[str, bytes]]


class TarReader:
    """Entries of an archive in their order. Content that is not read is skipped.

    The archive is uncompressed: see `Decompressed`.
    """

    def __init__(self, source: Reader | Iterable[bytes] | Source, *, name: str = "") -> None:
        """`name`: of the archive, for messages."""
        self._source = source if isinstance(source, Source) else Source(source)
        self._name = name
        self._global: dict[str, bytes] = {}
        self._left = 0
        self._padding = 0
        self._entry: TarEntry | None = None
        self._ended = False

    @property
    def offset(self) -> int:
        """Bytes of the archive that were read or skipped."""
        return self._source.position

    def __iter__(self) -> Iterator[TarEntry]:
        return self

    def __next__(self) -> TarEntry:
        if self._ended:
            raise StopIteration
        self._skip_content()
        start = self._source.position
        try:
            entry = self._read_entry(start)
        except InvalidField as problem:
            raise self._invalid(start, str(problem)) from None
        if entry is None:
            self._ended = True
            raise StopIteration
        self._entry = entry
        return entry

    def content(self) -> Content:
        """The content of the entry that was just read; of a sparse file: with its holes."""
        entry = self._entry
        if entry is None:
            raise ValueError("no entry was read")
        if entry.sparse is None:
            return Content(self, entry)
        return SparseContent(self, entry)

    def take(self, size: int, entry: TarEntry) -> bytes:
        """Up to so many stored bytes of the current entry: for `Content`."""
        if entry is not self._entry:
            raise ValueError(f"content of {entry.name!r} is read after the next entry")
        if not self._left:
            return b""
        data = self._source.some(min(size, self._left))
        if not data:
            raise self._truncated()
        self._left -= len(data)
        return data

    def _read_entry(self, start: int) -> TarEntry | None:
        long: dict[str, bytes] = {}
        local: Records = []
        while True:
            at = self._source.position
            header = self._header(at)
            if header is None:
                if long or local:
                    raise InvalidField("an extension header without an entry ends the archive")
                return None
            flag = header[156]
            if flag in _LONG:
                long[_LONG[flag]] = text(self._extension(header))
            elif flag in b"xX":
                local = parse_records(self._extension(header))
            elif flag == 0x67:  # g
                self._merge_global(parse_records(self._extension(header)))
            elif flag == 0x56:  # V: the name of a volume
                self._left = number(header[124:136], "size")
                self._padding = padding(self._left)
                self._skip_content()
            else:
                return self._entry_of(header, start, long, local)

    def _header(self, at: int) -> bytes | None:
        """The next header; None at the end."""
        header = self._source.exactly(BLOCK)
        if not header:
            return None
        if len(header) < BLOCK:
            raise self._truncated()
        if header[0] == 0 and header == _ZEROS:
            second = self._source.exactly(BLOCK)
            if not second.strip(b"\0"):
                return None
            raise InvalidField("a lone block of zeros is followed by more data")
        if not checksum_fits(header):
            raise InvalidField("checksum mismatch" if at else "not a tar archive: checksum mismatch")
        return header

    def _extension(self, header: bytes) -> bytes:
        size = number(header[124:136], "size")
        if not 0 <= size <= EXTENSION_LIMIT:
            raise InvalidField(
                f"an extension header of {size} bytes: expected at most {EXTENSION_LIMIT} bytes"
            )
        data = self._source.exactly(size)
        if len(data) < size or not self._source.skip(padding(size)):
            raise self._truncated()
        return data

    def _merge_global(self, records: Records) -> None:
        for key, value in records:
            if value:
                self._global[key] = value
            else:
                self._global.pop(key, None)
        if sum(map(len, self._global.values())) + sum(map(len, self._global)) > EXTENSION_LIMIT:
            raise InvalidField(f"global records of more than {EXTENSION_LIMIT} bytes")

    def _entry_of(self, header: bytes, start: int, long: dict[str, bytes], local: Records) -> TarEntry:
        flag = header[156]
        magic = header[257:263]
        name = text(header[:100])
        if magic == b"ustar\0" and header[345]:
            name = text(header[345:500]) + b"/" + name
        entry = TarEntry(
            name="",
            type=TYPES.get(flag, FileType.OTHER),
            size=number(header[124:136], "size"),
            mode=number(header[100:108], "mode") & 0o7777,
            uid=number(header[108:116], "uid"),
            gid=number(header[116:124], "gid"),
            mtime=number(header[136:148], "mtime"),
            typeflag=chr(flag) if flag else "0",
            offset=start,
        )
        if magic[:5] == b"ustar":
            entry.uname, entry.gname = to_text(text(header[265:297])), to_text(text(header[297:329]))
            if entry.type in (FileType.CHARACTER, FileType.BLOCK):
                entry.major, entry.minor = (
                    number(header[329:337], "major"),
                    number(header[337:345], "minor"),
                )
        link = long.get("linkpath", text(header[157:257]))
        name = long.get("path", name)
        if local or self._global:
            records = self._global | dict(local)
            name, link = records.get("path") or name, records.get("linkpath") or link
            _set_records(entry, records)
        self._set_names(entry, name, link)
        if entry.size < 0:
            raise InvalidField(f"invalid size {entry.size}: expected a number of bytes")
        has_content = entry.type in (FileType.FILE, FileType.OTHER)
        # Links and directories of some writers have a size, but no content.
        self._left = entry.size if has_content else 0
        self._padding = padding(self._left)
        if not has_content:
            entry.size = 0
        self._set_sparse(entry, header, local)
        return entry

    @staticmethod
    def _set_names(entry: TarEntry, name: bytes, link: bytes) -> None:
        if not name:
            raise InvalidField("an entry without a name")
        if b"\0" in name or b"\0" in link:
            raise InvalidField("a name with a NUL")
        if name.endswith(b"/"):
            name = name.rstrip(b"/") or b"/"
            if entry.type is FileType.FILE and entry.typeflag == "0" and not entry.size:
                # Archives older than ustar have no type of directories.
                entry.type = FileType.DIRECTORY
        entry.name = to_text(name)
        if entry.type in (FileType.SYMLINK, FileType.HARDLINK):
            entry.linkname = to_text(link)

    def _set_sparse(self, entry: TarEntry, header: bytes, local: Records) -> None:
        if entry.type is not FileType.FILE:
            return
        if entry.typeflag == "S":
            pieces, size = tar_sparse.old_gnu(header, self._block)
        else:
            if not any(key.startswith("GNU.sparse.") for key, _ in local):
                return
            records = dict(local)
            if (told := records.get("GNU.sparse.name")) is not None:
                entry.name = to_text(told.rstrip(b"/") or told)
            size = decimal(
                records.get("GNU.sparse.realsize") or records.get("GNU.sparse.size") or b"", "sparse size"
            )
            if records.get("GNU.sparse.major") == b"1":
                pieces = tar_sparse.pax_1(self._block_of_content)
            else:
                pieces = tar_sparse.pax_0(local)
        entry.sparse = tar_sparse.checked(pieces, size, self._left)
        entry.size = size

    def _block(self) -> bytes:
        block = self._source.exactly(BLOCK)
        if len(block) < BLOCK:
            raise self._truncated()
        return block

    def _block_of_content(self) -> bytes:
        if self._left < BLOCK:
            raise InvalidField("invalid sparse map: longer than the content")
        self._left -= BLOCK
        return self._block()

    def _skip_content(self) -> None:
        total = self._left + self._padding
        if total and not self._source.skip(total):
            raise self._truncated()
        self._left = self._padding = 0

    def _invalid(self, offset: int, why: str) -> ArchiveError:
        return ArchiveError(f"invalid tar header at offset {offset}{self._of()}: {why}")

    def _truncated(self) -> ArchiveError:
        return ArchiveError(f"tar archive{self._of()} is truncated at offset {self._source.position}")

    def _of(self) -> str:
        return f" of {self._name}" if self._name else ""


def _set_records(entry: TarEntry, records: Mapping[str, bytes]) -> None:
    """Fields that PAX records override."""
    others: dict[str, bytes] = {}
    xattrs: dict[str, bytes] = {}
    for key, value in records.items():
        if key.startswith(_XATTR):
            xattrs[key[len(_XATTR) :]] = value
        elif key not in _SET:
            if not key.startswith("GNU.sparse."):
                others[key] = value
        elif not value:
            continue
        elif key in ("uname", "gname"):
            setattr(entry, key, to_text(value))
        elif key == "mtime":
            entry.mtime, entry.nanoseconds = seconds(value, key)
        elif key in ("size", "uid", "gid"):
            setattr(entry, key, decimal(value, key))
    entry.xattrs, entry.records = xattrs or NONE, others or NONE
