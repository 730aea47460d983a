"""The OpenAPI document of a registry, and what it says about an answer."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from .api import Answer

METHODS = ("get", "put", "post", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """A method of a path."""

    id: str
    method: str
    path: str
    content: dict[str, Any]

    def parameters(self, place: str) -> list[dict[str, Any]]:
        return [one for one in self.content["parameters"] if one["in"] == place]

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of the request body."""
        found = self.content.get("requestBody")
        return None if found is None else found["content"]["application/json"]["schema"]

    @property
    def pattern(self) -> re.Pattern[str]:
        """What its paths look like; a name has slashes, read from the right."""
        parts = re.split(r"\{(\w+)\}", self.path)
        texts = [
            re.escape(part) if number % 2 == 0 else f"(?P<{part}>{'.+' if part == 'name' else '[^/]+'})"
            for number, part in enumerate(parts)
        ]
        return re.compile("".join(texts))


class Document:
    """The document as it is served, read strictly: an object has no member that is not declared."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations = [
            Operation(content["operationId"], method.upper(), path, content)
            for path, methods in document["paths"].items()
            for method, content in methods.items()
            if method in METHODS
        ]
        self._components = copy.deepcopy(document["components"])
        for schema in self._components["schemas"].values():
            schema.setdefault("additionalProperties", False)

    def operation_of(self, method: str, target: str) -> Operation:
        path = unquote(urlsplit(target).path)
        (found,) = (one for one in self.operations if one.method == method and one.pattern.fullmatch(path))
        return found

    def schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """What a reference refers to."""
        name = schema.get("$ref", "").removeprefix("#/components/schemas/")
        return self._components["schemas"][name] if name else schema

    def check(self, operation: Operation, answer: Answer) -> None:
        """The answer is one that the operation declares, word for word."""
        declared = operation.content["responses"].get(str(answer.status))
        assert declared, f"{operation.id} does not declare {answer.status}: {answer}"
        if "$ref" in declared:
            declared = self._components["responses"][declared["$ref"].rpartition("/")[2]]
        if "content" not in declared:
            assert answer.body == b"", answer
            return
        assert answer["Content-Type"].split(";")[0] == "application/json", answer
        schema = {**declared["content"]["application/json"]["schema"], "components": self._components}
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        problems = [
            f"{problem.json_path}: {problem.message}" for problem in validator.iter_errors(answer.json)
        ]
        assert not problems, f"{operation.id} {answer.status}: {problems}\n{answer}"

    def members_of(self, operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
        """The members of its request body with their schemas."""
        if operation.body is not None:
            yield from self.schema(operation.body).get("properties", {}).items()  # Of one that is open: none.


def parse(answer: Answer) -> Document:
    assert answer.status == 200, answer
    return Document(json.loads(answer.body))
