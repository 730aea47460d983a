"""Digests: `algorithm:hex` (OCI image specification, "Digests")."""

from __future__ import annotations

import hashlib
import re
from typing import Final, Self

from ocilot.arguments import check_text
from ocilot.errors import InvalidReference

_LENGTHS: Final = {"sha256": 64, "sha512": 128}
_HEX: Final = re.compile(r"[0-9a-f]+")


class Digest(str):
    """A digest that was checked, such as `sha256:e3b0c4…`; a `str` in all that it does.

    >>> Digest("sha256:" + "0" * 64).algorithm
    'sha256'
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Raises InvalidReference for a text that is none."""
        check_text("digest", text, "a text such as sha256:e3b0c4…")
        algorithm, colon, digits = text.partition(":")
        length = _LENGTHS.get(algorithm)
        if not colon or length is None or len(digits) != length or not _HEX.fullmatch(digits):
            raise InvalidReference(
                f'invalid digest "{text[:160]}": expected sha256: and 64 or sha512: and 128 lower-case '
                "hexadecimal digits"
            )
        return super().__new__(cls, text)

    @property
    def algorithm(self) -> str:
        """`sha256` or `sha512`."""
        return self.partition(":")[0]

    @property
    def hex(self) -> str:
        """The digits after the colon."""
        return self.partition(":")[2]

    @property
    def short(self) -> str:
        """Its first twelve digits, for tables."""
        return self.hex[:12]


def parse_digest(text: str) -> Digest:
    """The digest, or InvalidReference."""
    return Digest(text)


def digest_of(data: bytes, algorithm: str = "sha256") -> Digest:
    """The digest of bytes.

    >>> digest_of(b"").short
    'e3b0c44298fc'
    """
    return Digest(f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}")


class Hasher:
    """Hashes bytes as they pass."""

    def __init__(self, algorithm: str = "sha256") -> None:
        self._algorithm = algorithm
        self._hash = hashlib.new(algorithm)
        self.size: int = 0
        """Bytes so far."""

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Adds bytes."""
        self._hash.update(data)
        self.size += len(data)

    @property
    def digest(self) -> Digest:
        """The digest of all so far."""
        return Digest(f"{self._algorithm}:{self._hash.hexdigest()}")
