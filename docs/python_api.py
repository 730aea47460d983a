"""The pages of the Python API, made from signatures and docstrings: ./dev docs --write."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import itertools
import re
import textwrap
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from docs.python_names import PAGES, Page

HEAD: Final = "<!-- Made by ./dev docs --write from the docstrings of python/ocilot. -->\n"
WIDE: Final = 96
"""A longer signature has a line for each parameter."""


class _Code:
    """A text that `repr` shows as it is, for annotations in signatures."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class Field(NamedTuple):
    """An attribute of a class."""

    name: str
    type: str
    default: str
    meaning: str


def pages() -> dict[str, Callable[[], str]]:
    """Every page by its path below `docs`."""
    made: dict[str, Callable[[], str]] = {"reference/python.md": overview}
    for name, page in PAGES.items():
        made[f"reference/python/{name}.md"] = lambda page=page: page_of(page)  # type: ignore[misc]
    made["reference/python/errors.md"] = errors_page
    return made


def public_names() -> list[str]:
    """Names of `ocilot` itself."""
    package = importlib.import_module("ocilot")
    return [name for name in package.__all__ if name not in ("__version__", "errors")]


def overview() -> str:
    """All names of the package, with where they are described."""
    places = {one.partition(":")[2]: key for key, page in PAGES.items() for one in page.names}
    places |= {"Error": "errors", "ConfigError": "errors"}
    lines = [
        "# Python API\n",
        HEAD,
        "Every public name of the package. [Images from Python](../client/quickstart.md) shows how they work "
        "together, the [cookbook](../client/cookbook.md) has tasks. Types of arguments and results are in "
        "the signatures; sizes are bytes, times are RFC 3339 texts or seconds. A test runs the examples "
        "against a registry in which `team/app` has the tags `v1`, `v1.1` and `latest`.\n",
        "| page | contents |\n|---|---|",
    ]
    lines += [
        f"| [{page.title}](python/{key}.md) | {page.about or ERRORS_ABOUT} |" for key, page in PAGES.items()
    ]
    lines += ["\n## Names of the package\n", "| name | meaning |\n|---|---|"]
    package = importlib.import_module("ocilot")
    for name in public_names():
        anchor = f"python/{places[name]}.md#ocilot{name.lower()}"
        if name in ("Error", "ConfigError"):
            anchor = "python/errors.md"
        meaning = CONSTANTS.get(name) or summary(getattr(package, name))
        lines.append(f"| [`ocilot.{name}`]({anchor}) | {_cell(meaning)} |")
    lines += [
        "\nThe pages name further types by their modules, such as `ocilot.client.events`. Modules and names "
        "that are on no page may change.",
        "",
    ]
    return "\n".join(lines)


ERRORS_ABOUT: Final = "What can be raised, and what each exception has beside its message."
CONSTANTS: Final = {"ANONYMOUS": "No credentials: `connect(host, auth=ANONYMOUS)` reads no files."}


def page_of(page: Page) -> str:
    """A page with all its names."""
    lines = [f"# {page.title}\n", HEAD, f"{page.about} [All names](../python.md#names-of-the-package).\n"]
    exported = set(public_names())
    for one in page.names:
        module, _, name = one.partition(":")
        found = getattr(importlib.import_module(f"ocilot.{module}"), name)
        full = f"ocilot.{name}" if name in exported else f"ocilot.{module}.{name}"
        lines.append("\n".join(_described(full, name, found)))
    return "\n".join(lines)


def _described(full: str, name: str, found: Any) -> Iterator[str]:
    yield f"## `{full}`\n"
    if module_of_fixture(found):
        yield _text(inspect.getdoc(found.__wrapped__ if hasattr(found, "__wrapped__") else found) or "")
    elif inspect.isclass(found):
        yield from _class(name, found)
    elif callable(found):
        yield _signature(name, found)
        yield _text(inspect.getdoc(found) or "")
    else:
        yield CONSTANTS[name] + "\n"


