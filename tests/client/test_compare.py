"""The difference of two images: layers, files, packages and config."""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ocilot.compare import Package, Side, diff, packages
from ocilot.compare.config_fields import field_changes
from ocilot.layers import LayerSource, Overlay, TarEntry
from ocilot.oci import Config

from .archives_of import Counted, Made, archive, directory, file, hardlink, layer, symlink

STATUS = b"""Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2-1
Description: shell
 Package: not this
Conffiles:
 /etc/bash 1234

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9

Package: libc6
Status: install ok installed
Architecture: i386
Version: 2.36-9
"""

APK = b"""C:Q1abc=
P:busybox
V:1.37.0-r12
A:x86_64
F:bin
R:busybox

P:musl
V:1.2.5-r9
A:x86_64
"""


def side(name: str, *layers: LayerSource, config: Any = None) -> Side:
    return Side(name, layers, config or {})


def named(name: str, *entries: Made) -> LayerSource:
    return layer(*entries, name=name)


def image(*entries: Made) -> Overlay:
    return Overlay([layer(*entries)])


def test_packages_of_debian_are_listed() -> None:
    found = packages(image(file("var/lib/dpkg/status", STATUS)))
    assert found.installed == (
        Package("bash", "5.2-1", "amd64", "deb"),
        Package("libc6", "2.36-9", "amd64", "deb"),
        Package("libc6", "2.36-9", "i386", "deb"),
    )


def test_packages_of_images_without_a_package_manager_are_listed() -> None:
    part = b"Package: tzdata\nVersion: 2026a\nArchitecture: all\n"
    found = packages(
        image(
            file("var/lib/dpkg/status.d/tzdata", part), file("var/lib/dpkg/status.d/tzdata.md5sums", b"0  a")
        )
    )
    assert found.installed == (Package("tzdata", "2026a", "all", "deb"),)


@pytest.mark.parametrize("path", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_packages_of_alpine_are_listed(path: str) -> None:
    assert packages(image(file(path, APK))).installed == (
        Package("busybox", "1.37.0-r12", "x86_64", "apk"),
        Package("musl", "1.2.5-r9", "x86_64", "apk"),
    )


def rpm_header(name: str, version: str, epoch: int | None = None) -> bytes:
    fields: list[tuple[int, int, bytes]] = [
        (1000, 6, name.encode() + b"\0"),
        (1001, 6, version.encode() + b"\0"),
        (1002, 6, b"3.el9\0"),
        (1005, 7, b"\0\xff"),
        (1022, 6, b"x86_64\0"),
    ]
    data = b""
    if epoch is not None:
        fields.insert(0, (1003, 4, struct.pack(">I", epoch)))
    entries = b""
    for tag, kind, value in fields:
        entries += struct.pack(">IIII", tag, kind, len(data), 1)
        data += value
    return struct.pack(">II", len(fields), len(data)) + entries + data


def rpm_database(path: Path, *headers: bytes) -> bytes:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(header,) for header in headers])
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def test_packages_of_rpm_are_listed(tmp_path: Path) -> None:
    data = rpm_database(
        tmp_path / "rpmdb.sqlite",
        rpm_header("bash", "5.1.8"),
        rpm_header("shadow-utils", "4.9", epoch=2),
        rpm_header("gpg-pubkey", "8483c65d"),
    )
    found = packages(
        image(
            file("usr/lib/sysimage/rpm/rpmdb.sqlite", data), symlink("var/lib/rpm", "/usr/lib/sysimage/rpm")
        )
    )
    assert found.installed == (
        Package("bash", "5.1.8-3.el9", "x86_64", "rpm"),
        Package("shadow-utils", "2:4.9-3.el9", "x86_64", "rpm"),
    )
    assert found.unknown == ()


def test_other_databases_of_rpm_are_unknown(tmp_path: Path) -> None:
    broken = rpm_database(tmp_path / "rpmdb.sqlite", b"\0\0\0\x05\0\0\0\0")
    for name, data in (
        ("Packages", b"bdb"),
        ("Packages.db", b"RpmP"),
        ("rpmdb.sqlite", b"junk"),
        ("rpmdb.sqlite", broken),
        ("rpmdb.sqlite", broken[:5000]),
    ):
        found = packages(image(file(f"var/lib/rpm/{name}", data)))
        assert (found.installed, found.unknown) == ((), (f"var/lib/rpm/{name}",))


def test_an_image_without_packages_has_none() -> None:
    assert packages(image(file("app", b"x"))).installed == ()


BASE = named(
    "sha256:base", directory("etc"), file("etc/a", b"a"), file("etc/b", b"b"), file("etc/same", b"s")
)


def changes(before: list[Made], after: list[Made]) -> list[str]:
    found = diff(side("one", BASE, named("sha256:1", *before)), side("two", BASE, named("sha256:2", *after)))
    return [str(change) for change in found.files]


