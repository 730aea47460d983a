"""The OpenAPI document says what the administration API accepts and answers, and nothing else happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from .conftest import HOOKS_HEAD
from .guarded import RULES, Guarded, guarded
from .images import make_image, to_json
from .openapi import Document, Operation, parse
from .openapi_tour import DIGEST, JSON, Tour
from .people import with_tokens
from .programs import wait_until
from .receivers import Receiver, status

PAGE = Path(__file__).parents[2] / "docs/reference/api.md"
HOOKS = "  hooks:\n    scripts:\n      - path: hook.py\n"
WEBHOOK = "  webhooks:\n    - {{name: ci, url: '{url}', allow: '*', actions: [manifest.pushed]}}\n"
VALUES = {
    "name": "team/none",
    "account": "none",
    "token": "0" * 16,
    "job": "none",
    "upload": "x",
    "plan": "77",
    "policy": "none",
    "tag": "v",
    "webhook": "none",
}
"""What stands for the marks of a path: nothing that is there."""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    home = tmp_path_factory.mktemp("openapi")
    (home / "hook.py").write_text(
        f'"""Asks nothing."""\n{HOOKS_HEAD}'
        "def admit_blob(push):\n    return None\n"
        "def on_tag_deleted(event):\n    raise ValueError('no')\n"
    )
    with (
        Receiver(status(410)) as gone,
        guarded(home, with_tokens(home, RULES + HOOKS + WEBHOOK.format(url=gone.url))) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def document(there: Guarded) -> Document:
    return parse(there.ask("nobody", "GET", "/api/v1/openapi.json"))


def test_the_document_is_valid_and_is_read_without_a_login(there: Guarded, document: Document) -> None:
    OpenAPIV31SpecValidator(document.document).validate()
    there.assert_no_secret(there.ask("nobody", "GET", "/api/v1/openapi.json").body.decode(), "the document")
    assert len({one.id for one in document.operations}) == len(document.operations)
    secured = [one.id for one in document.operations if one.content.get("security") != []]
    assert len(secured) == len(document.operations) - 1, "all but the document itself"


def test_every_answer_of_a_tour_is_as_declared(there: Guarded, document: Document) -> None:
    tour = Tour(there, document)
    tour.go()
    missed = {one.id for one in document.operations} - tour.seen
    assert missed == set(), "take them into the tour"


def target_of(operation: Operation, query: str = "") -> str:
    path = re.sub(r"\{(\w+)\}", lambda mark: VALUES[mark[1]], operation.path)
    required = [
        f"{one['name']}={DIGEST if one['name'] == 'digest' else 'x'}"
        for one in operation.parameters("query")
        if one["required"] and not query.startswith(f"{one['name']}=")
    ]
    return f"{path}?{'&'.join(filter(None, [query, *required]))}".rstrip("?")


def refused(there: Guarded, operation: Operation, query: str, members: Any = None, word: str = "") -> None:
    """400 with a sentence that names what is wrong."""
    body = None if operation.method == "GET" else to_json({} if members is None else members)
    answer = there.ask("carol", operation.method, target_of(operation, query), body, JSON)
    assert answer.status == 400, f"{operation.method} {target_of(operation, query)} {members}: {answer}"
    message = answer.json["errors"][0]["message"]
    assert word in message, message


def test_what_is_not_declared_is_refused(there: Guarded, document: Document) -> None:
    with there.harmless():
        for operation in document.operations:
            refused(there, operation, "colour=blue", word='unknown parameter "colour"')
            for parameter in operation.parameters("query"):
                name = parameter["name"]
                if parameter["schema"]["type"] != "array":
                    refused(there, operation, f"{name}=1&{name}=1", word=f"parameter {name} is repeated")
            if operation.body is not None:
                example = dict(examples(document, operation))
                refused(there, operation, "", {**example, "colour": "blue"}, word="colour")


def test_the_page_of_the_api_has_everything(document: Document) -> None:
    """Every request, parameter and member, each in the section of its resource or one that it links to."""
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")
    headings = {section.partition("\n")[0].lower().replace(" ", "-"): section for section in sections}
    for operation in document.operations:
        request = re.escape(f"{operation.method} {operation.path.rstrip('/')}")
        row = re.compile(re.sub(r"\\\{\w+\\\}", "[A-Z]+", request) + r"/?(?:\?[^`]*)?`")
        found = [section for section in sections if row.search(section)]
        if operation.id == "get_openapi":
            continue
        assert found, f"{operation.method} {operation.path} is not on the page"
        linked = [
            headings[one]
            for section in found
            for one in re.findall(r"\(#([\w-]+)\)", section)
            if one in headings
        ]
        words = set(re.findall(r"\w+", " ".join(code_of(section) for section in [*found, *linked])))
        names = {one["name"] for one in operation.parameters("query")} - {"n", "last"}
        names |= {name for name, _ in document.members_of(operation)}
        names |= set(members_of_answers(document, operation))
        assert names - words == set(), f"{operation.id} has what its section does not say"


def code_of(section: str) -> str:
    fences = re.compile(r"```.*?```", re.DOTALL)
    return " ".join([*fences.findall(section), *re.findall(r"`[^`]+`", fences.sub("", section))])


def members_of_answers(document: Document, operation: Operation) -> Iterator[str]:
    """The members of what it answers, of those within, and so on."""
    waiting = [
        answer["content"]["application/json"]["schema"]
        for status, answer in operation.content["responses"].items()
        if status.startswith("2") and "content" in answer
    ]
    while waiting:
        schema = document.schema(waiting.pop())
        yield from schema.get("properties", {})
        waiting += schema.get("properties", {}).values()
        waiting += [schema["items"]] if "items" in schema else []
        waiting += schema.get("anyOf", [])


WRONG = {
    "integer": ("x", "", "-1", "1.5", "99999999999999999999", "0x1", "%201"),
    "boolean": ("maybe", "", "1", "True"),
    "enum": ("x", ""),
}
"""What a parameter of a type is not."""


def test_a_parameter_of_the_wrong_type_is_refused(there: Guarded, document: Document) -> None:
    with there.harmless():
        for operation in document.operations:
            for parameter in operation.parameters("query"):
                schema = parameter["schema"]
                kind = "enum" if "enum" in schema else schema["type"]
                for value in WRONG.get(kind, ()):
                    if parameter["required"] is False or value:
                        refused(there, operation, f"{parameter['name']}={value}")
                refused(there, operation, f"{parameter['name']}=%00")


def examples(document: Document, operation: Operation) -> Iterator[tuple[str, Any]]:
    """A value of the right type for each member that is required."""
    body = document.schema(operation.body or {})
    for name in body.get("required", ()):
        schema = body["properties"][name]
        yield name, 1 if schema["type"] == "integer" else "x"


OF_OTHER_TYPES: dict[str, tuple[Any, ...]] = {
    "string": (1, True, [], {}),
    "integer": ("1", -1, 1.5, True, [], 2**60, 1e300),
    "boolean": ("true", 0, None, []),
    "array": ("x", {}, None, [[1]]),
}


def test_a_member_of_the_wrong_type_is_refused_by_its_name(there: Guarded, document: Document) -> None:
    """Every member that is declared is parsed, as what it is declared."""
    with there.harmless():
        for operation in document.operations:
            example = dict(examples(document, operation))
            for name, schema in document.members_of(operation):
                kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
                for value in OF_OTHER_TYPES[kind]:
                    refused(
                        there, operation, "", {**example, name: value}, word=name if kind != "array" else ""
                    )
            for name in example:
                rest = {other: value for other, value in example.items() if other != name}
                refused(there, operation, "", rest, word=f"missing field {name}")


def test_a_body_of_another_type_is_refused(there: Guarded, document: Document) -> None:
    with there.harmless():
        for operation in document.operations:
            if operation.body is None:
                continue
            for content, headers, status in (
                (b"{}", {"Content-Type": "text/plain", "Ocilot-Request": "1"}, 400),
                (b"{}", {"Ocilot-Request": "1"}, 400),
                (b"[]", JSON, 400),
                (b"{", JSON, 400),
                (b'{"a":1,"a":2}', JSON, 400),
                (b'{"a":1e999}', JSON, 400),
                (b'{"a":"\xff"}', JSON, 400),
                (b"[" * 50_000, JSON, 400),
            ):
                answer = there.ask("carol", operation.method, target_of(operation), content, headers)
                assert answer.status == status, f"{operation.id} {content[:20]!r}: {answer}"
                assert answer.codes, answer


@pytest.mark.slow
def test_schemathesis_finds_no_fault(there: Guarded, tmp_path: Path) -> None:
    """Generated requests, valid and not: no 5xx, no answer that is not declared, nothing invalid accepted.

    Not checked: that whatever fits a schema is accepted, as a text may fit and be refused (a pattern, a
    scope); that wrong credentials are refused, which test_roles.py does for every endpoint, as such requests
    would make the registry slow down this address.
    """
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{there.registry.url}/api/v1/openapi.json",
        "--auth", "carol:carol-password", "--phases", "examples,coverage,fuzzing",
        "--exclude-checks", "positive_data_acceptance,ignored_auth", "--exclude-operation-id", "get_openapi",
        "--max-examples", "10", "--seed", "20261129", "--no-shrink", "--generation-deterministic",
        "--request-timeout", "120", "--no-color", "--continue-on-failure",
        "--warnings", "off",
    ]  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": ""}
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert there.registry.process.exit_code is None
    assert there.api("GET", "/readyz").status == 200


def test_a_made_client_may_escape_the_slashes_of_a_name(there: Guarded) -> None:
    answer = there.ask("carol", "GET", "/api/v1/repositories/team%2Fapp/tags")
    assert (answer.status, answer.json["repository"]) == (200, "team/app")
    assert there.ask("carol", "GET", "/v2/team%2Fapp/tags/list").codes == ["NAME_INVALID"]


def test_a_page_of_tags_has_what_a_person_looks_for(there: Guarded) -> None:
    image = make_image("looked at")
    for blob in image.blobs:
        target = f"/v2/secret/app/blobs/uploads/?digest={blob.digest}"
        assert there.ask("carol", "POST", target, blob.data).status == 201
    headers = {"Content-Type": image.manifest.media_type}
    for tag in ("v1.0", "v1.1", "v2.0"):
        answer = there.ask("carol", "PUT", f"/v2/secret/app/manifests/{tag}", image.manifest.data, headers)
        assert answer.status == 201, answer
    path = "/api/v1/repositories/secret/app/tags"
    first = there.ask("carol", "GET", f"{path}?sort=-pushed&match=v*&n=2")
    assert [tag["name"] for tag in first.json["tags"]] == ["v2.0", "v1.1"]
    row = first.json["tags"][0]
    assert row["digest"] == image.digest
    assert row["size"] == len(image.manifest.data) + sum(len(blob.data) for blob in image.blobs)
    assert (row["pushed"]["by"], row["pulled"]) == ("carol", None)
    # A tag that moves meanwhile is not listed again, and takes nothing of the rest away.
    assert (
        there.ask("carol", "PUT", "/v2/secret/app/manifests/v1.1", image.manifest.data, headers).status == 201
    )
    rest = there.ask("carol", "GET", first["Link"].partition("<")[2].partition(">")[0])
    assert [tag["name"] for tag in rest.json["tags"]] == ["v1.0"]


def test_tags_without_a_pull_are_last_and_paged_by_name(there: Guarded) -> None:
    image = make_image("not pulled")
    for blob in image.blobs:
        target = f"/v2/secret/idle/blobs/uploads/?digest={blob.digest}"
        assert there.ask("carol", "POST", target, blob.data).status == 201
    headers = {"Content-Type": image.manifest.media_type}
    for tag in ("v1", "v2", "v3"):
        answer = there.ask("carol", "PUT", f"/v2/secret/idle/manifests/{tag}", image.manifest.data, headers)
        assert answer.status == 201, answer
    assert there.ask("carol", "GET", "/v2/secret/idle/manifests/v2").status == 200
    assert there.ask("carol", "POST", "/api/v1/jobs/record-pulls", b"{}", JSON).status == 202
    wait_until(lambda: idle_tags(there, "?sort=-pulled&n=1")[0] == "v2", "the pull is recorded")
    assert idle_tags(there, "?sort=-pulled&n=1") == ["v2", "v1", "v3"]
    assert idle_tags(there, "?sort=pulled&n=2") == ["v2", "v1", "v3"]


def idle_tags(there: Guarded, query: str) -> list[str]:
    """All pages of the list."""
    found: list[str] = []
    target: str | None = f"/api/v1/repositories/secret/idle/tags{query}"
    while target is not None:
        page = there.ask("carol", "GET", target)
        found += [tag["name"] for tag in page.json["tags"]]
        link = page.headers.get("Link")
        target = None if link is None else link.partition("<")[2].partition(">")[0]
    return found
