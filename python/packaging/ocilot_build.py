"""The build backend: scikit-build-core, and headers from PyPI where the system has none that will do."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from scikit_build_core import build as _backend
from scikit_build_core.build import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

Settings = dict[str, list[str] | str] | None

OLDEST_BOOST = 108100
"""As BOOST_VERSION counts: 1.81.0. cpp/dependencies.cmake asks for the same."""


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """What to install before a wheel can be built."""
    return [*_backend.get_requires_for_build_wheel(config_settings), *missing_headers(include_paths())]


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """What to install before an editable wheel can be built."""
    return [*_backend.get_requires_for_build_editable(config_settings), *missing_headers(include_paths())]


def include_paths() -> list[Path]:
    """The directories in which CMake's find_path looks for headers."""
    prefixes = [
        *re.split("[;:]", os.environ.get("CMAKE_PREFIX_PATH", "")),
        os.environ.get("BOOST_ROOT", ""),
        "/usr/local",
        "/usr",
        "/opt/homebrew",
    ]
    named = re.split("[;:]", os.environ.get("CMAKE_INCLUDE_PATH", ""))
    return [Path(path) for path in named if path] + [Path(prefix, "include") for prefix in prefixes if prefix]


def missing_headers(paths: Sequence[Path]) -> list[str]:
    """Requirements for the headers that none of the paths has."""
    needed = []
    if not any(boost_version(path) >= OLDEST_BOOST for path in paths):
        needed.append("boost-headers>=1.81")
    if not any((path / "nlohmann/json_fwd.hpp").is_file() for path in paths):
        needed.append("nlohmann-json>=3.11")
    return needed


def boost_version(path: Path) -> int:
    """BOOST_VERSION of the headers in an include directory; 0 if there are none."""
    header = path / "boost/version.hpp"
    if not header.is_file() or not (path / "boost/beast/version.hpp").is_file():
        return 0
    found = re.search(r"^#define BOOST_VERSION (\d+)", header.read_text(), re.MULTILINE)
    return int(found[1]) if found else 0
