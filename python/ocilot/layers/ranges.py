"""Answers to a request for a range: servers ignore it, refuse it, or answer in parts (RFC 9110, 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ocilot.counting import counted
from ocilot.errors import Unsupported

_CONTENT_RANGE: Final = re.compile(r"\s*bytes\s+(\d+)-(\d+)/(?:\d+|\*)\s*", re.IGNORECASE)
_BOUNDARY: Final = re.compile(r";\s*boundary\s*=\s*(?:\"((?:\\.|[^\"\\])*)\"|([^\s;]+))", re.IGNORECASE)


def asked_range(offset: int, length: int) -> str:
    """Value of the `Range` header."""
    return f"bytes={offset}-{offset + length - 1}"


def answered_range(
    status: int, content_type: str, content_range: str, body: bytes, offset: int, length: int
) -> bytes:
    """The bytes that were asked for. Raises Unsupported if the answer has others: read the whole then."""
    if status == 206:
        for start, data in _parts(content_type, content_range, body):
            if start <= offset and offset + length <= start + len(data):
                return data[offset - start : offset - start + length]
        raise Unsupported(
            f"asked for {counted(length, 'byte')} at {offset}, received another range", status=status
        )
    what = "ignored" if status == 200 else "refused"
    raise Unsupported(f"the request for a range was {what}", status=status)


def _parts(content_type: str, content_range: str, body: bytes) -> Iterator[tuple[int, bytes]]:
    """Offset and data of each part."""
    if not content_type.lower().strip().startswith("multipart/byteranges"):
        if (start := _start(content_range, len(body))) is not None:
            yield start, body
        return
    found = _BOUNDARY.search(content_type)
    if found is None:
        return
    quoted = found[1]
    boundary = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else found[2]
    mark = b"--" + boundary.encode("latin-1", "replace")
    # The length in a part's header decides where it ends: data may have a boundary in it by chance.
    at = body.find(mark)
    while at >= 0:
        head = at + len(mark)
        if body[head : head + 2] == b"--":
            return
        end = re.compile(rb"\r?\n\r?\n").search(body, head)
        if end is None:
            return
        told = re.search(
            rb"^content-range:([^\r\n]*)", body[head : end.start()], re.IGNORECASE | re.MULTILINE
        )
        span = _CONTENT_RANGE.fullmatch(told[1].decode("latin-1")) if told else None
        if span is None:
            return
        start, last = int(span[1]), int(span[2])
        data = body[end.end() : end.end() + max(0, last - start + 1)]
        yield start, data
        at = body.find(mark, end.end() + len(data))


def _start(content_range: str, size: int) -> int | None:
    found = _CONTENT_RANGE.fullmatch(content_range)
    if found is None or int(found[2]) - int(found[1]) + 1 != size:
        return None
    return int(found[1])
