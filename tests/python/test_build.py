"""The build asks PyPI for headers only where the system has none that will do."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
BACKEND = ROOT / "python/packaging/ocilot_build.py"


@pytest.fixture(scope="module")
def backend() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ocilot_build", BACKEND)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def headers(directory: Path, boost: int) -> Path:
    (directory / "boost/beast").mkdir(parents=True)
    (directory / "boost/beast/version.hpp").write_text("")
    (directory / "boost/version.hpp").write_text(f"//\n#define BOOST_VERSION {boost}\n")
    (directory / "nlohmann").mkdir()
    (directory / "nlohmann/json_fwd.hpp").write_text("")
    return directory


def test_headers_of_the_system_are_enough(backend: ModuleType, tmp_path: Path) -> None:
    assert backend.missing_headers([tmp_path / "none", headers(tmp_path, 108100)]) == []


def test_an_old_boost_is_passed_over(backend: ModuleType, tmp_path: Path) -> None:
    assert backend.missing_headers([headers(tmp_path, 107400)]) == ["boost-headers>=1.81"]


def test_without_headers_both_are_asked_for(backend: ModuleType, tmp_path: Path) -> None:
    assert backend.missing_headers([tmp_path]) == ["boost-headers>=1.81", "nlohmann-json>=3.11"]


def test_include_paths_may_be_named(backend: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOST_ROOT", "/opt/boost")
    monkeypatch.setenv("CMAKE_INCLUDE_PATH", "/a:/b")
    paths = backend.include_paths()
    assert paths[:2] == [Path("/a"), Path("/b")]
    assert Path("/opt/boost/include") in paths
    assert Path("/usr/include") in paths


def test_a_module_compiled_for_oneself_is_not_packed(tmp_path: Path) -> None:
    assert list((ROOT / "python/ocilot").glob("_core.*.so")), "./dev build puts it there"
    script = (
        "import sys; from scikit_build_core.build import build_wheel;"
        "build_wheel(sys.argv[1], {'wheel.cmake': 'false'})"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], cwd=ROOT, check=True, capture_output=True)
    packed = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "ocilot/_core.pyi" in packed
    assert [name for name in packed if name.endswith((".so", ".pyc"))] == []
