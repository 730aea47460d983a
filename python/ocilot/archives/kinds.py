"""What a file or directory is, and which command reads it: for messages about the wrong one."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ocilot.errors import ArchiveError


class Kind(StrEnum):
    """What a file is."""

    DOCKER_ARCHIVE = "a docker archive (docker save)"
    OCI_ARCHIVE = "an OCI archive"
    LAYOUT = "an OCI layout"
    ROOTFS = "a tar of a root file system"
    DIRECTORY = "a directory of files"
    ZIP = "a zip file"
    EMPTY = "empty"
    JSON = "a JSON file"
    OTHER = "not a tar archive"


def kind_of_head(head: bytes) -> Kind | None:
    """What begins like this; None for what may be a tar."""
    if not head:
        return Kind.EMPTY
    if head.startswith(b"PK\x03\x04"):
        return Kind.ZIP
    if head.lstrip()[:1] in (b"{", b"[") and b"\0" not in head[:100]:
        return Kind.JSON
    return None if is_tar(head) else Kind.OTHER


def is_tar(head: bytes) -> bool:
    """Whether bytes begin with the header of a tar, or with its end."""
    block = head[:512]
    if len(block) < 512:
        return False
    if not block.strip(b"\0"):
        return True
    digits = block[148:156].strip(b"\0 ")
    if not digits or digits.strip(b"01234567"):
        return False
    return int(digits, 8) in (
        sum(block[:148]) + 256 + sum(block[156:]),
        sum(byte - 256 * (byte > 127) for byte in block[:148] + b" " * 8 + block[156:]),
    )


def kind_of_names(names: Container[str]) -> Kind:
    """What a tar of these names is; of both kinds of archives at once: `manifest.json` decides."""
    if "manifest.json" in names:
        return Kind.DOCKER_ARCHIVE
    if "oci-layout" in names or "index.json" in names:
        return Kind.OCI_ARCHIVE
    return Kind.ROOTFS


def kind_of_directory(path: Path) -> Kind:
    """Whether a directory is a layout."""
    return Kind.LAYOUT if (path / "oci-layout").exists() or (path / "index.json").exists() else Kind.DIRECTORY


@dataclass(frozen=True)
class Found:
    """A file, and what it is."""

    path: str
    kind: Kind
    compression: str = "none"
    """`gzip`, `zstd`, `xz`, `bzip2` or `none`."""

    def __str__(self) -> str:
        compressed = f", compressed with {self.compression}" if self.compression != "none" else ""
        return f"{self.path} is {self.kind}{compressed}"

    @property
    def hint(self) -> str:
        """Which command or location reads it."""
        path = self.path
        match self.kind:
            case Kind.DOCKER_ARCHIVE:
                return f"write docker-archive:{path}, or push it: ocilot push {path} REPOSITORY"
            case Kind.OCI_ARCHIVE:
                return f"write oci-archive:{path}, or load a bundle: ocilot bundle load {path} REPOSITORY"
            case Kind.LAYOUT:
                return f"write oci:{path}"
            case Kind.ROOTFS | Kind.DIRECTORY:
                return f"make an image of it: ocilot import {path} REFERENCE"
            case Kind.ZIP:
                return "unpack it: images are kept in tar archives"
            case Kind.EMPTY:
                return "write it again: the program that made it was interrupted"
        return "write one with docker save, podman save, ocilot pull or ocilot bundle save"


def refuse(found: Found, expected: str) -> ArchiveError:
    """The error for a file of another kind than expected."""
    told = str(found)
    return ArchiveError(told if told.endswith(expected) else f"{told}: expected {expected}", hint=found.hint)
