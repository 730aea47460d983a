"""The client of the administration API has what the API has: it is made from its document."""

from __future__ import annotations

import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ocilot.admin import aio, groups, types
from ocilot.admin.types.records import Record

PACKAGING = Path(__file__).parents[2] / "python/packaging"


@pytest.fixture(scope="module")
def described() -> ModuleType:
    spec = importlib.util.spec_from_file_location("admin_document", PACKAGING / "admin_document.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def api(described: ModuleType) -> object:
    return described.Api(described.document())


def test_the_client_is_current() -> None:
    script = PACKAGING / "admin_form.py"
    ran = subprocess.run([sys.executable, str(script), "--check"], check=False)
    assert ran.returncode == 0, "./dev docs --write makes it anew"


def test_every_operation_has_its_method(described: ModuleType, api: object) -> None:
    missing = []
    for form in (groups, aio):
        for operation in api.operations:  # type: ignore[attr-defined]
            kind, verb = method_of(form, described, operation)
            if not callable(getattr(kind, verb, None)):
                missing.append(f"{operation.id}: {kind.__name__}.{verb}")
    assert missing == []


def method_of(form: ModuleType, described: ModuleType, operation: object) -> tuple[type, str]:
    """The class and the name of the method of an operation."""
    prefix = "Async" if form is aio else ""
    group, verb = operation.group, described.verb_of(operation)  # type: ignore[attr-defined]
    if verb:
        return getattr(form, f"{prefix}{group.capitalize()}Group"), verb
    return getattr(form, f"{prefix}Admin"), group.partition(".")[0]


def test_every_parameter_and_member_is_an_argument(described: ModuleType, api: object) -> None:
    about_pages = {"n", *described.CURSORS}
    missing = []
    for operation in api.operations:  # type: ignore[attr-defined]
        kind, verb = method_of(groups, described, operation)
        taken = {name.removesuffix("_") for name in inspect.signature(getattr(kind, verb)).parameters}
        asked = {one["name"] for place in ("path", "query") for one in operation.parameters(place)}
        body = operation.content.get("requestBody")
        if body is not None:
            schema = body["content"]["application/json"]["schema"]
            # A body with open members is one argument.
            named = api.schemas[described.name_of(schema)]["properties"] if "$ref" in schema else ("fields",)  # type: ignore[attr-defined]
            asked |= set(named)
        missing += [f"{operation.id}: {name}" for name in asked - taken - about_pages]
    # Callers have a list of their own: `usage.callers()`.
    assert missing == ["get_usage: by"]


def test_both_forms_have_the_same_methods_and_words() -> None:
    for name, kind in vars(groups).items():
        if not inspect.isclass(kind) or not kind.__module__.startswith(groups.__name__):
            continue
        other = getattr(aio, f"Async{name}")
        for method, function in inspect.getmembers(kind, inspect.isfunction):
            theirs = getattr(other, method)
            assert inspect.getdoc(function) == inspect.getdoc(theirs), f"{name}.{method}"
            assert list(inspect.signature(function).parameters) == list(inspect.signature(theirs).parameters)


def test_every_type_is_read_from_what_it_writes() -> None:
    kinds = [kind for kind in vars(types).values() if inspect.isclass(kind) and issubclass(kind, Record)]
    assert len(kinds) > 40
    with_defaults = [kind for kind in kinds if kind is not Record and not required(kind)]
    for kind in with_defaults:
        assert kind.from_json(kind().to_json()) == kind()


def required(kind: type[Record]) -> list[str]:
    parameters = inspect.signature(kind).parameters.values()
    return [one.name for one in parameters if one.default is inspect.Parameter.empty]
