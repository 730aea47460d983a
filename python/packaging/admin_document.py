"""The OpenAPI document of a registry of this build, as its client is made from it: see admin_form.py."""

from __future__ import annotations

import json
import re
import textwrap
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

BASE: Final = "/api/v1/"
CURSORS: Final = frozenset({"last", "before", "after"})
"""Parameters that say where a page begins."""

VERBS: Final = {
    "get_access": "explain",
    "post_keys": "rotate",
    "get_hooks": "status",
    "post_hooks_parked": "replay",
    "delete_hooks_parked": "discard",
    "post_job": "run",
    "delete_job": "cancel",
    "get_gc": "status",
    "post_restore": "",
    "get_openapi": "",
    "get_retention_plan_rows": "rows",
    "patch_repository": "rename",
    "delete_open_upload": "cancel",
    "post_webhook_test": "test",
    "get_webhook_parked": "parked",
    "delete_webhook_parked": "discard",
    "post_webhook_replay": "replay",
}
"""Names of methods where the rule of `verb_of` has a worse one; empty: the method of the API itself."""

PLANS: Final = {
    "get_gc_plan": "collection(self._calls, now, n)",
    "post_retention_plan": "retention(self._calls, policies)",
    "delete_repository": "repository(self._calls, name)",
}
"""Operations that are answered with a plan that can be applied."""

HIDDEN: Final = {"get_usage": frozenset({"n", "last", "by"}), "get_events": frozenset({"n"})}
"""Parameters that are no arguments; of other lists those that are about pages."""

SAID: Final = {
    "get_events": "List events, oldest first, up to the newest. `stream` reads those to come.",
    "get_gc_plan": "Plan a round of the garbage collection: what it removes, and the bytes freed.",
    "post_retention_plan": "Plan what retention deletes, with the configured policies or with `policies`.",
    "get_usage": "Show what a repository holds, or one image.",
    "get_retention_plan_rows": "List the rows of a plan of retention.",
    "delete_repository": "Plan the removal of a repository, which can be restored during the grace period.",
}
"""What methods do that are not quite their operation."""

USAGE: Final = {
    "repositories": ("List what all repositories hold, by name.", "Usage", {}),
    "callers": (
        "List what callers are charged for in all repositories, by name.",
        "CallerUsage",
        {"by": "caller"},
    ),
}
"""Lists that `get_usage` has beside what it says of one repository or image."""


@dataclass(frozen=True)
class Operation:
    """A method of a path."""

    id: str
    method: str
    path: str
    content: dict[str, Any]

    @property
    def group(self) -> str:
        """Such as `accounts`."""
        return str(self.content["tags"][0])

    @property
    def rest(self) -> str:
        """Path below that of the group, such as `parked/{webhook}`."""
        return self.path.removeprefix(BASE).partition("/")[2].strip("/")

    def parameters(self, place: str) -> list[dict[str, Any]]:
        """Parameters in `path` or `query`."""
        return [one for one in self.content.get("parameters", []) if one["in"] == place]

    @property
    def is_paged(self) -> bool:
        """Whether its answer is a page of a list."""
        return bool({one["name"] for one in self.parameters("query")} & CURSORS)

    @property
    def answer(self) -> dict[str, Any] | None:
        """Schema of what it answers; None: nothing."""
        for status, answer in self.content["responses"].items():
            if status.startswith("2"):
                content = answer.get("content", {}).get("application/json")
                return None if content is None else dict(content["schema"])
        return None

    @property
    def description(self) -> str:
        """What it does, and what comes back."""
        said = SAID.get(self.id, str(self.content["description"]))
        back = next(a["description"] for s, a in self.content["responses"].items() if s.startswith("2"))
        if self.id in PLANS:
            return f"{said}\n\nReturns: the plan; its `apply` carries it out."
        back = re.sub(r" `Location`[^.]*\.", "", back)
        if back in ("Gone.", "Removed.") or back.startswith("The list."):
            return said
        return f"{said}\n\nReturns: {back[:1].lower() + back[1:]}"


def verb_of(operation: Operation) -> str:
    """The name of its method: what is below the group, or else the HTTP method as a word."""
    if operation.id in VERBS:
        return VERBS[operation.id]
    words = [part for part in operation.rest.split("/") if part and not part.startswith("{")]
    ends_in_mark = operation.rest.endswith("}")
    if not words:
        read = "get" if ends_in_mark or operation.group in ("gc", "retention", "usage") else "list"
        return {"GET": read, "POST": "create", "PATCH": "change", "PUT": "set", "DELETE": "delete"}[
            operation.method
        ]
    name = words[-1].replace("-", "_")
    if not ends_in_mark or operation.method == "POST":
        return name
    one = re.sub(r"ies$", "y", name).removesuffix("s") if name.endswith("s") else name
    return {"GET": "get_", "PATCH": "change_", "PUT": "set_", "DELETE": "delete_"}[operation.method] + one


