"""Makes a layer out of a tar or a directory: a file under TMPDIR, with its digest and that of its content."""

from __future__ import annotations

import json
import posixpath
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from ocilot.archives.files import PIECE, FileReader, FileStream, LocalFile, explained
from ocilot.archives.kinds import Found, Kind, kind_of_directory, kind_of_head, refuse
from ocilot.client.steps import Steps, Stream, done
from ocilot.errors import ArchiveError, DecompressionLimit, Error, NotFound, UnsafePath
from ocilot.layers import (
    Compressor,
    Decompressed,
    FileType,
    Reader,
    TarEntry,
    TarReader,
    TarWriter,
    compression_of,
)
from ocilot.layers.decompression import EXPANDED_LIMIT
from ocilot.layers.paths import joined, parts_of
from ocilot.layers.source import Source
from ocilot.oci import Descriptor, Digest, Hasher

from .families import layer_type
from .tree import Tree, open_content, parse_owner

_BUFFER: Final = 256 * 1024
_LISTING_LIMIT: Final = 1024 * 1024
_UNPORTABLE_RECORDS: Final = frozenset({"atime", "ctime", "comment"})
"""Records that differ each time a tar is written, and that no image needs."""


@dataclass
class LayerFile:
    """A layer on the disk, gone when it is closed."""

    file: LocalFile
    digest: Digest
    size: int
    """Bytes, compressed."""
    diff_id: Digest
    compression: str
    """`gzip`, `zstd` or `none`."""
    newest: int
    """Latest time of modification of its entries, in seconds since 1970."""
    warnings: list[str] = field(default_factory=list)

    def descriptor(self, docker: bool) -> Descriptor:
        """As a manifest has it."""
        return Descriptor(layer_type(self.compression, docker), self.digest, self.size)

    def open(self, offset: int = 0) -> Steps[Stream]:
        """Its bytes, as `Store.put` wants its source."""
        return done(FileStream(self.file, offset, self.size - offset))

    def close(self) -> None:
        """Removes the file."""
        self.file.close()


class Stopped(Error):
    """The operation that wanted the layer was given up."""


@dataclass(frozen=True)
class LayerOptions:
    """How a layer is made."""

    compression: str = "gzip"
    """`gzip`, `zstd`, `none`, or `keep`: the bytes of a tar as they are."""
    epoch: int | None = None
    """Latest time of modification, in seconds since 1970: later ones are set to it."""
    owner: str = ""
    """`UID:GID` of everything; empty: as it is."""
    stopped: Event = field(default_factory=Event)
    """Set when the caller does not wait for the layer any more."""


def make_layer(source: Path | LocalFile | None, name: str, options: LayerOptions) -> LayerFile:
    """A layer of a tar (plain, gzip, zstd, xz, bzip2) or a directory; `source` None: standard input. Blocks.

    Raises NotFound, ArchiveError (what the file is, and at which byte it is damaged), StorageError.
    """
    if isinstance(source, Path) and source.is_dir():
        kind = kind_of_directory(source)
        if kind is not Kind.DIRECTORY:
            raise refuse(Found(name, kind), "a directory of a root file system")
        return _of_directory(source, options)
    with _opened(source, name) as file:
        if options.compression == "keep":
            return _kept(file, name, options)
        return _of_tar(file, name, options)


def _of_directory(root: Path, options: LayerOptions) -> LayerFile:
    tree = Tree(root, parse_owner(options.owner))
    output = _Output(options)
    try:
        for entry, path in tree.entries():
            if entry.type is FileType.FILE:
                with open_content(path) as content:
                    output.add(entry, content)
            else:
                output.add(entry)
        return output.finish(tree.skipped)
    except BaseException:
        output.close()
        raise


def _of_tar(file: Reader, name: str, options: LayerOptions) -> LayerFile:
    source, compression = _plain(file, name)
    looks = _ArchiveCheck(name, compression)
    owner = parse_owner(options.owner)
    warnings: list[str] = []
    output = _Output(options)
    try:
        reader = TarReader(source, name=name)
        for entry in reader:
            if entry.type is FileType.OTHER:
                warnings.append(_left_out(entry, name))
                continue
            if entry.sparse is not None:
                warnings.append(f"{entry.name} is sparse and was written with its holes as zeros")
            portable = _portable(entry, name, owner)
            if looks.wants(portable):
                data = reader.content().read()
                looks.saw(portable, data)
                output.add(portable, data)
            else:
                looks.saw(portable)
                output.add(portable, reader.content() if portable.type is FileType.FILE else b"")
        looks.refuse_archive()
        return output.finish(warnings)
    except BaseException:
        output.close()
        raise


