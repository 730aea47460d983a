"""Headers of zstd frames (RFC 8878, 3.1.1), and the module of the standard library or its backport."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Self

MAGIC: Final = b"\x28\xb5\x2f\xfd"
SKIPPABLE: Final = 0x184D2A50


@cache
def zstd() -> Any:
    """`compression.zstd`, or its backport before Python 3.14."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    return importlib.import_module(name)


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What is said before the data of a frame."""

    window: int = 0
    """Bytes of memory that the frame needs."""
    skippable: int | None = None
    """Bytes of content of a frame that decoders skip; None for others."""

    @classmethod
    def parse(cls, head: bytes) -> Self | None:
        """The header at the beginning of 18 bytes; None if it is none."""
        if len(head) >= 8 and int.from_bytes(head[:4], "little") & 0xFFFFFFF0 == SKIPPABLE:
            return cls(skippable=int.from_bytes(head[4:8], "little"))
        if head[:4] != MAGIC or len(head) < 6:
            return None
        descriptor = head[4]
        at = 5
        if not descriptor & 0x20:
            exponent, mantissa = head[5] >> 3, head[5] & 7
            base = 1 << (10 + exponent)
            return cls(window=base + (base >> 3) * mantissa)
        at += (0, 1, 2, 4)[descriptor & 3]
        width = (1, 2, 4, 8)[descriptor >> 6]
        size = int.from_bytes(head[at : at + width], "little")
        return cls(window=size + 256 if width == 2 else size)

    def options(self, module: Any) -> dict[Any, int]:
        """Options of a decompressor that accepts this window; the caller checked it."""
        log = max(10, (self.window - 1).bit_length()) if self.window else 10
        return {module.DecompressionParameter.window_log_max: min(log, 31)}
