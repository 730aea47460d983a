"""Who is unknown costs what a wrong password costs: the work is counted, and no clock is asked."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .api import Answer, Api
from .conftest import FreshRegistry
from .guarded import Guarded, guarded
from .people import basic, with_passwords, with_tokens


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("work"), with_tokens(tmp_path_factory.mktemp("users"))) as made:
        made.add_account("erin")
        made.add_account("gina", disabled=True)
        made.administer("POST", "/api/v1/accounts", {"name": "frank"})
        made.robots["{secret}"] = made.add_robot("ci")
        yield made


def hashed(api: Api) -> int:
    """How many passwords were hashed so far."""
    return count(api, "ocilot_auth_password_hashes_total ")


def count(api: Api, start: str) -> int:
    lines = api("GET", "/metrics").body.decode().splitlines()
    return next(int(line.removeprefix(start)) for line in lines if line.startswith(start))


def ask(api: Api, way: str, name: str, password: str) -> Answer:
    if way == "form":
        form = f"grant_type=password&username={name}&password={password}".encode()
        return api("POST", "/token", form, {"Content-Type": "application/x-www-form-urlencoded"})
    return api("GET", way, headers=basic(name, password))


def told(answer: Answer) -> str:
    return re.sub(r"(?m)^(Date|X-Request-Id): .*$", "", str(answer))


NAMES = ("alice", "erin", "frank", "gina", "ci", "unknown")
"""Of the file, with an account, without a password, disabled, a robot, and nobody at all."""


@pytest.mark.parametrize("way", ["/token", "/v2/", "form"])
def test_who_is_unknown_costs_what_a_wrong_password_costs(there: Guarded, way: str) -> None:
    answers, work = set(), set()
    for name in NAMES:
        before = hashed(there.api)
        answer = ask(there.api, way, name, "wrong")
        work.add(hashed(there.api) - before)
        answers.add(told(answer))
        assert (answer.status, answer.codes) == (401, ["UNAUTHORIZED"]), answer
    assert work == {2}, "once for the accounts and once for the file, whoever it is"
    assert len(answers) == 1, answers


def test_secrets_of_robots_are_not_told_from_those_that_never_were(there: Guarded) -> None:
    """Nothing is hashed slowly for them: they are too long to be guessed."""
    secret, answers = there.robots["ci"], set()
    before = hashed(there.api)
    for wrong in (
        secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        secret.replace(there.robots["{secret}"], "0" * len(there.robots["{secret}"])),
    ):
        for name in ("ci", "alice", "unknown"):
            answers.add(told(ask(there.api, "/token", name, wrong)))
    answers.add(told(ask(there.api, "/token", "alice", secret)))
    assert hashed(there.api) == before
    assert len(answers) == 1, answers


def test_a_file_of_users_alone_does_the_same_work_for_all(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    with fresh_registry(with_passwords(tmp_path)).connect() as api:
        answers = set()
        for number, name in enumerate(("alice", "bob", "unknown"), 1):
            answers.add(told(ask(api, "/v2/", name, "wrong")))
            assert hashed(api) == number
        assert len(answers) == 1, answers
        assert ask(api, "/v2/", "alice", "alice-password").status == 200
        assert ask(api, "/v2/", "alice", "alice-password").status == 200
        assert hashed(api) == 4, "a password that was right is remembered"


def test_an_unknown_name_is_throttled_as_a_known_one(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    """Else the eleventh answer would tell."""
    for name in ("alice", "unknown"):
        with fresh_registry(with_passwords(tmp_path)).connect() as api:
            statuses = [ask(api, "/v2/", name, f"wrong{number}").status for number in range(13)]
            assert statuses == [401] * 10 + [429] * 3, name
            assert hashed(api) == 10


def test_many_connections_log_in_at_once_and_one_password_is_hashed(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    """As engines do that fetch many layers: none of them is taken for somebody who guesses."""
    registry = fresh_registry(with_passwords(tmp_path))
    together = threading.Barrier(40)

    def log_in(_: int) -> int:
        with registry.connect() as api:
            assert api("GET", "/v2/").status == 401
            together.wait(60)
            return api("GET", "/v2/", headers=basic("alice")).status

    with ThreadPoolExecutor(40) as clients:
        assert list(clients.map(log_in, range(40))) == [200] * 40
    with registry.connect() as api:
        assert hashed(api) == 1
