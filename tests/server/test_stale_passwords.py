"""A client with a wrong password delays itself: the others of its address log in meanwhile."""

from __future__ import annotations

from pathlib import Path

from .conftest import FreshRegistry
from .people import USERS, basic, with_passwords, with_tokens, write_users
from .programs import wait_until
from .test_equal_work import ask, hashed


def test_a_stale_password_keeps_nobody_of_its_address_out(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    with fresh_registry(with_passwords(tmp_path)).connect() as api:
        stale = [ask(api, "/v2/", "alice", "the old one") for _ in range(200)]
        assert {answer.status for answer in stale} == {401, 429}
        assert all(int(answer["Retry-After"]) > 0 for answer in stale if answer.status == 429)
        assert hashed(api) < 20, "the same wrong password waits longer and longer"
        for name in ("bob", "carol", "alice"):
            assert ask(api, "/v2/", name, f"{name}-password").status == 200, name


def test_guesses_at_one_account_keep_out_no_other(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    with fresh_registry(with_passwords(tmp_path)).connect() as api:
        guesses = [ask(api, "/v2/", "alice", f"guess{number}") for number in range(200)]
        assert [answer.status for answer in guesses].count(401) < 20, "few more as time goes by"
        for _ in range(22):
            assert ask(api, "/v2/", "bob", "bob-password").status == 200


def test_a_user_who_left_the_htpasswd_file_has_no_token_left(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    with fresh_registry(with_tokens(tmp_path)).connect() as api:
        target = "/token?scope=repository:team/app:pull"
        tokens = {name: api("GET", target, headers=basic(name)).json["token"] for name in ("alice", "bob")}
        bearers = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
        for name in ("alice", "bob"):
            assert api("GET", "/v2/team/app/tags/list", headers=bearers[name]).status == 404, name
        path = write_users(tmp_path)
        path.write_text(f"bob:{USERS['bob']}\nalice:{USERS['carol']}\n")  # Another alice.
        listed = "/v2/team/app/tags/list"
        wait_until(lambda: api("GET", listed, headers=bearers["alice"]).status == 401, "a look at the file")
        assert api("GET", "/v2/team/app/tags/list", headers=bearers["bob"]).status == 404
