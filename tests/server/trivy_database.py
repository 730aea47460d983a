"""A database of vulnerabilities as trivy downloads it, with what a test puts into it."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Mapping
from typing import Union

from .images import OCI_MANIFEST, Content, Image, image_manifest, tar_of, to_json

Bucket = Mapping[str, Union[bytes, "Bucket"]]

PAGE = 4096
LEAF, META, FREE = 2, 4, 16
DATABASE = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"
CONFIG = "application/vnd.aquasec.trivy.config.v1+json"


def trivy_database(vulnerability: str, package: str, fixed: str) -> Image:
    """The artifact: one vulnerability of a package of Debian 12."""
    content: Bucket = {
        "data-source": {"debian 12": to_json({"ID": "debian", "Name": "Debian", "URL": "https://d.test"})},
        "debian 12": {package: {vulnerability: to_json({"FixedVersion": fixed})}},
        "vulnerability": {vulnerability: to_json({"Title": "made up", "Severity": "HIGH"})},
    }
    metadata = {"Version": 2, "UpdatedAt": "2026-01-01T00:00:00Z", "NextUpdate": "2100-01-01T00:00:00Z"}
    files = {"trivy.db": bolt(content), "metadata.json": json.dumps(metadata).encode()}
    layer = Content(DATABASE, gzip.compress(tar_of(files), mtime=0))
    config = Content(CONFIG, b"{}")
    manifest = image_manifest(OCI_MANIFEST, config, [])
    manifest["layers"] = [layer.descriptor(annotations={"org.opencontainers.image.title": "db.tar.gz"})]
    return Image(Content(OCI_MANIFEST, to_json(manifest)), config, (layer,), {})


def bolt(root: Bucket) -> bytes:
    """A file of bbolt: two pages that say where all begins, one of free pages, and one for each bucket."""
    pages = [b"", b"", page(2, FREE, 0, b"")]
    top = add_bucket(root, pages)
    for number in (0, 1):
        meta = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, PAGE, 0, top, 0, 2, len(pages), number)
        pages[number] = page(number, META, 0, meta + struct.pack("<Q", fnv(meta)))
    return b"".join(pages)


def add_bucket(bucket: Bucket, pages: list[bytes]) -> int:
    """Adds the page of a bucket behind those of the buckets in it, and answers its number."""
    heads, data = b"", b""
    entries = sorted((name.encode(), value) for name, value in bucket.items())
    for number, (key, value) in enumerate(entries):
        is_bucket = not isinstance(value, bytes)
        stored = value if isinstance(value, bytes) else struct.pack("<QQ", add_bucket(value, pages), 0)
        place = 16 * (len(entries) - number) + len(data)  # From this head on.
        heads += struct.pack("<IIII", is_bucket, place, len(key), len(stored))
        data += key + stored
    pages.append(page(len(pages), LEAF, len(entries), heads + data))
    return len(pages) - 1


def page(number: int, kind: int, count: int, content: bytes) -> bytes:
    whole = struct.pack("<QHHI", number, kind, count, 0) + content
    assert len(whole) <= PAGE
    return whole.ljust(PAGE, b"\0")


def fnv(content: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in content:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value
