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

from .api import Answer
from .conftest import HOOKS_HEAD
from .guarded import RULES, Guarded, guarded, push
from .images import OCI_INDEX, make_image, to_json
from .openapi import Document, Operation, parse
from .people import with_tokens
from .programs import wait_until

PAGE = Path(__file__).parents[2] / "docs/reference/api.md"
JSON = {"Content-Type": "application/json"}
HOOKS = "  hooks:\n    scripts:\n      - path: hook.py\n"
POLICY = {"name": "old", "repositories": ["team/**"], "delete": [{"tags": "old*"}]}
DIGEST = "sha256:" + 64 * "0"
VALUES = {
    "name": "team/none",
    "account": "none",
    "token": "0" * 16,
    "job": "none",
    "upload": "x",
    "plan": "77",
    "tag": "v",
}
"""What stands for the marks of a path: nothing that is there."""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    home = tmp_path_factory.mktemp("openapi")
    (home / "hook.py").write_text(
        f'"""Asks nothing."""\n{HOOKS_HEAD}def admit_blob(push):\n    return None\n'
    )
    with guarded(home, with_tokens(home, RULES + HOOKS)) as made:
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


class Tour:
    """Everything there is to ask, with success, and the errors of what is not there."""

    def __init__(self, there: Guarded, document: Document) -> None:
        self.there, self.document = there, document
        self.seen: set[str] = set()

    def ask(self, method: str, target: str, members: Any = None, *, status: int = 200) -> Answer:
        body = b"{}" if members is None else to_json(members)
        headers = {"Ocilot-Request": "1"} if members is None else JSON
        answer = self.there.ask("carol", method, target, None if method == "GET" else body, headers)
        operation = self.document.operation_of(method, target)
        assert answer.status == status, f"{method} {target}: {answer}"
        self.document.check(operation, answer)
        if status < 400:
            self.seen.add(operation.id)
        return answer

    def go(self) -> None:
        self.ask("GET", "/api/v1/openapi.json")
        self.accounts()
        self.state()
        self.content()
        self.repositories()
        self.retention()
        self.errors()

    def accounts(self) -> None:
        self.ask(
            "POST", "/api/v1/accounts", {"name": "eve", "password": "secret", "groups": ["x"]}, status=201
        )
        self.ask("POST", "/api/v1/accounts", {"name": "eve"}, status=409)
        self.ask("POST", "/api/v1/accounts", {"name": "ci", "kind": "robot"}, status=201)
        assert self.ask("GET", "/api/v1/accounts?n=1")["Link"]
        self.ask("GET", "/api/v1/accounts/eve")
        self.ask("PATCH", "/api/v1/accounts/eve", {"disabled": True, "password": None})
        made = self.ask(
            "POST", "/api/v1/tokens", {"account": "eve", "note": "x", "expires_in": 60}, status=201
        )
        self.ask("GET", "/api/v1/tokens?account=eve&refresh=true&n=1")
        self.ask("DELETE", f"/api/v1/tokens/{made.json['id']}", status=204)
        self.ask("DELETE", "/api/v1/accounts/eve", status=204)

    def state(self) -> None:
        for user in ("", "user=bob&", "user=z&kind=robot&groups=a,b&", "user=carol&"):
            for action in ("pull", "push", "admin"):
                self.ask("GET", f"/api/v1/access?{user}action={action}&repository=team/app")
        self.ask("GET", "/api/v1/keys")
        self.ask("POST", "/api/v1/keys", status=201)
        self.ask("GET", "/api/v1/hooks")
        self.ask("POST", "/api/v1/hooks/reload")
        begun = self.ask("POST", "/api/v1/jobs/scrub", status=202).json["round"]
        wait_until(lambda: self.ask("GET", "/api/v1/jobs/scrub").json["rounds"] >= begun, "a round")
        self.ask("GET", "/api/v1/jobs")
        self.ask("DELETE", "/api/v1/jobs/scrub")

    def content(self) -> None:
        there = self.there
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [there.image.manifest.descriptor()]}
        for tag, content, media_type in (
            ("old", there.image.manifest.data, there.image.manifest.media_type),
            ("all", to_json(index), OCI_INDEX),
        ):
            answer = there.ask(
                "carol", "PUT", f"/v2/team/app/manifests/{tag}", content, {"Content-Type": media_type}
            )
            assert answer.status == 201, answer
        place = there.api.path(there.ask("carol", "POST", "/v2/team/app/blobs/uploads/")["Location"])
        assert there.ask("carol", "PATCH", place, b"bytes").status == 202
        (upload,) = self.ask("GET", "/api/v1/uploads?repository=team/app&n=5").json["uploads"]
        self.ask("DELETE", f"/api/v1/uploads/{upload['id']}", status=204)
        assert there.ask("carol", "DELETE", "/v2/team/app/manifests/all").status == 202
        for query in ("", "?n=1", "?repository=team/app", "?repository=team/app&tag=1", "?by=caller"):
            self.ask("GET", f"/api/v1/usage{query}")
        self.ask("GET", "/api/v1/gc")
        self.ask("GET", "/api/v1/gc/plan?n=5")
        self.ask("GET", "/api/v1/gc/plan?now=true")
        for digest in (there.image.digest, there.image.config.digest, DIGEST):
            self.ask("GET", f"/api/v1/gc/why?digest={digest}")
        self.ask("POST", "/api/v1/gc/run", status=202)
        self.ask("POST", "/api/v1/restore", {"repository": "team/app", "tag": "all"})
        self.ask("GET", "/api/v1/audit?n=1000")
        self.ask("GET", "/api/v1/audit?action=tag.&refused=false&since=2020-01-01&n=1")

    def repositories(self) -> None:
        assert self.ask("GET", "/api/v1/repositories?prefix=team&n=1").json["repositories"]
        self.ask("GET", "/api/v1/repositories/team/app/")
        for query in ("?n=1", "?sort=-size&n=1", "?sort=-pushed&match=*", "?sort=name&n=0"):
            self.ask("GET", f"/api/v1/repositories/team/app/tags{query}")
        self.ask("GET", "/api/v1/repositories/team/app/tags/all/history?n=1")
        push(self.there, "team/extra", self.there.image, "1")
        self.ask("PUT", "/api/v1/aliases/team/alias", {"target": "team/app"})
        self.ask("PATCH", "/api/v1/repositories/team/extra/", {"name": "team/moved", "alias": True})
        self.ask("GET", "/api/v1/aliases?n=1")
        for name in ("team/alias", "team/extra"):
            self.ask("DELETE", f"/api/v1/aliases/{name}", status=204)
        self.ask("DELETE", "/api/v1/repositories/team/moved/")

    def retention(self) -> None:
        self.ask("GET", "/api/v1/retention")
        plan = self.ask("POST", "/api/v1/retention/plan", {"policies": [POLICY]}, status=201).json["id"]
        self.ask("POST", "/api/v1/retention/matches", {"policies": [POLICY]})
        self.ask("POST", "/api/v1/retention/matches", {})
        self.ask("GET", "/api/v1/retention/plans?n=1")
        self.ask("GET", f"/api/v1/retention/plans/{plan}?verdict=delete")
        self.ask("GET", "/api/v1/retention/explain?repository=team/app&tag=1")
        done = self.ask("POST", "/api/v1/retention/apply", {"plan": plan, "exact": True}, status=202).json
        name = "/api/v1/jobs/apply-retention"
        wait_until(lambda: self.ask("GET", name).json["rounds"] >= done["round"], "the plan is applied")
        assert self.ask("GET", f"/api/v1/retention/plans/{plan}").json["applied"]["tags"] == 1

    def errors(self) -> None:
        self.ask("GET", "/api/v1/accounts/none", status=404)
        self.ask("GET", "/api/v1/repositories/team/none/tags", status=404)
        self.ask("GET", "/api/v1/repositories/team/app/tags/-/history", status=400)
        self.ask("DELETE", "/api/v1/uploads/x", status=404)
        self.ask("POST", "/api/v1/retention/apply", {"plan": 4711}, status=404)
        self.ask("PATCH", "/api/v1/accounts/none", {"password": " " * 70_000}, status=413)


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
                refused(there, operation, f"{name}=1&{name}=1", word=f"parameter {name} is repeated")
            if operation.body is not None:
                example = dict(examples(document, operation))
                refused(there, operation, "", {**example, "colour": "blue"}, word="colour")


def test_the_page_of_the_api_has_everything(document: Document) -> None:
    """Every request, parameter and member, each in the section of its resource."""
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")
    for operation in document.operations:
        request = re.escape(f"{operation.method} {operation.path.rstrip('/')}")
        row = re.compile(re.sub(r"\\\{\w+\\\}", "[A-Z]+", request) + r"/?(?:\?[^`]*)?`")
        found = [section for section in sections if row.search(section)]
        if operation.id == "get_openapi":
            continue
        assert found, f"{operation.method} {operation.path} is not on the page"
        words = set(re.findall(r"\w+", " ".join(code_of(section) for section in found)))
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
        "--request-timeout", "20", "--no-color", "--continue-on-failure",
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