def module_of_fixture(found: Any) -> bool:
    """Whether it is a fixture of pytest."""
    return type(found).__name__ == "FixtureFunctionDefinition"


def _class(name: str, cls: type) -> Iterator[str]:
    if is_made_by_callers(cls):
        yield _signature(name, cls)
    yield _text(inspect.getdoc(cls) or "")
    rows = list(fields(cls))
    if rows:
        with_defaults = any(row.default for row in rows)
        head = (
            ("attribute", "type", "default", "meaning") if with_defaults else ("attribute", "type", "meaning")
        )
        yield _row(head) + "\n" + "|---" * len(head) + "|"
        for row in rows:
            cells = [
                f"`{row.name}`",
                f"`{row.type}`" if row.type else "",
                f"`{row.default}`" if row.default else "",
                row.meaning,
            ]
            yield _row([_cell(cell) for cell in (cells if with_defaults else [*cells[:2], cells[3]])])
        yield ""
    for method, function in methods(cls):
        yield f"### `{name}.{method}`\n"
        yield _signature(method, function)
        yield _text(inspect.getdoc(function) or "")


MADE_BY_CALLERS: Final = {
    "Server",
    "RegistryForTests",
    "TLS",
    "Retry",
    "Limits",
    "Token",
    "Descriptor",
    "Reference",
    "Platform",
    "Manifest",
    "Config",
}


def is_made_by_callers(cls: type) -> bool:
    """Whether users make objects of the class themselves."""
    return cls.__name__ in MADE_BY_CALLERS


def ancestors(cls: type) -> list[type]:
    """The class and those of the package that it is made of, the lowest first."""
    # What all records have is described once.
    found = [
        one
        for one in reversed(cls.__mro__)
        if one.__module__.startswith("ocilot") and (one is cls or one.__name__ != "Record")
    ]
    return found or [cls]


def fields(cls: type) -> Iterator[Field]:
    """Attributes: of the class's body, of `__init__`, and properties; in this order."""
    seen: dict[str, Field] = {}
    for one in ancestors(cls):
        body = _body(one)
        for found in itertools.chain(_assigned(body.body, one), _in_init(body), _properties(one)):
            if not found.name.startswith("_"):
                seen[found.name] = found
    yield from seen.values()


def _body(cls: type) -> ast.ClassDef:
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(body, ast.ClassDef)
    return body


def _assigned(body: Sequence[ast.stmt], cls: type) -> Iterator[Field]:
    for node, after in itertools.pairwise([*body, ast.Pass()]):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            kind = ast.unparse(node.annotation)
            if not kind.startswith("ClassVar"):
                yield Field(node.target.id, kind, _default(cls, node.target.id), _documented(after))
        elif isinstance(node, ast.Assign) and _documented(after) and isinstance(node.targets[0], ast.Name):
            yield Field(node.targets[0].id, "", "", _documented(after))


def _in_init(body: ast.ClassDef) -> Iterator[Field]:
    for function in body.body:
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            for node, after in itertools.pairwise([*function.body, ast.Pass()]):
                target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
                if isinstance(target, ast.Attribute) and _documented(after):
                    kind = (
                        ast.unparse(node.annotation)
                        if isinstance(node, ast.AnnAssign)
                        else _kind(function, node)
                    )
                    yield Field(target.attr, kind, "", _documented(after))


def _kind(function: ast.FunctionDef, node: ast.stmt) -> str:
    """The annotation of the argument that is assigned as it is."""
    value = getattr(node, "value", None)
    for argument in (*function.args.args, *function.args.kwonlyargs):
        if isinstance(value, ast.Name) and value.id == argument.arg and argument.annotation:
            return ast.unparse(argument.annotation)
    return ast.unparse(value.func) if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""


def _properties(cls: type) -> Iterator[Field]:
    for name, found in vars(cls).items():
        if isinstance(found, property) and found.fget is not None:
            kind = inspect.signature(found.fget).return_annotation
            yield Field(
                name, kind if isinstance(kind, str) else getattr(kind, "__name__", ""), "", summary(found)
            )


