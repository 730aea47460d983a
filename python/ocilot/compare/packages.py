"""Packages that are installed in an image, as its package manager recorded them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ocilot.errors import ArchiveError, NotFound
from ocilot.layers import Overlay

from .rpm import read_rpm

DATABASE_LIMIT: Final = 512 << 20
"""Bytes of a database of packages."""

_DPKG: Final = "var/lib/dpkg/status"
_DPKG_PARTS: Final = "var/lib/dpkg/status.d"
_APK: Final = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_RPM: Final = ("usr/lib/sysimage/rpm", "var/lib/rpm")
_RPM_OTHERS: Final = ("Packages", "Packages.db")
_NEWLINES: Final = re.compile(r"\n[ \t]*\n")


class Package(NamedTuple):
    """An installed package."""

    name: str
    version: str
    architecture: str
    kind: str
    """`deb`, `apk` or `rpm`."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return self._asdict()


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages of an image, and databases that cannot be read."""

    installed: tuple[Package, ...]
    unknown: tuple[str, ...] = ()
    """Paths of databases of another format, such as Berkeley DB: their packages are not listed."""


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package that was added, removed, or has another version."""

    name: str
    kind: str
    before: str
    """Versions; empty: it was not installed."""
    after: str
    """Versions; empty: it is not installed any more."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"name": self.name, "kind": self.kind, "before": self.before, "after": self.after}

    def __str__(self) -> str:
        if not self.before:
            return f"+ {self.name} {self.after}"
        if not self.after:
            return f"- {self.name} {self.before}"
        return f"~ {self.name} {self.before} -> {self.after}"


def packages(image: Overlay) -> Packages:
    """All packages of an image, sorted."""
    found: list[Package] = []
    unknown: list[str] = []
    root = image.root()
    if (text := _text(image, _DPKG)) is not None:
        found += _dpkg(text)
    directory = root / _DPKG_PARTS
    if directory.is_dir():
        # Images without a package manager (distroless) have a file for each package.
        for part in directory.iterdir():
            if part.is_file() and not part.name.endswith(".md5sums"):
                found += _dpkg(_text(image, str(part)) or "")
    for path in _APK:
        if not (root / path).is_symlink() and (text := _text(image, path)) is not None:
            found += _apk(text)
    for place in _rpm_places(image):
        data = _bytes(image, f"{place}/rpmdb.sqlite")
        if data is not None:
            try:
                found += [Package(*fields, "rpm") for fields in read_rpm(data)]
            except ArchiveError:
                unknown.append(f"{place}/rpmdb.sqlite")
        unknown += [f"{place}/{name}" for name in _RPM_OTHERS if (root / place / name).is_file()]
    return Packages(tuple(sorted(set(found))), tuple(unknown))


def package_changes(before: Packages, after: Packages) -> tuple[PackageChange, ...]:
    """What was added, removed or changed, by name. Some packages are installed in several versions."""
    old, new = _by_name(before), _by_name(after)
    return tuple(
        PackageChange(name, kind, ", ".join(old.get((kind, name), ())), ", ".join(new.get((kind, name), ())))
        for kind, name in sorted(old.keys() | new.keys())
        if old.get((kind, name)) != new.get((kind, name))
    )


def _by_name(found: Packages) -> dict[tuple[str, str], tuple[str, ...]]:
    versions: dict[tuple[str, str], tuple[str, ...]] = {}
    architectures: dict[tuple[str, str], set[str]] = {}
    for package in found.installed:
        architectures.setdefault((package.kind, package.name), set()).add(package.architecture)
    for package in found.installed:
        key = (package.kind, package.name)
        # One architecture more, such as i386 beside amd64, is one package more.
        several = len(architectures[key]) > 1
        version = f"{package.version} ({package.architecture})" if several else package.version
        versions[key] = (*versions.get(key, ()), version)
    return versions


def _rpm_places(image: Overlay) -> Iterator[str]:
    """Directories of rpm: one is often a symlink to the other."""
    seen = set()
    for place in _RPM:
        found = image.tree().find(tuple(place.split("/")))
        if found is not None and found[0] not in seen:
            seen.add(found[0])
            yield place


def _bytes(image: Overlay, path: str) -> bytes | None:
    try:
        return image.read(path, DATABASE_LIMIT)
    except (NotFound, ArchiveError):
        return None


def _text(image: Overlay, path: str) -> str | None:
    data = _bytes(image, path)
    return None if data is None else data.decode("utf-8", "replace")


def _dpkg(text: str) -> Iterator[Package]:
    """Stanzas of `Field: value`; a line that begins with a space continues the field before."""
    for stanza in _NEWLINES.split(text):
        fields: dict[str, str] = {}
        for line in stanza.splitlines():
            key, colon, value = line.partition(":")
            if colon and not line[0].isspace():
                fields[key.lower()] = value.strip()
        status = fields.get("status", "install ok installed").split()
        if "package" in fields and status[-1:] == ["installed"]:
            yield Package(fields["package"], fields.get("version", ""), fields.get("architecture", ""), "deb")


def _apk(text: str) -> Iterator[Package]:
    """Stanzas of lines with one letter and a colon."""
    for stanza in _NEWLINES.split(text):
        fields = {line[0]: line[2:].strip() for line in stanza.splitlines() if line[1:2] == ":"}
        if "P" in fields:
            yield Package(fields["P"], fields.get("V", ""), fields.get("A", ""), "apk")
