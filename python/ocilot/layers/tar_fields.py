"""Fields of tar headers (POSIX pax "ustar Interchange Format", and the extensions of GNU tar)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

BLOCK: Final = 512
EXTENSION_LIMIT: Final = 1 << 20
"""Bytes of an extension header: names and attributes need less, and 512 bytes can claim more than memory."""

_TIME: Final = re.compile(rb"(-?)(\d{1,19})(?:\.(\d*))?")
_LARGEST: Final = 1 << 63


class InvalidField(ValueError):
    """A field is invalid; the reader adds where."""


def number(raw: bytes, what: str) -> int:
    """Octal digits, or big-endian bytes after a set bit (GNU)."""
    if raw[0] & 0x80:
        value = int.from_bytes(raw, "big", signed=False) & ((1 << (8 * len(raw) - 1)) - 1)
        if raw[0] & 0x40:
            value -= 1 << (8 * len(raw) - 1)
        if not -_LARGEST <= value < _LARGEST:
            raise InvalidField(f"invalid {what}: expected a number of 64 bits")
        return value
    digits = raw.rstrip(b"\0 ").lstrip(b" ")
    if not digits:
        return 0
    try:
        if digits.isdigit():
            return int(digits, 8)
        # Some writers leave junk after the NUL that ends the digits.
        digits = digits.partition(b"\0")[0].strip(b" ")
        if not digits or digits.isdigit():
            return int(digits or b"0", 8)
    except ValueError:
        pass
    raise InvalidField(f"invalid {what} {raw!r}: expected octal digits")


def decimal(raw: bytes, what: str) -> int:
    """Decimal digits of a PAX record."""
    if not raw.isdigit() or len(raw) > 19 or int(raw) >= _LARGEST:
        raise InvalidField(f"invalid {what} {raw[:40]!r}: expected a decimal number")
    return int(raw)


def seconds(raw: bytes, what: str) -> tuple[int, int]:
    """Seconds, rounded down, and nanoseconds of a PAX time."""
    found = _TIME.fullmatch(raw)
    if found is None or int(found[2]) >= _LARGEST:
        raise InvalidField(f"invalid {what} {raw[:40]!r}: expected seconds")
    whole, fraction = int(found[2]), int(((found[3] or b"") + b"000000000")[:9])
    if not found[1]:
        return whole, fraction
    return (-whole - 1, 1_000_000_000 - fraction) if fraction else (-whole, 0)


def text(raw: bytes) -> bytes:
    """Up to the first NUL."""
    end = raw.find(b"\0")
    return raw if end < 0 else raw[:end]


def checksum_fits(header: bytes) -> bool:
    """Whether the checksum is right; old writers summed signed bytes."""
    try:
        told = number(header[148:156], "checksum")
    except InvalidField:
        return False
    rest = header[:148] + header[156:]
    total = sum(rest) + 8 * 0x20
    return told == total or told == total - 256 * sum(byte > 127 for byte in rest)


def octal(value: int, width: int) -> bytes | None:
    """A number with a NUL at the end; None if it does not fit."""
    if not 0 <= value < 8 ** (width - 1):
        return None
    return b"%0*o\0" % (width - 1, value)


def parse_records(data: bytes) -> list[tuple[str, bytes]]:
    """Records of a PAX header: `LENGTH KEY=VALUE` and a newline; values may have any byte."""
    records = []
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 20)
        digits = data[at:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        end = at + length
        if length < len(digits) + 4 or end > len(data) or data[end - 1] != 0x0A:
            if not data[at:].strip(b"\0"):
                break
            raise InvalidField(f"invalid PAX record at byte {at} of the header: expected LENGTH KEY=VALUE")
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not equals or not key or b"\0" in key:
            raise InvalidField(f"invalid PAX record at byte {at} of the header: expected KEY=VALUE")
        records.append((key.decode("utf-8", "surrogateescape"), value))
        at = end
    return records


def format_records(records: Iterable[tuple[str, bytes]]) -> bytes:
    """The reverse of `parse_records`."""
    made = []
    for key, value in records:
        body = b" " + key.encode("utf-8", "surrogateescape") + b"=" + value + b"\n"
        length = len(body) + 1
        while len(str(length)) + len(body) != length:
            length = len(str(length)) + len(body)
        made.append(b"%d" % length + body)
    return b"".join(made)


def padding(size: int) -> int:
    """Bytes from the end of a content to the next block."""
    return -size % BLOCK