def _plain(file: Reader, name: str) -> tuple[Source, str]:
    """The tar within, once it is known to be one."""
    plain = Decompressed(file, name=name)
    source = Source(plain)
    head = source.peek(512)
    if (inner := compression_of(head[:8])) != "none":
        raise ArchiveError(
            f"{name} is compressed twice, with {plain.compression} and {inner}", hint="unpack it once"
        )
    kind = kind_of_head(head)
    if kind is not None:
        found, expected = Found(name, kind, plain.compression), "a tar of a root file system, or a directory"
        if kind in (Kind.OTHER, Kind.JSON):
            # The hint for such files names archives of images.
            raise ArchiveError(f"{found}: expected {expected}")
        raise refuse(found, expected)
    return source, plain.compression


def _portable(entry: TarEntry, name: str, owner: tuple[int, int] | None) -> TarEntry:
    """An entry without what differs from machine to machine."""
    changed = entry.with_(
        name=_inside(entry.name, name),
        uname="",
        gname="",
        nanoseconds=0,
        sparse=None,
        typeflag="",
        offset=0,
        records={key: value for key, value in entry.records.items() if key not in _UNPORTABLE_RECORDS},
    )
    if entry.type is FileType.HARDLINK:
        changed.linkname = _inside(entry.linkname, name)
    if owner is not None:
        changed.uid, changed.gid = owner
    return changed


def _inside(path: str, name: str) -> str:
    """A path below the root, without `./`. Raises UnsafePath."""
    try:
        return joined(parts_of(path)) or "."
    except UnsafePath:
        raise UnsafePath(
            f"entry {path!r} of {name} is outside of the root: expected a path without .. and without a drive"
        ) from None


def _left_out(entry: TarEntry, name: str) -> str:
    if entry.typeflag != "D":
        raise ArchiveError(
            f"entry {entry.name!r} of {name} has the type {entry.typeflag!r} (at byte {entry.offset}), which "
            "no image can have",
            hint="write the tar again, with --format=pax",
        )
    return f"{entry.name} is the list of a directory of an incremental backup and was left out"


class _ArchiveCheck:
    """Notices that a tar is no root file system but an archive of images, which has its own commands."""

    def __init__(self, name: str, compression: str) -> None:
        self._name, self._compression = name, compression
        self._names: set[str] = set()
        self._images = False

    def wants(self, entry: TarEntry) -> bool:
        """Whether the content says what the tar is."""
        return entry.name == "manifest.json" and entry.type is FileType.FILE and entry.size <= _LISTING_LIMIT

    def saw(self, entry: TarEntry, data: bytes | None = None) -> None:
        """Notes an entry."""
        if entry.name in ("oci-layout", "index.json"):
            self._names.add(entry.name)
        if data is not None:
            try:
                found = json.loads(data)
            except ValueError:
                return
            self._images = isinstance(found, list) and any(
                isinstance(one, dict) and "Layers" in one and "Config" in one for one in found
            )

    def refuse_archive(self) -> None:
        """Raises ArchiveError if it is an archive of images."""
        kind = Kind.DOCKER_ARCHIVE if self._images else Kind.OCI_ARCHIVE
        if self._images or len(self._names) == 2:
            raise refuse(Found(self._name, kind, self._compression), "a tar of a root file system")


