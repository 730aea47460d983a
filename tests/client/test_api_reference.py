"""The reference of the Python API: complete, and its examples are run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import io
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from docs import python_api
from docs.python_names import PAGES

import ocilot
from ocilot.testing import RegistryForTests

from . import test_admin, test_build_examples, test_examples, test_transport_rules

PACKAGE = Path(ocilot.__file__).parent
ALONE = (
    "",
    "arguments",
    "cli.images.official_images",
    "client.referrers",
    "counting",
    "display.frames",
    "full_disk",
    "layers.compression",
    "layers.decompression",
    "layers.paths",
    "layers.tar_writer",
    "oci.config",
    "oci.digest",
    "oci.manifest",
    "oci.platform",
    "references",
    "testing.registry",
)
"""Modules whose examples need no registry beside them."""

MEMBERS = [
    (
        f"{page}: {one}",
        getattr(importlib.import_module(f"ocilot.{one.partition(':')[0]}"), one.partition(":")[2]),
    )
    for page, described in PAGES.items()
    for one in described.names
]


def run_elsewhere() -> set[str]:
    """Modules whose examples other tests run, beside a registry."""
    rules = {f"client.{name}" for name in test_transport_rules.MODULES}
    administered = {
        example.name.removeprefix("ocilot.").rpartition(".")[0] for example in test_admin.EXAMPLES
    }
    return {*test_examples.MODULES, *test_build_examples.MODULES, *rules, *administered, "admin"}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def test_the_examples_of_every_module_are_run() -> None:
    with_examples = {
        module_name(path)
        for path in PACKAGE.rglob("*.py")
        if ">>> " in path.read_text(encoding="utf-8") and path.name != "aio.py"
    }
    assert with_examples - run_elsewhere() - set(ALONE) == set()
    assert set(ALONE) <= with_examples


@pytest.mark.parametrize("name", ALONE)
def test_an_example_is_true(name: str) -> None:
    run_examples(importlib.import_module(f"ocilot.{name}".rstrip(".")))


def test_the_example_of_the_administration_is_true() -> None:
    with RegistryForTests(accounts=True) as host:
        carol = host.add_user("carol", admin=True)
        with ocilot.connect(host.host, auth=carol) as registry:
            run_examples(importlib.import_module("ocilot.admin"), registry=registry)


def run_examples(module: ModuleType, **names: Any) -> None:
    said = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    finder = doctest.DocTestFinder(exclude_empty=True)
    for test in finder.find(module, globs={**vars(module), "ocilot": ocilot, **names}):
        runner.run(test, out=said.write)
    assert runner.tries > 0
    assert runner.failures == 0, said.getvalue()


def test_every_public_name_is_on_a_page() -> None:
    described = {one.partition(":")[2] for page in PAGES.values() for one in page.names}
    assert set(python_api.public_names()) - described == {"ConfigError", "Error"}, (
        "errors have a page of their own"
    )


def undocumented(found: Any) -> Iterator[str]:
    """Methods and attributes without a word; fields of values may speak for themselves."""
    if not inspect.isclass(found):
        return
    for name, function in python_api.methods(found):
        if not inspect.getdoc(function):
            yield name
    for field in python_api.fields(found):
        if not field.meaning and not field.type:
            yield field.name


@pytest.mark.parametrize("found", [found for _, found in MEMBERS], ids=[name for name, _ in MEMBERS])
def test_a_public_name_says_what_it_is(found: Any) -> None:
    assert isinstance(found, str) or inspect.getdoc(found)
    assert list(undocumented(found)) == []


def test_every_error_is_in_the_tree() -> None:
    page = python_api.errors_page()
    assert [name for name in ocilot.errors.__all__ if f"- `{name}`" not in page] == []
