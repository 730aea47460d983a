"""All layers as one archive, without marks: what `docker export` has.

The data of a file comes before the hard links to it, also where the first name of it was removed.
"""

from __future__ import annotations

from collections.abc import Callable

from .entry import NONE, FileType, TarEntry
from .layer_source import OpenLayer
from .overlay import Overlay
from .paths import Parts, joined, parts_of
from .tar_writer import TarWriter
from .tree import Node

Names = list[tuple[Parts, Node]]


def flatten(overlay: Overlay, write: Callable[[bytes], object]) -> None:
    """Writes the files of an image as a tar archive. Reads layers twice; equal layers make equal bytes."""
    writer = TarWriter(write)
    wanted: list[dict[str, Names]] = [{} for _ in overlay.layers]
    for parts, node in overlay.tree().walk():
        if node.content is None:
            if node.entry.type is not FileType.HARDLINK:
                writer.add(_named(node.entry, parts))
        else:
            # Tables of contents and archives spell names alike, but not their places.
            wanted[node.content_layer].setdefault(_key(node.content), []).append((parts, node))
    for layer, files in zip(overlay.layers, wanted, strict=True):
        if files:
            opened = OpenLayer(layer)
            try:
                _copy(opened, files, writer)
                opened.finish()
            finally:
                opened.close()
    writer.finish()


def _copy(opened: OpenLayer, files: dict[str, Names], writer: TarWriter) -> None:
    for entry in opened.tar:
        names = files.get(_key(entry)) if entry.type is FileType.FILE else None
        if names is None or not _is_content(entry, names[0][1]):
            continue
        first = names[0][0]
        writer.add(_named(entry, first), opened.tar.content())
        for parts, _ in names[1:]:
            link = _named(entry, parts).with_(type=FileType.HARDLINK, linkname=joined(first), size=0)
            writer.add(link)


def _is_content(entry: TarEntry, node: Node) -> bool:
    """Whether it is the entry that counts of several with one name; a table of contents has one of each."""
    content = node.content
    return content is not None and (content.offset == entry.offset or content.offset < 0)


def _named(entry: TarEntry, parts: Parts) -> TarEntry:
    records = {key: value for key, value in entry.records.items() if key not in ("atime", "ctime")}
    return entry.with_(name=joined(parts), sparse=None, records=records or NONE)


def _key(entry: TarEntry) -> str:
    return joined(parts_of(entry.name))
