"""Layers for lazy pulling: eStargz and zstd:chunked, as their writers lay them out."""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ocilot.errors import RegistryError, Unsupported
from ocilot.layers import FileType, LayerSource
from ocilot.layers.toc import CHUNKED_DIGEST, CHUNKED_POSITION, ESTARGZ_DIGEST
from ocilot.layers.zstd_frames import zstd
from ocilot.oci import digest_of

from .archives_of import Counted, Made, archive, file

TYPES = {
    FileType.FILE: "reg",
    FileType.DIRECTORY: "dir",
    FileType.SYMLINK: "symlink",
    FileType.HARDLINK: "hardlink",
}


@dataclass
class Lazy:
    """A layer, and what was asked of it."""

    data: bytes
    annotations: Mapping[str, str]
    requests: list[tuple[int, int]] = field(default_factory=list)
    opened: list[Counted] = field(default_factory=list)
    refuse_after: int | None = None
    """Requests that are answered before all others are refused."""
    refusal: Callable[[int, int], bytes] | None = None

    def source(self) -> LayerSource:
        return LayerSource("sha256:lazy", self._open, len(self.data), self.annotations, self._read)

    def _open(self) -> Counted:
        self.opened.append(Counted(self.data))
        return self.opened[-1]

    def _read(self, offset: int, length: int) -> bytes:
        self.requests.append((offset, length))
        if self.refuse_after is not None and len(self.requests) > self.refuse_after:
            if self.refusal is not None:
                return self.refusal(offset, length)
            raise Unsupported("refused", status=416)
        if offset + length > len(self.data):
            raise RegistryError("beyond the end", status=416)
        return self.data[offset : offset + length]


def _item(made: Made) -> dict[str, Any]:
    entry, data = made
    item: dict[str, Any] = {
        "type": TYPES[entry.type],
        "name": entry.name,
        "mode": entry.mode,
        "uid": entry.uid,
        "gid": entry.gid,
        "modtime": "2026-11-01T10:00:00.5Z",
        "linkName": entry.linkname,
        "xattrs": {key: base64.b64encode(value).decode() for key, value in entry.xattrs.items()},
    }
    if entry.type is FileType.FILE:
        item |= {"size": len(data), "digest": digest_of(data)}
    return item


def _packed(
    entries: tuple[Made, ...], chunk: int, pack: Callable[[bytes], bytes], zeros: bool
) -> tuple[bytes, list[dict[str, Any]]]:
    """Each piece of a file is compressed by itself; what is between them goes with the piece before."""
    packed, held, items = b"", b"", []
    for made in entries:
        entry, data = made
        whole = archive(made)[:-1024]
        body = len(whole) - len(data) - (-len(data) % 512)
        held += whole[:body]
        item = _item(made)
        items.append(item)
        for at in range(0, len(data), chunk):
            piece = data[at : at + chunk]
            packed, held = packed + pack(held), b""
            found = item if at == 0 else {"type": "chunk", "name": entry.name}
            if at:
                items.append(found)
            found |= {"offset": len(packed), "chunkOffset": at, "chunkSize": len(piece)}
            if zeros and not piece.strip(b"\0"):
                found["chunkType"] = "zeros"
            else:
                found["chunkDigest"] = digest_of(piece)
            held = piece
        packed, held = packed + (pack(held) if held else b""), whole[body + len(data) :]
        if data:
            item["endOffset"] = len(packed)
    return packed + pack(held + bytes(1024)), items


def estargz(*entries: Made, chunk: int = 4 << 20, change: Callable[[Any], None] | None = None) -> Lazy:
    packed, items = _packed(entries, chunk, lambda data: gzip.compress(data, mtime=0), False)
    table = {"version": 1, "entries": items}
    if change is not None:
        change(table)
    text = json.dumps(table).encode()
    member = gzip.compress(archive(file("stargz.index.json", text)), mtime=0)
    extra = b"SG" + struct.pack("<H", 22) + b"%016xSTARGZ" % len(packed)
    footer = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + struct.pack("<H", len(extra)) + extra
    footer += b"\x01\0\0\xff\xff" + bytes(8)
    assert len(footer) == 51
    return Lazy(packed + member + footer, {ESTARGZ_DIGEST: digest_of(text)})


def zstd_chunked(*entries: Made, chunk: int = 4 << 20, change: Callable[[Any], None] | None = None) -> Lazy:
    packed, items = _packed(entries, chunk, lambda data: bytes(zstd().compress(data)), True)
    table = {"version": 1, "entries": items}
    if change is not None:
        change(table)
    text = json.dumps(table).encode()
    body = bytes(zstd().compress(text))
    position = f"{len(packed) + 8}:{len(body)}:{len(text)}:1"
    frames = b"".join(b"\x50\x2a\x4d\x18" + struct.pack("<I", len(part)) + part for part in (body, bytes(64)))
    return Lazy(packed + frames, {CHUNKED_DIGEST: digest_of(body), CHUNKED_POSITION: position})