def _documented(node: ast.stmt) -> str:
    match node:
        case ast.Expr(ast.Constant(str(text))):
            return " ".join(text.split())
    return ""


def _default(cls: type, name: str) -> str:
    if not dataclasses.is_dataclass(cls):
        return ""
    found = {field.name: field for field in dataclasses.fields(cls)}.get(name)
    if found is None or found.default is dataclasses.MISSING:
        return ""
    return repr(found.default)


def methods(cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Public methods, also class methods, in the order of the source."""
    seen: dict[str, Callable[..., Any]] = {}
    for one in ancestors(cls):
        for name, found in vars(one).items():
            if isinstance(found, classmethod | staticmethod):
                found = found.__func__
            if isinstance(found, types.FunctionType) and not name.startswith("_"):
                seen[name] = found
    yield from seen.items()


def _signature(name: str, found: Callable[..., Any]) -> str:
    signature = inspect.signature(found)
    parameters = [
        one.replace(annotation=_code(one.annotation))
        for place, one in enumerate(signature.parameters.values())
        if not (place == 0 and one.name in ("self", "cls"))
    ]
    returns = inspect.Signature.empty if inspect.isclass(found) else _code(signature.return_annotation)
    text = name + str(signature.replace(parameters=parameters, return_annotation=returns))
    if inspect.iscoroutinefunction(found):
        text = f"await {text}"
    if len(text) > WIDE:
        text = _broken(text, parameters, name)
    return f"```text\n{text}\n```\n"


def _broken(text: str, parameters: Sequence[inspect.Parameter], name: str) -> str:
    """A parameter a line."""
    head, tail = text[: text.index(name) + len(name)], text[text.rindex(")") + 1 :]
    arrow = text.rfind(") -> ")
    tail = text[arrow + 1 :] if arrow >= 0 else ""
    lines, starred = [], False
    for one in parameters:
        if one.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            if not any(other.kind is inspect.Parameter.VAR_POSITIONAL for other in parameters):
                lines.append("*")
            starred = True
        lines.append(str(one))
    return f"{head}(\n" + "".join(f"    {line},\n" for line in lines) + f"){tail}"


def _code(annotation: Any) -> Any:
    if annotation is inspect.Parameter.empty:
        return annotation
    return _Code(annotation) if isinstance(annotation, str) else annotation


def summary(found: Any) -> str:
    """The first sentence of a docstring."""
    text = inspect.getdoc(found) or ""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", paragraph)[0]


def _text(docstring: str) -> str:
    """A docstring as Markdown: examples become blocks."""
    parts: list[str] = []
    for paragraph in docstring.split("\n\n"):
        if paragraph.startswith(">>>"):
            shown = re.sub(r"  # doctest: .*", "", paragraph)
            parts.append(f"```pycon\n{shown}\n```")
        else:
            parts.append(paragraph)
    return "\n\n".join(parts) + "\n"


def errors_page() -> str:
    """Every exception, with its attributes."""
    errors = importlib.import_module("ocilot.errors")
    about, _, tree = (inspect.getdoc(errors) or "").partition("\n\n")
    lines = [
        "# Errors\n",
        HEAD,
        f"{about} All are in `ocilot.errors`; `ocilot.Error` and `ocilot.ConfigError` are there, too.\n",
        tree + "\n",
        "Commands have an [exit code](../../client/cookbook.md#act-on-exit-codes-in-ci) for each kind.\n",
        "## Attributes\n",
        "Every error has `code`, the kind of failure. All but `Error` and `ConfigError` have `hint`: what to "
        "do, empty if nothing is known.\n",
        "| exception | attribute | meaning |\n|---|---|---|",
    ]
    for name in errors.__all__:
        cls = getattr(errors, name)
        if cls.__module__ == "ocilot.errors":
            lines += [
                f"| `{name}` | `{one.name}` | {_cell(one.meaning)} |"
                for one in _in_init(_body(cls))
                if one.name != "hint"
            ]
    return "\n".join([*lines, ""])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