class _Output:
    """A layer that is being written."""

    def __init__(self, options: LayerOptions) -> None:
        self._options = options
        self._compressor = Compressor(options.compression)
        self._writer = TarWriter(self._take)
        self._buffer = bytearray()
        self._plain, self._packed = Hasher(), Hasher()
        self._newest = 0
        self._file = temporary()

    def add(self, entry: TarEntry, content: Reader | bytes = b"") -> None:
        """Writes an entry, its time not later than the options allow."""
        epoch = self._options.epoch
        if epoch is not None and entry.mtime > epoch:
            entry.mtime = epoch
        self._newest = max(self._newest, entry.mtime)
        self._writer.add(entry, content)

    def _take(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            self._flush()

    def _flush(self) -> None:
        if self._options.stopped.is_set():
            raise Stopped("the layer is not wanted any more")
        data = bytes(self._buffer)
        self._buffer.clear()
        if self._plain.size > EXPANDED_LIMIT:
            raise DecompressionLimit(f"the layer has more than {EXPANDED_LIMIT} bytes, uncompressed")
        self._plain.update(data)
        self._store(self._compressor.write(data))

    def _store(self, data: bytes) -> None:
        if data:
            _write(self._file, self._packed, data)

    def finish(self, warnings: list[str]) -> LayerFile:
        """The whole layer."""
        self._writer.finish()
        self._flush()
        self._store(self._compressor.finish())
        return LayerFile(
            self._file,
            self._packed.digest,
            self._packed.size,
            self._plain.digest,
            self._options.compression,
            self._newest,
            list(dict.fromkeys(warnings)),
        )

    def close(self) -> None:
        """Removes what was written."""
        self._file.close()


def _kept(file: Reader, name: str, options: LayerOptions) -> LayerFile:
    """A layer of exactly the bytes of a tar; its media type follows from them."""
    copy = temporary()
    try:
        packed = Hasher()
        while piece := file.read(PIECE):
            if options.stopped.is_set():
                raise Stopped("the layer is not wanted any more")
            _write(copy, packed, piece)
        plain = Decompressed(FileReader(copy), name=name)
        if plain.compression not in ("gzip", "zstd", "none"):
            raise ArchiveError(
                f"{name} is compressed with {plain.compression}, which layers cannot be", hint="use gzip"
            )
        hasher = _HashingReader(plain)
        newest = 0
        for entry in TarReader(hasher, name=name):
            newest = max(newest, entry.mtime)
        while hasher.read(PIECE):
            pass
        return LayerFile(copy, packed.digest, packed.size, hasher.digest, plain.compression, newest)
    except BaseException:
        copy.close()
        raise


class _HashingReader:
    """Hashes what passes."""

    def __init__(self, reader: Decompressed) -> None:
        self._reader, self._hasher = reader, Hasher()

    def read(self, size: int = -1, /) -> bytes:
        data = self._reader.read(size)
        self._hasher.update(data)
        return data

    @property
    def digest(self) -> Digest:
        return self._hasher.digest


def compress_again(file: LocalFile, name: str, stopped: Event) -> LayerFile:
    """A layer of the same content, compressed with gzip. Blocks. Raises ArchiveError, StorageError."""
    made = temporary()
    try:
        compressor, packed = Compressor("gzip"), Hasher()
        plain = _HashingReader(Decompressed(FileReader(file), name=name))
        while piece := plain.read(PIECE):
            if stopped.is_set():
                raise Stopped("the layer is not wanted any more")
            _write(made, packed, compressor.write(piece))
        _write(made, packed, compressor.finish())
        return LayerFile(made, packed.digest, packed.size, plain.digest, compressor.kind, 0)
    except BaseException:
        made.close()
        raise


def _write(file: LocalFile, hasher: Hasher, data: bytes) -> None:
    """Adds bytes at the end of what was hashed."""
    file.write_at(hasher.size, data)
    hasher.update(data)


def temporary() -> LocalFile:
    """A file under TMPDIR without a name."""
    with explained("write", tempfile.gettempdir()):
        return LocalFile(tempfile.TemporaryFile(prefix="ocilot-"), tempfile.gettempdir())


@contextmanager
def _opened(source: Path | LocalFile | None, name: str) -> Iterator[Reader]:
    if source is None:
        yield sys.stdin.buffer
        return
    if isinstance(source, LocalFile):
        yield FileReader(source)
        return
    if not source.exists():
        raise NotFound(f"no file or directory {name}")
    with explained("read", source), source.open("rb") as file:
        yield file


def name_of(source: str) -> str:
    """The last part of a path or URL, for messages."""
    return posixpath.basename(source.rstrip("/")) or source
