"""What credentials are asked for and what limited ones are good for: at least for what anybody may do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from .api import Answer
from .guarded import Guarded, guarded
from .images import digest_of
from .people import basic, bearer
from .programs import environment, run
from .registry import OCILOT

EMPTY = {"Authorization": "Basic Og=="}
"""A name and a password of no characters, as some clients send where nobody has logged in."""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("scopes")) as made:
        yield made


def test_an_empty_name_and_password_are_nobody(there: Guarded) -> None:
    tags = "/v2/public/app/tags/list"
    assert there.api("GET", tags, headers=EMPTY).status == 200
    assert there.api("GET", "/v2/secret/app/tags/list", headers=EMPTY).status == 401
    token = there.api("GET", "/token?scope=repository:public/app:pull", headers=EMPTY)
    assert there.api("GET", tags, headers=bearer(token.json["token"])).status == 200
    assert there.api("GET", tags, headers=basic("", "a password")).status == 401


def test_a_secret_with_scopes_allows_what_nobody_may(there: Guarded) -> None:
    there.add_robot("builder", "repository:team/app:pull")
    tags = "/v2/public/app/tags/list"
    narrow = f"token builder {'repository:team/app:pull'}"
    for who in ("builder", narrow, "token alice repository:team/app:pull"):
        assert there.ask(who, "GET", tags).status == 200, who
        assert there.ask(who, "POST", "/v2/public/app/blobs/uploads/").status in (401, 403), who
        assert there.ask(who, "GET", "/v2/secret/app/tags/list").status in (401, 403), who
    assert there.ask("token builder repository:public/app:pull", "GET", tags).status == 200


def test_a_token_for_very_many_repositories_is_for_the_first(there: Guarded) -> None:
    scopes = [f"repository:team/app{number}:pull" for number in range(150)]
    query = urlencode([("scope", scope) for scope in ["repository:team/app:pull", *scopes]])
    given = there.api("GET", f"/token?{query}", headers=there.headers("alice"))
    assert given.status == 200, given
    assert len(given.json["scope"].split()) == 100
    assert there.api("GET", "/v2/team/app/tags/list", headers=bearer(given.json["token"])).status == 200


def test_a_mount_says_which_token_it_needs(there: Guarded) -> None:
    """As regctl and the conformance program ask: they have a token for the target alone."""
    data = b"only in the team's repository"
    target = f"/v2/team/app/blobs/uploads/?digest={digest_of(data)}"
    assert there.ask("alice", "POST", target, data).status == 201
    mount = f"/v2/public/app/blobs/uploads/?mount={digest_of(data)}&from=team/app"
    asked = there.ask("token alice repository:public/app:pull,push", "POST", mount)
    challenge = challenge_of(asked)
    assert challenge["error"] == "insufficient_scope"
    assert challenge["scope"].split() == ["repository:public/app:pull,push", "repository:team/app:pull"]
    mounted = there.ask(f"token alice {challenge['scope'].replace(' ', '+')}", "POST", mount)
    assert (mounted.status, mounted["Docker-Content-Digest"]) == (201, digest_of(data)), mounted


def challenge_of(answer: Answer) -> dict[str, str]:
    assert answer.status == 401, answer
    kind, _, members = answer["WWW-Authenticate"].partition(" ")
    assert kind == "Bearer"
    return dict(re.findall(r'(\w+)="([^"]*)"', members))


@pytest.mark.parametrize("source", ["secret/app", "secret/non"])
def test_a_mount_of_what_no_token_would_allow_is_an_upload(there: Guarded, source: str) -> None:
    layer = there.image.layers[0].digest
    mount = f"/v2/team/app/blobs/uploads/?mount={layer}&from={source}"
    opened = there.ask("token alice repository:team/app:pull,push", "POST", mount)
    assert opened.status == 202, opened
    assert opened["Location"]


@pytest.mark.parametrize("members", [{}, {"scopes": []}], ids=["missing", "empty"])
def test_a_token_without_scopes_is_limited_by_its_account_alone(
    there: Guarded, members: dict[str, list[str]]
) -> None:
    """As the page of the API says, and the help of both commands."""
    if "ci" not in there.robots:
        there.add_robot("ci")
    made = there.administer("POST", "/api/v1/tokens", {"account": "ci", **members}).json
    there.robots["ci"] = made["secret"]
    assert there.ask("ci", "GET", "/v2/team/app/tags/list").status == 200
    assert there.ask("ci", "POST", "/v2/team/app/blobs/uploads/").status == 202
    assert there.ask("ci", "GET", "/v2/secret/app/tags/list").status == 403
    page = Path("docs/reference/api.md").read_text(encoding="utf-8")
    assert "| `scopes` |" in page
    assert "missing or empty: no limit beyond the rights of the account" in page
    for command in ("token", "robot"):
        shown = run([OCILOT, command, "add", "--help"], env=environment(there.registry.home))
        words = " ".join(shown.replace("│", " ").split())
        assert "Default: all rights of the account" in words
