"""What `./dev dist` makes, in a Debian that has nothing but Python; `./dev dist --test` runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.api import Api
from tests.server.certificates import Certificates
from tests.server.images import make_image
from tests.server.people import basic, write_users
from tests.server.programs import Daemon, environment, run
from tests.server.registry import LISTENING

from .debian import BareDebian

DIST = os.environ.get("OCILOT_DIST", "")

pytestmark = pytest.mark.skipif(not DIST, reason="needs a wheel: ./dev dist --test")

C_LIBRARY = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"}
"""What every Linux with glibc has."""

SQLITE_WITHOUT_WAL_RACE = 3_051_003
"""SQLite 3.51.3, which mends a race between two connections that write or checkpoint."""


@pytest.fixture(scope="session")
def wheel() -> Path:
    (found,) = Path(DIST).glob("*.whl")
    return found


@pytest.fixture(scope="session")
def module(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if re.match(r"ocilot/_core.*\.so$", name))
        return Path(archive.extract(name, tmp_path_factory.mktemp("wheel")))


def test_the_wheel_is_for_linux_with_glibc_and_small(wheel: Path) -> None:
    assert "-manylinux_2_" in wheel.name
    assert wheel.stat().st_size < 15_000_000


def test_the_module_needs_only_the_c_library(module: Path) -> None:
    dynamic = subprocess.check_output(["readelf", "--dynamic", module], text=True)
    assert set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)) <= C_LIBRARY


def test_only_the_entry_point_of_the_module_is_visible(module: Path) -> None:
    symbols = subprocess.check_output(["nm", "--dynamic", "--defined-only", module], text=True)
    assert [line.split()[-1] for line in symbols.splitlines()] == ["PyInit__core"]


def test_the_wheel_holds_the_licenses_of_what_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name).name for name in archive.namelist() if "/licenses/" in name}
    assert names >= {"LICENSE", "libssl-dev", "libcrypt-dev", "libfmt-dev", "nlohmann-json3-dev", "pybind11"}


def test_the_source_distribution_holds_the_sources(wheel: Path) -> None:
    (source,) = Path(DIST).glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"CMakeLists.txt", "pyproject.toml", "LICENSE", "cpp/python/module.cpp", "hooks"} <= names | {
        name.partition("/")[0] for name in names
    }
    assert not {name for name in names if name.startswith(("tests/", "build/"))}


@pytest.fixture(scope="module")
def debian(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareDebian]:
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("a bare Debian needs debootstrap and root")
    if f"-cp{sys.version_info.major}{sys.version_info.minor}-" not in wheel.name:
        pytest.skip("the wheel is for another Python than this one")
    bare = BareDebian.make(tmp_path_factory.mktemp("debian") / "root")
    yield bare
    bare.remove()


@pytest.fixture(scope="module")
def installed(debian: BareDebian, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> BareDebian:
    """With ocilot installed by pip as its only addition, from wheels that were fetched outside."""
    assert not debian.has_program("cc", "gcc", "c++", "g++", "clang", "cmake")
    wheels = debian.root / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    # The index is asked with the settings of this machine; in there pip knows no index.
    subprocess.run([*pip, "download", "-q", "--only-binary=:all:", "-d", wheels, wheel], check=True)
    debian.run("python3", "-m", "venv", "/opt/ocilot")
    debian.run("/opt/ocilot/bin/pip", "install", "-q", "--no-index", "--find-links", "/wheels", "ocilot")
    return debian


def test_a_bare_debian_serves(installed: BareDebian, tmp_path: Path) -> None:
    command = installed.command(
        "/opt/ocilot/bin/ocilot", "serve", "--root", "/srv/data", "--addr", "127.0.0.1:0"
    )
    image = make_image("wheel")
    serving = Daemon(command, env=environment(tmp_path), log=tmp_path / "log")
    try:
        found = serving.wait_for(lambda: LISTENING.search(serving.output()), "the registry's start")
        with Api(found[2], int(found[3])) as api:
            api.push_image("team/app", image, "v1")
            assert api("GET", "/v2/team/app/manifests/v1").body == image.manifest.data
    finally:
        serving.end()
    assert serving.exit_code == 0, serving.output()
    # SQLite writes its version into the header of every database it changes.
    header = (installed.root / "srv/data/ocilot/meta.sqlite").read_bytes()[:100]
    assert int.from_bytes(header[96:100]) >= SQLITE_WITHOUT_WAL_RACE


def test_a_bare_debian_serves_tls_and_checks_passwords(installed: BareDebian, tmp_path: Path) -> None:
    home = installed.root / "etc/ocilot"
    home.mkdir()
    certificates = Certificates(home)
    write_users(home)
    (home / "config.yml").write_text(
        "version: 0.1\nstorage: {filesystem: {rootdirectory: /srv/guarded}}\n"
        "http:\n  addr: 127.0.0.1:0\n"
        "  tls: {certificate: /etc/ocilot/server.pem, key: /etc/ocilot/server.key}\n"
        "auth: {htpasswd: {realm: test, path: /etc/ocilot/htpasswd}}\n"
    )
    serving = Daemon(
        installed.command("/opt/ocilot/bin/ocilot", "serve", "/etc/ocilot/config.yml"),
        env=environment(tmp_path),
        log=tmp_path / "log",
    )
    try:
        found = serving.wait_for(lambda: LISTENING.search(serving.output()), "the registry's start")
        with Api("localhost", int(found[3]), certificates.context()) as api:
            assert api("GET", "/v2/", headers=basic("alice")).status == 200
            assert api("GET", "/v2/", headers=basic("alice", "wrong")).status == 401
    finally:
        serving.end()


def test_the_commands_work_there(installed: BareDebian, tmp_path: Path) -> None:
    assert "serve" in run(installed.command("/opt/ocilot/bin/ocilot", "--help"), env=environment(tmp_path))
