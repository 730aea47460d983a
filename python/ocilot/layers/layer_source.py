"""A layer that can be read: as a whole, or, where its format and its place allow it, a file at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ocilot.counting import counted
from ocilot.errors import DecompressionLimit, NotFound, RegistryError

from .decompression import EXPANDED_LIMIT, Decompressed
from .entry import TarEntry
from .paths import parts_of
from .source import HashedReader, Reader
from .tar_reader import TarReader
from .toc import Table, read_table

ENTRY_LIMIT: Final = 10_000_000
"""Entries of a layer, or of all that are unpacked: each takes memory."""
ReadRange = Callable[[int, int], bytes]
"""Bytes at an offset, so many. Raises RegistryError (`Unsupported`) where ranges are refused or ignored."""


class OpenLayer:
    """A layer while it is read: its entries in order, and the content of the last one."""

    def __init__(self, source: LayerSource) -> None:
        reader = source.open()
        if source.digest:
            reader = HashedReader(reader, source.digest)
        self._source = source
        self._data = Decompressed(reader, name=source.name, limit=source.limit)
        self.tar: TarReader = TarReader(self._data, name=source.name)

    def entries(self) -> Iterator[TarEntry]:
        """Its entries, for a list of them. Raises DecompressionLimit where there are too many."""
        most = self._source.max_entries
        for count, entry in enumerate(self.tar):
            if count >= most:
                raise DecompressionLimit(f"layer {self._source.name} has more than {counted(most, 'file')}")
            yield entry

    def finish(self) -> None:
        """Reads what is after the archive, so that the digest is checked. Raises IntegrityError."""
        for _ in self._data:
            pass

    def close(self) -> None:
        """Ends the download of what is not read."""
        self._data.close()


@dataclass(slots=True)
class LayerSource:
    """Where a layer is read from. Compression is found by its first bytes, not by the media type."""

    name: str
    """Digest, for messages."""
    open: Callable[[], Reader]
    """Opens its bytes, compressed, from the beginning. A reader with `close` is closed."""
    size: int = 0
    """Compressed bytes; 0 if that is not known."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Of its descriptor: they say whether single files can be read (eStargz, zstd:chunked)."""
    read_range: ReadRange | None = None
    """Reads a part, if its place can do that."""
    digest: str = ""
    """Digest of its bytes, which is checked where it is read whole; empty: not checked here."""
    limit: int = EXPANDED_LIMIT
    """Bytes that it may expand to."""
    max_entries: int = ENTRY_LIMIT
    """Entries that it may have where it is listed."""
    _table: Table | None = field(default=None, repr=False)
    _asked: bool = field(default=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def table(self) -> Table | None:
        """Its table of contents; None if it has none, or if ranges cannot be read."""
        with self._lock:
            if not self._asked:
                self._asked = True
                if self.read_range is not None:
                    self._table = read_table(self.annotations, self.size, self.read_range)
            return self._table

    def entries(self) -> Iterator[TarEntry]:
        """All entries, by the table of contents or by reading the whole layer."""
        table = self.table()
        if table is not None:
            yield from table.entries
            return
        opened = OpenLayer(self)
        try:
            yield from opened.entries()
            opened.finish()
        finally:
            opened.close()

    def content(self, entry: TarEntry) -> tuple[Iterator[bytes], Callable[[], None]]:
        """Content of one of the entries, and what ends the reading."""
        table = self.table()
        if table is not None and entry.offset < 0:
            return self._ranged(table, entry), lambda: None
        return self._at(lambda found: found.offset == entry.offset, entry.name)

    def _ranged(self, table: Table, entry: TarEntry) -> Iterator[bytes]:
        assert self.read_range is not None
        made = 0
        try:
            for chunk in table.content(entry, self.read_range):
                made += len(chunk)
                yield chunk
        except RegistryError:
            # Ranges worked for the table and are refused now: too many of them, or another mirror.
            chunks, close = self._by_name(entry.name)
            try:
                for chunk in chunks:
                    again = min(made, len(chunk))
                    made -= again
                    if again < len(chunk):
                        yield chunk[again:]
            finally:
                close()

    def _by_name(self, name: str) -> tuple[Iterator[bytes], Callable[[], None]]:
        wanted = parts_of(name)
        return self._at(lambda found: parts_of(found.name) == wanted, name)

    def _at(
        self, wanted: Callable[[TarEntry], bool], name: str
    ) -> tuple[Iterator[bytes], Callable[[], None]]:
        opened = OpenLayer(self)
        try:
            for found in opened.tar:
                if wanted(found):
                    return iter(opened.tar.content()), opened.close
        except BaseException:
            opened.close()
            raise
        opened.close()
        raise NotFound(f"{name} is not in layer {self.name} any more")
