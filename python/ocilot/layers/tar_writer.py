"""Writes tar archives as a stream: ustar, and PAX for what does not fit. Equal entries, equal bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ocilot.counting import counted
from ocilot.errors import ArchiveError

from .entry import FileType, TarEntry, to_bytes
from .source import CHUNK, Reader, as_reader, chunks_of
from .tar_fields import BLOCK, EXTENSION_LIMIT, format_records, octal, padding

_FLAGS: Final = {
    FileType.FILE: b"0",
    FileType.HARDLINK: b"1",
    FileType.SYMLINK: b"2",
    FileType.CHARACTER: b"3",
    FileType.BLOCK: b"4",
    FileType.DIRECTORY: b"5",
    FileType.FIFO: b"6",
}
_END: Final = bytes(2 * BLOCK)


class TarWriter:
    """Writes entries one after another.

    >>> archive = []
    >>> writer = TarWriter(archive.append)
    >>> writer.add(TarEntry("a", size=2), [b"hi"])
    >>> writer.finish()
    >>> len(b"".join(archive))
    2048
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        """`write`: is called with each piece of the archive."""
        self._write = write
        self.offset: int = 0
        """Bytes written."""

    def add(self, entry: TarEntry, content: Reader | Iterable[bytes] | bytes = b"") -> None:
        """Writes an entry. Its content must have the size that it says; sparse files are written whole."""
        if entry.type is FileType.OTHER:
            raise ArchiveError(f"cannot write {entry.name!r}: type {entry.typeflag!r} is not supported")
        size = entry.size if entry.type is FileType.FILE else 0
        self._put(header(entry, size))
        written = 0
        chunks = [content] if isinstance(content, bytes) else chunks_of(as_reader(content), CHUNK)
        for chunk in chunks:
            written += len(chunk)
            if written > size:
                break
            self._put(chunk)
        if written != size:
            raise ArchiveError(
                f"cannot write {entry.name!r}: its content is "
                f"{'longer' if written > size else 'shorter'} than its size of {counted(size, 'byte')}"
            )
        if size:
            self._put(bytes(padding(size)))

    def finish(self) -> None:
        """Writes the end of the archive."""
        self._put(_END)

    def _put(self, data: bytes) -> None:
        if data:
            self._write(data)
            self.offset += len(data)


def header(entry: TarEntry, size: int) -> bytes:
    """The header of an entry, after a PAX header if it needs one."""
    records: list[tuple[str, bytes]] = []
    name = to_bytes(entry.name)
    if entry.type is FileType.DIRECTORY and not name.endswith(b"/"):
        name += b"/"
    link = to_bytes(entry.linkname) if entry.type in (FileType.SYMLINK, FileType.HARDLINK) else b""
    prefix, short = _split(name, records)
    link = _named("linkpath", link, 100, records)
    uname = _named("uname", to_bytes(entry.uname), 32, records)
    gname = _named("gname", to_bytes(entry.gname), 32, records)
    block = bytearray(BLOCK)

    def put(at: int, data: bytes) -> None:
        block[at : at + len(data)] = data

    put(0, short)
    put(100, b"%07o\0" % (entry.mode & 0o7777))
    put(108, _number("uid", entry.uid, 8, records))
    put(116, _number("gid", entry.gid, 8, records))
    put(124, _number("size", size, 12, records))
    put(136, _time(entry, records))
    put(156, _FLAGS[entry.type])
    put(157, link)
    put(257, b"ustar\x0000")
    put(265, uname)
    put(297, gname)
    put(329, _device(entry.major, entry))
    put(337, _device(entry.minor, entry))
    put(345, prefix)
    put(148, b"        ")
    put(148, b"%06o\0 " % sum(block))
    for key in (*entry.xattrs, *entry.records):
        if "=" in key or "\0" in key:
            raise ArchiveError(f"cannot write {entry.name!r}: invalid name {key!r} of an attribute")
    records += [(f"SCHILY.xattr.{key}", value) for key, value in entry.xattrs.items()]
    records += entry.records.items()
    if not records:
        return bytes(block)
    return _extension(name, records) + bytes(block)


def _extension(name: bytes, records: list[tuple[str, bytes]]) -> bytes:
    records.sort()
    if any(_is_binary(value) for key, value in records if key in ("path", "linkpath", "uname", "gname")):
        records.insert(0, ("hdrcharset", b"BINARY"))
    data = format_records(records)
    if len(data) > EXTENSION_LIMIT:
        raise ArchiveError(
            f"cannot write {name[:200]!r}: its attributes need {len(data)} bytes, expected at most "
            f"{EXTENSION_LIMIT}"
        )
    block = bytearray(BLOCK)
    told = b"PaxHeaders/" + name.rstrip(b"/").rpartition(b"/")[2]
    block[0 : min(len(told), 100)] = told[:100]
    block[100:156] = b"0000644\x000000000\x000000000\x00%011o\x0000000000000\x00        " % len(data)
    block[156:157] = b"x"
    block[257:265] = b"ustar\x0000"
    block[329:345] = b"0000000\x000000000\x00"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + data + bytes(padding(len(data)))


def _is_binary(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return False


def _portable(value: bytes) -> bool:
    # ustar has no encoding: text beyond ASCII goes into records, which are UTF-8; other bytes stay.
    return value.isascii() or _is_binary(value)


def _split(name: bytes, records: list[tuple[str, bytes]]) -> tuple[bytes, bytes]:
    """Prefix and name of the header."""
    if _portable(name):
        if len(name) <= 100:
            return b"", name
        cut = name.rfind(b"/", 0, 156)
        cut = cut if cut < len(name) - 1 else name.rfind(b"/", 0, cut)
        if cut > 0 and len(name) - cut - 1 <= 100:
            return name[:cut], name[cut + 1 :]
    records.append(("path", name))
    return b"", name[:100]


def _named(key: str, value: bytes, width: int, records: list[tuple[str, bytes]]) -> bytes:
    if len(value) > width - (width == 32) or not _portable(value):
        records.append((key, value))
    return value[: width - (width == 32)]


def _number(key: str, value: int, width: int, records: list[tuple[str, bytes]]) -> bytes:
    if value < 0:
        raise ArchiveError(f"invalid {key} {value}: expected a number of at least 0")
    field = octal(value, width)
    if field is None:
        records.append((key, b"%d" % value))
        return b"0" * (width - 1) + b"\0"
    return field


def _time(entry: TarEntry, records: list[tuple[str, bytes]]) -> bytes:
    field = octal(entry.mtime, 12)
    if field is None or entry.nanoseconds:
        records.append(("mtime", _decimal_time(entry.mtime, entry.nanoseconds)))
    return field or b"00000000000\0"


def _decimal_time(whole: int, nanoseconds: int) -> bytes:
    sign = b""
    if whole < 0:
        sign = b"-"
        whole, nanoseconds = (-whole - 1, 1_000_000_000 - nanoseconds) if nanoseconds else (-whole, 0)
    fraction = (b".%09d" % nanoseconds).rstrip(b"0") if nanoseconds else b""
    return sign + b"%d" % whole + fraction


def _device(value: int, entry: TarEntry) -> bytes:
    if entry.type not in (FileType.CHARACTER, FileType.BLOCK):
        return b"0000000\0"
    field = octal(value, 8)
    if field is None:
        raise ArchiveError(f"cannot write {entry.name!r}: device number {value} is too large")
    return field
