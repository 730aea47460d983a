"""Maps of sparse files: old GNU headers, and PAX 0.0, 0.1 and 1.0 (GNU tar, "Storing Sparse Files")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ocilot.counting import counted

from .tar_fields import BLOCK, EXTENSION_LIMIT, InvalidField, decimal, number

Map = tuple[tuple[int, int], ...]
"""Offset and length of each piece of data."""

_PAIR: Final = 24


def old_gnu(header: bytes, next_block: Callable[[], bytes]) -> tuple[Map, int]:
    """Map and size of a file of type `S`; more of the map is in blocks after the header."""
    pairs = _pairs(header, 386, 4)
    more = header[482] != 0
    blocks = 0
    while more:
        blocks += 1
        if blocks * BLOCK > EXTENSION_LIMIT:
            raise InvalidField(f"invalid sparse map: longer than {EXTENSION_LIMIT} bytes")
        block = next_block()
        pairs += _pairs(block, 0, 21)
        more = block[504] != 0
    return tuple(pairs), number(header[483:495], "size of a sparse file")


def _pairs(block: bytes, at: int, count: int) -> list[tuple[int, int]]:
    pairs = []
    for place in range(at, at + count * _PAIR, _PAIR):
        if block[place] == 0:
            break
        offset = number(block[place : place + 12], "offset of a sparse file")
        pairs.append((offset, number(block[place + 12 : place + 24], "length of a sparse file")))
    return pairs


def pax_0(records: Sequence[tuple[str, bytes]]) -> Map:
    """Map of the records of PAX 0.0 (a record for each number) or 0.1 (one record)."""
    numbers: list[int] = []
    for key, value in records:
        if key == "GNU.sparse.map":
            numbers = [decimal(part, "sparse map") for part in value.split(b",")] if value else []
        elif key in ("GNU.sparse.offset", "GNU.sparse.numbytes"):
            if (len(numbers) % 2 == 0) != (key == "GNU.sparse.offset"):
                raise InvalidField("invalid sparse map: expected offset and numbytes in turn")
            numbers.append(decimal(value, key))
    return _paired(numbers)


def pax_1(next_block: Callable[[], bytes]) -> Map:
    """Map of PAX 1.0, which is before the data: lines of numbers, padded to a block."""
    text = b""
    numbers: list[int] = []
    wanted = 1
    used = 0
    while len(numbers) < wanted:
        end = text.find(b"\n")
        if end < 0:
            if len(text) > 20:
                raise InvalidField("invalid sparse map: expected lines of decimal numbers")
            used += BLOCK
            if used > EXTENSION_LIMIT:
                raise InvalidField(f"invalid sparse map: longer than {EXTENSION_LIMIT} bytes")
            text += next_block()
            continue
        numbers.append(decimal(text[:end], "sparse map"))
        text = text[end + 1 :]
        if len(numbers) == 1:
            wanted = 1 + 2 * numbers[0]
            if numbers[0] > EXTENSION_LIMIT:
                raise InvalidField(f"invalid sparse map: longer than {EXTENSION_LIMIT} bytes")
    return _paired(numbers[1:])


def checked(pieces: Map, size: int, stored: int) -> Map:
    """The map, if it is in order, within the size of the file, and names just the stored bytes."""
    end = 0
    for offset, length in pieces:
        if offset < end or length < 0:
            raise InvalidField("invalid sparse map: pieces overlap or are out of order")
        end = offset + length
    if end > size:
        raise InvalidField(f"invalid sparse map: ends at {end}, beyond the size {size}")
    total = sum(length for _, length in pieces)
    if total != stored:
        raise InvalidField(f"invalid sparse map: {counted(total, 'byte')} of data, but {stored} stored")
    return tuple(piece for piece in pieces if piece[1])


def _paired(numbers: list[int]) -> Map:
    if len(numbers) % 2:
        raise InvalidField("invalid sparse map: expected pairs of numbers")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
