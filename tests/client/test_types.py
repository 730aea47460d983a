"""The types of the package, as programs of users that are checked strictly see them.

These are the program below, what the pages for users show, and the examples of all public names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from .user_programs import write_programs

pytest.importorskip("mypy")
pytest.importorskip("pyright")

STRICT: Final = {
    "typeCheckingMode": "strict",
    # An example shows values, and makes what it does not use; blocks of a page repeat imports.
    "reportDuplicateImport": False,
    "reportUnusedExpression": False,
    "reportUnusedFunction": False,
    "reportUnusedImport": False,
    "reportUnusedVariable": False,
}

PROGRAM = """
from collections.abc import AsyncIterator, Iterator
from typing import assert_type

import ocilot


def blocking(registry: ocilot.Registry) -> None:
    app = registry.repository("team/app")
    assert_type(app, ocilot.Repository)
    assert_type([tag.name for tag in app.tags(match="v1.*", sort="-name")], list[str])
    image = app.get("v1", platform="linux/arm64")
    assert_type(image, ocilot.Image)
    assert_type(image.digest, ocilot.Digest)
    assert_type([layer.size for layer in image.layers], list[int])
    assert_type(app.untag("old"), ocilot.Plan)
    assert_type(app["v1"].tag, str)
    result = ocilot.copy(app["v1"], "oci:layout", platforms=["linux/amd64"], referrers="required")
    assert_type(result, ocilot.CopyResult)
    ocilot.copy(image, app / "other:v1", progress=print)


async def for_asyncio() -> None:
    async with ocilot.aconnect("localhost:5000", auth=("a", "b"), tls=ocilot.TLS(verify=False)) as registry:
        app = registry.repository("team/app")
        assert_type(app, ocilot.AsyncRepository)
        image = await app.get("v1")
        assert_type(image, ocilot.AsyncImage)
        assert_type([tag.name async for tag in app.tags()], list[str])
        assert_type(await image.read("etc/os-release"), bytes)
        await ocilot.acopy(image, "oci:layout")


with ocilot.connect(auth=ocilot.ANONYMOUS, retry=ocilot.Retry(attempts=2), limits=ocilot.Limits()) as one:
    blocking(one)
try:
    ocilot.open("oci:missing")
except ocilot.errors.NotFound as problem:
    assert_type(problem.status, int)
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the programs."""
    directory = tmp_path_factory.mktemp("types") / "programs"
    write_programs(directory)
    (directory / "whole.py").write_text(PROGRAM)
    (directory / "pyrightconfig.json").write_text(json.dumps(STRICT))
    return directory


def checked(*words: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Runs a checker. Pyright takes the first interpreter of the path for the one to check with."""
    found = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    env = {**os.environ, "PATH": found, "NO_COLOR": "1"}
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True)


def test_mypy_finds_no_error(programs: Path, tmp_path: Path) -> None:
    ran = checked("mypy", "--strict", "--cache-dir", str(tmp_path), ".", directory=programs)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_pyright_finds_no_error(programs: Path) -> None:
    ran = checked("pyright", ".", directory=programs)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_pyright_sees_wrong_types(tmp_path: Path) -> None:
    """What has no types has no errors either."""
    (tmp_path / "wrong.py").write_text("import ocilot\n\nhost: int = ocilot.connect().host\n")
    ran = checked("pyright", "wrong.py", directory=tmp_path)
    assert (ran.returncode, "reportAssignmentType" in ran.stdout) == (1, True), ran.stdout + ran.stderr


def test_every_public_name_has_a_type_that_no_checker_guesses(tmp_path: Path) -> None:
    words = ("--verifytypes", "ocilot", "--ignoreexternal", "--outputjson")
    ran = checked("pyright", *words, directory=tmp_path)
    report = json.loads(ran.stdout)["typeCompleteness"]
    guessed = [
        f"{symbol['name']}: {problem['message']}"
        for symbol in report["symbols"]
        for problem in symbol["diagnostics"]
        if not symbol["isTypeKnown"]
    ]
    assert guessed == []
    assert report["exportedSymbolCounts"]["withKnownType"] > 1000
