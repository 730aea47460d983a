"""Sources that are compiled as one unit mean the same as each alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from .tree import ROOT

TRAITS = {
    "a function": "int page(Text const& text) {\n    int x = 1;\n}\n",
    "a function with its name on the next line": "Result<std::vector<Name>>\npage(Text const& text) {\n}\n",
    "a constant": "constexpr auto page = 100;\n",
    "a constant with braces": "constexpr std::string_view page{};\n",
    "an array": "constexpr int page[] = {1, 2};\n",
    "a type": "struct page final : Base {\n",
    "an enumeration": "enum class page : std::uint8_t { a };\n",
    "an alias of its own": "using page = std::string;\n",
    "an alias with parameters": "template <class T>\nusing page = std::vector<T>;\n",
    "an imported name": "using std::chrono::page;\n",
}


@pytest.fixture(scope="module")
def unity() -> ModuleType:
    spec = importlib.util.spec_from_file_location("unity", ROOT / "python/packaging/unity.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("trait", TRAITS)
def test_what_a_source_declares_is_seen(unity: ModuleType, trait: str) -> None:
    assert list(unity.declared(f"namespace {{\n\n{TRAITS[trait]}}}\n")) == ["page"]


def test_members_and_locals_are_not_of_the_namespace(unity: ModuleType) -> None:
    text = "int Page::size() const {\n    int here = 1;\n    return next(here);\n}\n#define X 1\n// size(x)\n"
    assert unity.declared(text) == {}


@pytest.mark.parametrize("trait", TRAITS)
def test_sources_with_an_equal_name_never_meet(unity: ModuleType, tmp_path: Path, trait: str) -> None:
    sources = [tmp_path / "a.cpp", tmp_path / "b.cpp", tmp_path / "c.cpp"]
    sources[0].write_text("constexpr int page = 1;\n")
    sources[1].write_text(TRAITS[trait])
    sources[2].write_text("void other() {\n}\n")
    assert unity.units(sources) == [[sources[0], sources[2]], [sources[1]]]


def test_a_source_with_a_macro_is_alone(unity: ModuleType, tmp_path: Path) -> None:
    sources = [tmp_path / "a.cpp", tmp_path / "b.cpp"]
    sources[0].write_text("#define OLD 1\n#include <old.h>\n")
    sources[1].write_text("int page() {\n}\n")
    assert unity.units(sources) == [[sources[1]], [sources[0]]]


def test_the_same_alias_may_be_in_each(unity: ModuleType, tmp_path: Path) -> None:
    sources = [tmp_path / "a.cpp", tmp_path / "b.cpp"]
    for source in sources:
        source.write_text("using Json = nlohmann::json;\n")
    assert unity.units(sources) == [sources]


def test_units_name_their_sources_alike_in_every_checkout(
    unity: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "a.cpp"
    source.write_text("")
    (unit,) = unity.write(tmp_path / "build/units", [source])
    assert unit.read_text() == '#include "a.cpp"\n'
    before = unit.stat().st_mtime_ns
    unity.write(tmp_path / "build/units", [source])
    assert unit.stat().st_mtime_ns == before, "what has not changed is not compiled again"
