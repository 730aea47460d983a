"""Who may use what, over every endpoint there is, at the door of a real registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ocilot import _core

from .guarded import RULES, Guarded, guarded
from .images import MIB, OCI_MANIFEST, digest_of
from .people import with_tokens

EVERYBODY = "nobody bob alice ci dave planner carol boss limited"
KNOWN = EVERYBODY.removeprefix("nobody ")
READERS = "bob alice ci dave carol boss"
CREATORS = "alice ci dave carol boss"
REMOVERS = "alice carol boss"
ADMINISTRATORS = "carol boss"
PLANNERS = "planner carol boss"
PLANNER = '  retention: {readers: ["user:planner"]}\n'
UPLOAD = "01234567-89ab-cdef-0123-456789abcdef"

TABLE = {
    ("root", "GET"): EVERYBODY,
    ("base", "GET"): KNOWN,
    ("catalog", "GET"): KNOWN.removesuffix(" limited"),
    ("tags", "GET"): READERS,
    ("manifest", "GET"): READERS,
    ("manifest", "PUT"): CREATORS,
    ("manifest", "DELETE"): REMOVERS,
    ("referrers", "GET"): READERS,
    ("blob", "GET"): READERS,
    ("blob", "DELETE"): REMOVERS,
    ("uploads", "POST"): CREATORS,
    ("upload", "GET"): CREATORS,
    ("upload", "PATCH"): CREATORS,
    ("upload", "PUT"): CREATORS,
    ("upload", "DELETE"): CREATORS,
    ("token", "GET"): EVERYBODY,
    ("token", "POST"): EVERYBODY,
    ("token_keys", "GET"): EVERYBODY,
    ("accounts", "GET"): ADMINISTRATORS,
    ("accounts", "POST"): ADMINISTRATORS,
    ("account", "GET"): ADMINISTRATORS,
    ("account", "PATCH"): ADMINISTRATORS,
    ("account", "DELETE"): ADMINISTRATORS,
    ("account_tokens", "GET"): ADMINISTRATORS,
    ("account_tokens", "POST"): ADMINISTRATORS,
    ("account_token", "DELETE"): ADMINISTRATORS,
    ("audit", "GET"): ADMINISTRATORS,
    ("events", "GET"): ADMINISTRATORS,
    ("access", "GET"): ADMINISTRATORS,
    ("keys", "GET"): ADMINISTRATORS,
    ("keys", "POST"): ADMINISTRATORS,
    ("hooks", "GET"): ADMINISTRATORS,
    ("hooks_parked", "GET"): ADMINISTRATORS,
    ("hooks_parked", "POST"): ADMINISTRATORS,
    ("hooks_parked", "DELETE"): ADMINISTRATORS,
    ("hooks_reload", "POST"): ADMINISTRATORS,
    ("jobs", "GET"): ADMINISTRATORS,
    ("job", "GET"): ADMINISTRATORS,
    ("job", "POST"): ADMINISTRATORS,
    ("job", "DELETE"): ADMINISTRATORS,
    ("open_uploads", "GET"): ADMINISTRATORS,
    ("open_upload", "DELETE"): ADMINISTRATORS,
    ("gc", "GET"): ADMINISTRATORS,
    ("gc_plan", "GET"): ADMINISTRATORS,
    ("gc_run", "POST"): ADMINISTRATORS,
    ("gc_why", "GET"): ADMINISTRATORS,
    ("gc_purge", "POST"): ADMINISTRATORS,
    ("usage", "GET"): ADMINISTRATORS,
    ("webhooks", "GET"): ADMINISTRATORS,
    ("webhook", "GET"): ADMINISTRATORS,
    ("webhook_test", "POST"): ADMINISTRATORS,
    ("webhook_parked", "GET"): ADMINISTRATORS,
    ("webhook_parked", "DELETE"): ADMINISTRATORS,
    ("webhook_replay", "POST"): ADMINISTRATORS,
    ("retention", "GET"): ADMINISTRATORS,
    ("retention_plan", "POST"): PLANNERS,
    ("retention_matches", "POST"): PLANNERS,
    ("retention_plans", "GET"): PLANNERS,
    ("retention_plan_rows", "GET"): PLANNERS,
    ("retention_policies", "GET"): ADMINISTRATORS,
    ("retention_policy", "GET"): ADMINISTRATORS,
    ("retention_policy", "PUT"): ADMINISTRATORS,
    ("retention_policy", "DELETE"): ADMINISTRATORS,
    ("retention_apply", "POST"): ADMINISTRATORS,
    ("retention_explain", "GET"): PLANNERS,
    ("tag_rows", "GET"): ADMINISTRATORS,
    ("tag_history", "GET"): ADMINISTRATORS,
    ("all_tags", "GET"): KNOWN.removesuffix(" limited"),
    ("openapi", "GET"): EVERYBODY,
    ("restore", "POST"): ADMINISTRATORS,
    ("repositories", "GET"): ADMINISTRATORS,
    ("repository", "GET"): ADMINISTRATORS,
    ("repository", "PATCH"): ADMINISTRATORS,
    ("repository", "DELETE"): ADMINISTRATORS,
    ("aliases", "GET"): ADMINISTRATORS,
    ("alias", "PUT"): ADMINISTRATORS,
    ("alias", "DELETE"): ADMINISTRATORS,
}
"""Endpoint and method -> who gets past the guard. `dave` is in the group `team`, `boss` is an administrator
by his account and carol by a rule, `planner` makes plans of retention, `limited` is one whose secret is good
for one repository."""

ITEMS = {"manifest": "missing", "referrers": digest_of(b""), "blob": digest_of(b""), "upload": UPLOAD}
"""What `<item>` is; else it is `missing`."""


QUERIES = {
    ("upload", "PUT"): f"?digest={digest_of(b'')}",
    ("hooks_parked", "GET"): "?script=missing",
    ("hooks_parked", "POST"): "?script=missing",
    ("hooks_parked", "DELETE"): "?script=missing",
}
"""What an endpoint cannot do without."""


@dataclass(frozen=True)
class Endpoint:
    name: str
    pattern: str
    method: str

    @property
    def target(self) -> str:
        name = "team/missing" if self.name in ("repository", "alias") else "team/app"
        path = self.pattern.replace("<name>", name).replace("<item>", ITEMS.get(self.name, "missing"))
        return path + QUERIES.get((self.name, self.method), "")


ENDPOINTS = [Endpoint(*row[:3]) for row in _core.endpoints()]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    home = tmp_path_factory.mktemp("roles")
    with guarded(home, with_tokens(home, RULES + PLANNER)) as made:
        made.add_robot("ci")
        made.add_account("dave", groups=["team"])
        made.add_account("boss", admin=True)
        made.add_account("planner")
        made.add_robot("limited", "repository:public/app:pull", admin=True)
        yield made


def test_every_endpoint_has_a_row_and_every_row_an_endpoint() -> None:
    assert {(one.name, one.method) for one in ENDPOINTS} == set(TABLE), "say in the table who may use it"


@pytest.mark.parametrize("role", EVERYBODY.split())
@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: f"{one.method}-{one.name}")
def test_a_role_may_what_its_row_says(there: Guarded, one: Endpoint, role: str) -> None:
    body = b"{}" if one.method in ("POST", "PUT", "PATCH") else None
    headers = {"Content-Type": OCI_MANIFEST if one.name == "manifest" else "application/json"}
    answer = there.ask(role, one.method, one.target, body, headers)
    if role in TABLE[one.name, one.method].split():
        assert answer.status not in (401, 403), answer
        assert answer.status < 500, answer
    elif role == "nobody":
        assert (answer.status, answer.codes) == (401, ["UNAUTHORIZED"]), answer
        assert answer["WWW-Authenticate"].startswith("Bearer realm=")
    else:
        assert (answer.status, answer.codes) == (403, ["DENIED"]), answer
    if one.name == "uploads" and answer.status == 202:
        assert there.ask(role, "DELETE", there.api.path(answer["Location"])).status == 204


ALIASES = {"public/old": "team/app", "team/old": "public/app", "secret/old": "team/app"}
"""Aliases -> targets, of which others may be pulled by others."""

MAY_PULL = {"public": EVERYBODY, "team": READERS, "secret": ADMINISTRATORS}
"""By the first component of a name."""


def may_pull(role: str, name: str) -> bool:
    return role in MAY_PULL[name.partition("/")[0]].split()


@pytest.fixture(scope="module")
def with_aliases(there: Guarded) -> Guarded:
    for name, target in ALIASES.items():
        there.administer("PUT", f"/api/v1/aliases/{name}", {"target": target})
    return there


@pytest.mark.parametrize("name", ALIASES)
@pytest.mark.parametrize("role", EVERYBODY.split())
def test_an_alias_opens_nothing_that_its_target_does_not(with_aliases: Guarded, role: str, name: str) -> None:
    image = with_aliases.image
    targets = [f"manifests/{image.digest}", f"blobs/{image.config.digest}", "tags/list"]
    allowed = may_pull(role, name) and may_pull(role, ALIASES[name])
    for method in ("GET", "HEAD"):
        for target in targets:
            answer = with_aliases.ask(role, method, f"/v2/{name}/{target}")
            assert (answer.status == 200) == allowed, answer
            if not may_pull(role, name):
                assert answer.status in (401, 403), answer
            elif not allowed:
                assert answer.status == 404, "as if there were none"
                missing = with_aliases.ask(role, method, f"/v2/{name.replace('old', 'non')}/{target}")
                assert answer.body.replace(b"/old", b"/non") == missing.body


@pytest.mark.parametrize(
    "one",
    [
        one
        for one in ENDPOINTS
        if one.method in ("POST", "PATCH", "PUT") and not one.pattern.startswith("/v2/")
    ],
    ids=lambda one: f"{one.method}-{one.name}",
)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_no_endpoint_keeps_a_body_that_is_too_large(there: Guarded, one: Endpoint, chunked: bool) -> None:
    before = there.registry.process.most_memory()
    headers = {"Content-Type": "application/json", "Connection": "close"}
    with there.registry.connect() as api:
        pieces = [b" " * 65536] * 256 if chunked else b" " * (16 * MIB)
        answer = api(one.method, one.target, pieces, {**there.headers("carol"), **headers}, chunked=chunked)
    # What takes no body answers without having read it.
    assert answer.status in ((413,) if takes_body(one) else (200, 201, 202, 404)), answer
    assert there.registry.process.most_memory() - before < 8 * MIB
    assert there.api("GET", "/readyz").status == 200


def takes_body(one: Endpoint) -> bool:
    (errors,) = (row[6] for row in _core.endpoints() if row[0] == one.name and row[2] == one.method)
    return "body_too_large" in errors
