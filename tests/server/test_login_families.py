"""Tokens end with what they were issued for: the login, its family of refresh tokens, and the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from .guarded import Guarded, guarded
from .people import basic, bearer

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TAGS = "/v2/team/app/tags/list"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("families")) as made:
        yield made


def log_in(there: Guarded, name: str) -> Any:
    """As docker does, which stores the refresh token."""
    query = "offline_token=true&scope=repository:team/app:pull"
    given = there.api("GET", f"/token?{query}", headers=basic(name))
    assert given.status == 200, given
    return given.json


def refresh(there: Guarded, token: str) -> Any:
    """What a refresh token is exchanged for; None if it is worth nothing."""
    fields = {"grant_type": "refresh_token", "access_type": "offline", "refresh_token": token}
    body = urlencode({**fields, "scope": "repository:team/app:pull"}).encode()
    answer = there.api("POST", "/token", body, FORM)
    assert answer.status in (200, 401), answer
    return answer.json if answer.status == 200 else None


def logins(there: Guarded, name: str) -> list[dict[str, Any]]:
    listed = there.administer("GET", f"/api/v1/tokens?account={name}&refresh=true").json["tokens"]
    return [one for one in listed if one["refresh"]]


def may_read(there: Guarded, token: str) -> bool:
    status = there.api("GET", TAGS, headers=bearer(token)).status
    assert status in (200, 401), status
    return status == 200


def test_a_refresh_gives_no_new_life(there: Guarded) -> None:
    there.add_account("fay", groups=["team"])
    first = log_in(there, "fay")
    (before,) = logins(there, "fay")
    token = first["refresh_token"]
    for _ in range(5):
        renewed = refresh(there, token)
        assert may_read(there, renewed["token"])
        token = renewed.get("refresh_token", token)
    ends = {one["expires_at"] for one in logins(there, "fay")}
    assert ends == {before["expires_at"]}, "descendants end when their family does"


def test_a_login_that_is_removed_takes_all_its_tokens_along(there: Guarded) -> None:
    there.add_account("gus", groups=["team"])
    first = log_in(there, "gus")
    renewed = refresh(there, first["refresh_token"])
    last = refresh(there, renewed.get("refresh_token", first["refresh_token"]))
    other = log_in(there, "gus")
    bearers = [one["token"] for one in (first, renewed, last)]
    assert all(may_read(there, token) for token in bearers)
    oldest = logins(there, "gus")[0]
    there.administer("DELETE", f"/api/v1/tokens/{oldest['id']}")
    assert [may_read(there, token) for token in bearers] == [False] * 3
    for one in (first, renewed, last):
        assert refresh(there, one.get("refresh_token", first["refresh_token"])) is None
    assert may_read(there, other["token"]), "another login stays"
    assert refresh(there, other["refresh_token"])


def test_a_removed_account_leaves_no_token_to_a_new_one_of_its_name(there: Guarded) -> None:
    there.add_account("erin", groups=["team"])
    given = log_in(there, "erin")
    assert may_read(there, given["token"])
    there.administer("DELETE", "/api/v1/accounts/erin")
    there.add_account("erin", groups=["team"])
    assert not may_read(there, given["token"])
    assert refresh(there, given["refresh_token"]) is None
    assert may_read(there, log_in(there, "erin")["token"])
