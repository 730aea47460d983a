"""F1: one root file system is one digest, whichever Python and zlib the machine has."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

import ocilot

from .rootfs import rootfs
from .test_build_import import GOLDEN, GOLDEN_TAR

OLDEST = (3, 11)
PLACES = [Path("/usr/bin"), Path("/usr/local/bin"), *Path("~/.pyenv/versions").expanduser().glob("*/bin")]

GOLDEN_SEEDS = [
    "sha256:58bdb29dfc91b2f591e0d5d0bc98aeaca56697fb4f92b9052ff379b0b4746a78",
    "sha256:c85fc6e0ba211189df09b3db837c70d37db4e267aa91cd7feb0bc5e5d27a7a70",
]

POISON = r"""
import gzip, zlib

def poisoned(*arguments, **options):
    raise AssertionError("the compressor of this Python was used")

for module, names in ((zlib, ("compress", "compressobj")), (gzip, ("compress", "GzipFile", "open"))):
    for name in names:
        setattr(module, name, poisoned)
"""
# The core of this test's Python cannot be loaded by another version: its compressor, which knows nothing of
# Python, runs beside it.
STAND_IN = r"""
import subprocess, sys, types

class Error(Exception): pass
class ConfigError(Error): pass

class GzipWriter:
    def __init__(self, level):
        self._command, self._data = [*COMPRESSOR, str(level)], []
    def write(self, data):
        self._data.append(bytes(data))
        return b""
    def finish(self):
        return subprocess.check_output(self._command, input=b"".join(self._data))

core = types.ModuleType("ocilot._core")
core.Error, core.ConfigError, core.GzipWriter, core.Settings = Error, ConfigError, GzipWriter, object
sys.modules["ocilot._core"] = core
"""
BUILD = r"""
import json, pathlib, sys
from ocilot.testing.content import chart, image

SEEDS = [
    made.manifests[-1][1]
    for made in (
        image([{"a": b"1" * 1000}], ["linux/amd64", "linux/arm64"], {"a": "b"}, ["A=b"]),
        chart("web", "1.0.0", {"values.yaml": "a: 1\n" * 1000}),
    )
]
from ocilot.archives import LayoutStore
from ocilot.build import import_rootfs
from ocilot.client.drive import run

tree, layout = map(pathlib.Path, sys.argv[1:])
built = run(import_rootfs(tree, LayoutStore(layout), platform="linux/amd64", owner="0:0"))
print(json.dumps([sys.version.split()[0], built.config.diff_ids[0], built.digest, *SEEDS]))
"""
COMPRESS = r"""
import sys
from ocilot._core import GzipWriter

writer = GzipWriter(int(sys.argv[1]))
made = writer.write(sys.stdin.buffer.read())
sys.stdout.buffer.write(made + writer.finish())
"""


@functools.cache
def pythons() -> dict[str, Path]:
    """This Python, and all other versions that the package supports and this machine has."""
    found = {sys.version.split()[0]: Path(sys.executable)}
    programs = (path for place in PLACES for path in sorted(place.glob("python3*")))
    for program in {path.resolve(): path for path in programs}.values():
        if program.name.removeprefix("python").replace(".", "").isdigit() and os.access(program, os.X_OK):
            script = "import sys; print(*sys.version_info[:2], sys.version.split()[0])"
            ran = subprocess.run([program, "-c", script], capture_output=True, text=True, check=False)
            major, minor, version = ran.stdout.split() if ran.returncode == 0 else ("0", "0", "")
            if (int(major), int(minor)) >= OLDEST:
                found.setdefault(version, program)
    return found


def built(python: Path, version: str, tmp_path: Path) -> list[Any]:
    """Version of Python; digests of the layer and of the image that it makes, and of what tests seed."""
    own = version.rpartition(".")[0] == sysconfig.get_python_version()
    command = [sys.executable, "-c", COMPRESS]
    core = "" if own else STAND_IN.replace("COMPRESSOR", repr(command))
    arguments = [rootfs(tmp_path / "r"), tmp_path / "layout"]
    environment = {
        "PYTHONPATH": str(Path(ocilot.__file__).parents[1]),
        "PATH": "/usr/bin:/bin",
        "TZ": "Asia/Tokyo",
        "LANG": "C",
    }
    ran = subprocess.run(
        [python, "-c", POISON + core + BUILD, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: list[Any] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("version", pythons())
def test_every_python_makes_the_same_digest(version: str, tmp_path: Path) -> None:
    """With a zlib and gzip of Python that would fail: other versions of them make other bytes."""
    assert built(pythons()[version], version, tmp_path) == [
        version,
        GOLDEN_TAR,
        GOLDEN,
        *GOLDEN_SEEDS,
    ]