def document() -> dict[str, Any]:
    """The document of a registry."""
    from ocilot.server import Server

    with Server() as server, urllib.request.urlopen(f"{server.url}{BASE}openapi.json") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


class Api:
    """All operations and types of a document."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.schemas: dict[str, Any] = found["components"]["schemas"]
        self.operations = [
            Operation(content["operationId"], method.upper(), path, content)
            for path, methods in found["paths"].items()
            for method, content in methods.items()
        ]
        names = [(one.group, verb_of(one)) for one in self.operations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SystemExit(f"two operations have the method {twice[0]}: name one in VERBS")

    def groups(self) -> dict[str, list[Operation]]:
        """Operations by their groups; those of the API itself are in the group ``."""
        found: dict[str, list[Operation]] = {}
        for one in self.operations:
            found.setdefault(one.group if verb_of(one) else "", []).append(one)
        return dict(sorted(found.items()))

    def list_of(self, operation: Operation) -> tuple[str, str] | None:
        """Name and type of the list that an answer is, if it is one."""
        answer = operation.answer or {}
        if "$ref" not in answer or operation.method != "GET":
            return None
        properties = self.schemas[name_of(answer)]["properties"]
        lists = [
            (name, name_of(one["items"]))
            for name, one in properties.items()
            if "$ref" in one.get("items", {})
        ]
        if len(lists) == 1 and (operation.is_paged or len(properties) == 1):
            return lists[0]
        return None

    def used(self) -> dict[str, str]:
        """Types that answers are made of, those that others need first, each with the group that has it."""
        found: dict[str, str] = {}

        def add(schema: dict[str, Any], group: str) -> None:
            for one in _references(schema):
                if one not in found:
                    add(self.schemas[one], group)
                    found[one] = group

        for operation in self.operations:
            listed = self.list_of(operation)
            answer = {"$ref": listed[1]} if listed else operation.answer or {}
            add(answer, operation.group.partition(".")[0])
        return found


def name_of(schema: dict[str, Any]) -> str:
    """Name of the type that a reference names."""
    return str(schema["$ref"]).rpartition("/")[2]


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield name_of(schema)
        for one in schema.values():
            yield from _references(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from _references(one)


def kind_of(schema: dict[str, Any], *, of_argument: bool = False) -> str:
    """A type as an annotation."""
    if "$ref" in schema:
        return name_of(schema)
    if "anyOf" in schema:
        return " | ".join(kind_of(one) for one in schema["anyOf"])
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        inner = {**schema, "type": next(one for one in kind if one != "null")}
        return f"{kind_of(inner, of_argument=of_argument)} | None"
    if kind == "null":
        return "None"
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(one) for one in schema['enum'] if one is not None)}]"
    if kind == "array":
        item = kind_of(schema["items"], of_argument=of_argument)
        return f"Sequence[{item}]" if of_argument else f"tuple[{item}, ...]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Mapping[str, {kind_of(values) if isinstance(values, dict) else 'Any'}]"
    if kind == "string" and not of_argument and "sha(256:" in schema.get("pattern", ""):
        return "Digest"
    return {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}[kind]


def python_name(name: str) -> str:
    """A member's name, which may be a word of the language."""
    import keyword

    return f"{name}_" if keyword.iskeyword(name) else name


def prose(text: str, indent: int) -> list[str]:
    """Lines of a docstring."""
    paragraphs = [
        textwrap.wrap(part, 108 - indent, break_long_words=False, break_on_hyphens=False)
        for part in text.split("\n\n")
    ]
    lines: list[str] = []
    for part in paragraphs:
        lines += ([""] if lines else []) + part
    lines = [" " * indent + line if line else "" for line in lines]
    first = " " * indent + '"""' + lines[0].strip()
    if len(lines) == 1:
        return [first + '"""']
    return [first, *lines[1:], " " * indent + '"""']


def notes_of(schema: dict[str, Any]) -> str:
    """What is said of a member."""
    said = [str(schema["description"])] if "description" in schema else []
    if schema.get("format") == "date-time":
        said.append("RFC 3339.")
    return " ".join(said)