def test_files_that_were_added_removed_and_changed_are_listed() -> None:
    assert changes(
        [file("x", b"1"), file("y", b"12")], [file(".wh.etc"), file("x", b"2"), file("z", b"123")]
    ) == [
        "- etc +0 B",
        "- etc/a -1 B",
        "- etc/b -1 B",
        "- etc/same -1 B",
        "~ x +0 B (content)",
        "- y -2 B",
        "+ z +3 B",
    ]


def test_each_field_of_a_file_that_differs_is_named() -> None:
    one = TarEntry("f", size=1, mode=0o644, mtime=1)
    for other, data, fields in (
        (one.with_(mode=0o755), b"1", "(mode)"),
        (one.with_(uid=5), b"1", "(owner)"),
        (one.with_(xattrs={"user.a": b"1"}), b"1", "(attributes)"),
        (one.with_(mode=0o755, gid=5), b"2", "(mode, owner, content)"),
    ):
        assert changes([(one, b"1")], [(other, data)]) == [f"~ f +0 B {fields}"]
    assert changes([symlink("l", "a")], [symlink("l", "b")]) == ["~ l +0 B (target)"]
    assert changes([file("t", b"1")], [symlink("t", "b")]) == ["~ t -1 B (type)"]


def test_the_same_content_by_another_way_is_no_difference() -> None:
    one = TarEntry("f", size=1, mtime=1)
    assert changes([(one, b"1")], [(one.with_(mtime=99), b"1")]) == []
    assert changes([file("etc/same", b"s")], []) == []
    assert changes([file("p", b"1"), hardlink("q", "p")], [file("q", b"1"), file("p", b"1")]) == []
    assert changes([file("etc/same", b"t")], []) == ["~ etc/same +0 B (content)"]


def test_layers_of_both_images_are_read_once() -> None:
    opened: list[str] = []

    def counted(name: str, *entries: Made) -> LayerSource:
        def open_it() -> Counted:
            opened.append(name)
            return Counted(archive(*entries))

        return LayerSource(name, open_it, 100)

    base, upper = counted("base", file("a", b"1")), counted("upper", file("b", b"1"))
    found = diff(side("one", base), side("two", base, upper))
    assert sorted(opened) == ["base", "upper"]
    assert (len(found.shared), len(found.removed), len(found.added)) == (1, 0, 1)
    assert found.growth == 100
    opened.clear()
    assert diff(side("one", base), side("two", base, upper), files=False, installed=False).files == ()
    assert opened == []


def test_config_fields_that_differ_are_listed() -> None:
    before = Config(
        json.dumps(
            {
                "architecture": "amd64",
                "created": "2026-01-01T00:00:00Z",
                "config": {
                    "Env": ["PATH=/bin", "A=1"],
                    "Cmd": ["sh"],
                    "Labels": {"x": "1"},
                    "ExposedPorts": {"80/tcp": {}},
                },
            }
        ).encode()
    )
    after = {
        "architecture": "arm64",
        "config": {
            "Env": ["PATH=/bin", "A=2", "B=3"],
            "Labels": {},
            "User": "",
            "ExposedPorts": {"443/tcp": {}},
        },
    }
    assert [str(change) for change in field_changes(before.json, after)] == [
        "~ architecture = amd64 -> arm64",
        "- config.Cmd = ['sh']",
        "~ config.Env.A = 1 -> 2",
        "+ config.Env.B = 3",
        "~ config.ExposedPorts = ['80/tcp'] -> ['443/tcp']",
        "- config.Labels.x = 1",
    ]


def test_a_difference_is_plain_data_and_text() -> None:
    found = diff(
        side("app:1", BASE, named("sha256:1", file("lib/apk/db/installed", APK)), config={"os": "linux"}),
        side(
            "app:2",
            BASE,
            named(
                "sha256:2",
                file("lib/apk/db/installed", APK.replace(b"r12", b"r13").replace(b"P:musl", b"P:zlib")),
            ),
            named("sha256:3", file("var/lib/rpm/Packages", b"bdb")),
            config={"os": "linux", "config": {"User": "app"}},
        ),
    )
    text = str(found)
    assert text.splitlines()[1] == "layers: 1 shared, 1 removed, 2 added"
    for line in (
        "  + config.User = app",
        "  ~ busybox 1.37.0-r12 -> 1.37.0-r13",
        "  - musl 1.2.5-r9",
        "  + zlib 1.2.5-r9",
        "  ~ lib/apk/db/installed +0 B (content)",
        "packages in var/lib/rpm/Packages are unknown: format not supported",
    ):
        assert line in text.splitlines()
    plain = json.loads(json.dumps(found.to_json()))
    assert plain["layers"]["shared"] == [{"digest": "sha256:base", "size": BASE.size}]
    assert plain["packages"][0] == {
        "name": "busybox",
        "kind": "apk",
        "before": "1.37.0-r12",
        "after": "1.37.0-r13",
    }
    assert plain["growth"] == found.growth
    assert not found.is_empty
    assert diff(side("a", BASE), side("b", BASE)).is_empty
