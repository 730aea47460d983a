"""Platforms: `os/architecture[/variant]`, and which image of an index fits one."""

from __future__ import annotations

import functools
import platform as host_platform
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from ocilot.arguments import check_text
from ocilot.errors import InvalidReference

_ARCHITECTURES: Final = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", ""),
    "i486": ("386", ""),
    "i586": ("386", ""),
    "i686": ("386", ""),
}
"""Other names, as kernels and users write them."""

_ALONE: Final = {
    *("386", "amd64", "arm", "arm64", "loong64", "ppc64", "ppc64le", "riscv64", "s390x", "sparc64", "wasm"),
    *("mips", "mipsle", "mips64", "mips64le"),
}
"""Architectures that may be written without their system, which is Linux then."""
_PART: Final = re.compile(r"[a-z0-9_.-]+")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on.

    >>> str(Platform.parse("linux/aarch64"))
    'linux/arm64'
    """

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """`linux/amd64`, `linux/arm/v7` or `arm64`; other names of architectures are understood."""
        check_text("platform", text, "a text such as linux/arm64, or a Platform")
        parts = text.lower().split("/")
        if not 1 <= len(parts) <= 3 or not all(_PART.fullmatch(part) for part in parts):
            raise InvalidReference(
                f'invalid platform "{text}": expected OS/ARCHITECTURE[/VARIANT], such as linux/arm64'
            )
        if len(parts) == 1:
            parts = ["linux", *parts]
            if normal(parts[0], parts[1], "")[1] not in _ALONE:
                raise InvalidReference(
                    f'unknown architecture "{text}": expected OS/ARCHITECTURE[/VARIANT], such as linux/arm64'
                )
        return cls(*normal(parts[0], parts[1], parts[2] if len(parts) == 3 else ""))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The platform of a descriptor, or of a config."""
        os_name, architecture, variant = normal(
            str(data.get("os") or ""), str(data.get("architecture") or ""), str(data.get("variant") or "")
        )
        features = data.get("os.features")
        return cls(
            os_name,
            architecture,
            variant,
            str(data.get("os.version") or ""),
            tuple(str(feature) for feature in features) if isinstance(features, list) else (),
        )

    @classmethod
    @functools.cache
    def host(cls) -> Self:
        """The platform of this machine; containers of macOS and Windows machines run Linux."""
        _, architecture, variant = normal("linux", host_platform.machine().lower(), "")
        if architecture == "arm" and not variant:
            variant = "v7"
        assert sys.platform
        return cls("linux", architecture, variant)

    def to_json(self) -> dict[str, Any]:
        """As a descriptor has it."""
        found: dict[str, Any] = {"architecture": self.architecture, "os": self.os}
        if self.variant:
            found["variant"] = self.variant
        if self.os_version:
            found["os.version"] = self.os_version
        if self.os_features:
            found["os.features"] = list(self.os_features)
        return found

    @property
    def is_unknown(self) -> bool:
        """`unknown/unknown`: an attestation that stands beside the images of an index."""
        return self.os == "unknown" or self.architecture == "unknown"

    def rank(self, other: Platform) -> int | None:
        """How well an image for `other` runs here: 0 is best; None if it does not."""
        if (self.os, self.architecture) != (other.os, other.architecture):
            return None
        if self.os_version and other.os_version and self.os_version != other.os_version:
            return None
        mine, others = _variant(self), _variant(other)
        if mine == others:
            return 0
        if self.architecture in ("arm", "amd64"):
            # A machine runs what was built for an older variant.
            older = _number(mine) - _number(others)
            return older if older > 0 else None
        return None

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


def normal(os_name: str, architecture: str, variant: str) -> tuple[str, str, str]:
    """The names as the specifications have them: `arm64/v8` is `arm64`, `arm` is `arm/v7`."""
    os_name, architecture, variant = os_name.lower(), architecture.lower(), variant.lower()
    architecture, implied = _ARCHITECTURES.get(architecture, (architecture, ""))
    variant = variant or implied
    if variant.isdigit():
        variant = f"v{variant}"
    if architecture == "arm64" and variant == "v8":
        variant = ""
    if architecture == "amd64" and variant == "v1":
        variant = ""
    return {"macos": "darwin"}.get(os_name, os_name), architecture, variant


def choose(wanted: Platform, offered: Iterable[tuple[Platform | None, _T]]) -> _T | None:
    """The offered thing that fits best; equal ones: the first. None if none fits."""
    best: tuple[int, _T] | None = None
    for platform, thing in offered:
        if platform is None or platform.is_unknown:
            continue
        rank = wanted.rank(platform)
        if rank is not None and (best is None or rank < best[0]):
            best = (rank, thing)
    return None if best is None else best[1]


def _variant(platform: Platform) -> str:
    if platform.variant:
        return platform.variant
    return {"arm": "v7", "amd64": "v1"}.get(platform.architecture, "")


def _number(variant: str) -> int:
    digits = variant.lstrip("v")
    return int(digits) if digits.isdigit() else 0
