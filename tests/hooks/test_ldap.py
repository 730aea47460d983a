"""ldap_login.py against a real slapd: who gets in, and above all who does not."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ldap3
import pytest
from ldap3.core.exceptions import LDAPException

from ocilot.hooks import Caller, Deny
from ocilot.hooks.testing import Harness, a_login

from .slapd import Slapd

WRONG = Deny("wrong user name or password")


@pytest.fixture(scope="module")
def slapd() -> Iterator[Slapd]:
    with tempfile.TemporaryDirectory(prefix="slapd-") as home:
        server = Slapd(Path(home))
        yield server
        server.close()


@pytest.fixture
def hook(slapd: Slapd) -> Harness:
    return Harness("ocilot:ldap_login", **slapd.options())


def test_people_log_in_with_their_groups(hook: Harness) -> None:
    assert hook.authenticate(a_login("alice", "alice-secret")) == Caller("alice", ["team"])
    assert hook.authenticate(a_login("bob", "bob-secret")) == Caller("bob", ["team", "admins"])


def test_start_tls_does_as_well(slapd: Slapd) -> None:
    hook = Harness("ocilot:ldap_login", **slapd.options(url=slapd.ldap))
    assert hook.authenticate(a_login("alice", "alice-secret")) == Caller("alice", ["team"])


def test_a_wrong_password_is_refused(hook: Harness) -> None:
    assert hook.authenticate(a_login("alice", "bob-secret")) == WRONG


def test_a_login_without_password_is_refused_though_the_server_agrees(hook: Harness) -> None:
    assert hook.authenticate(a_login("alice", "")) == Deny("the password is empty")


def test_whoever_is_not_there_is_left_to_others(hook: Harness) -> None:
    assert hook.authenticate(a_login("nobody", "alice-secret")) is None
    assert hook.authenticate(a_login("registry", "service-secret")) is None


def test_a_name_that_is_not_there_takes_as_many_steps(hook: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    for name in ("search", "rebind"):
        real = getattr(ldap3.Connection, name)

        def step(self: Any, *args: Any, real: Any = real, name: str = name, **more: Any) -> Any:
            steps.append(name)
            return real(self, *args, **more)

        monkeypatch.setattr(ldap3.Connection, name, step)
    assert hook.authenticate(a_login("alice", "wrong")) == WRONG
    known, steps[:] = list(steps), []
    assert hook.authenticate(a_login("nobody", "wrong")) is None
    assert steps == known == ["search", "search", "rebind"]


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "a*",
        "alice)(uid=*",
        "*)(objectClass=*",
        "alice)(&",
        "\\61lice",
        "(uid=alice)",
        "",
        "alice\0",
        "\\",
    ],
)
def test_a_name_is_a_name_and_no_filter(hook: Harness, name: str) -> None:
    assert hook.authenticate(a_login(name, "alice-secret")) is None


@pytest.mark.parametrize("name", ["ALICE", "Alice", " alice "])
def test_whoever_is_found_by_another_spelling_has_the_name_that_rules_know(hook: Harness, name: str) -> None:
    assert hook.authenticate(a_login(name, "alice-secret")) == Caller("alice", ["team"])


def test_two_people_of_one_name_are_nobody(hook: Harness) -> None:
    with pytest.raises(ValueError, match="too many values"):
        hook.authenticate(a_login("twin", "twin-secret"))


def test_who_may_log_in_is_an_option(slapd: Slapd) -> None:
    person = "(&(uid={name})(!(uid=bob)))"
    hook = Harness("ocilot:ldap_login", **slapd.options(person=person))
    assert hook.authenticate(a_login("bob", "bob-secret")) is None
    assert hook.authenticate(a_login("alice", "alice-secret")) == Caller("alice", ["team"])


def test_a_service_account_that_cannot_log_in_lets_nobody_in(slapd: Slapd, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("wrong")
    hook = Harness("ocilot:ldap_login", **slapd.options(password_file=wrong))
    with pytest.raises(LDAPException):
        hook.authenticate(a_login("alice", "alice-secret"))


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # ldap3 leaves the socket to Python
def test_a_server_with_another_certificate_is_told_no_password(slapd: Slapd, tmp_path: Path) -> None:
    for url in (slapd.ldap, slapd.ldaps):
        by_the_system = Harness("ocilot:ldap_login", **slapd.options(url=url, ca=None))
        by_another_name = Harness(
            "ocilot:ldap_login", **slapd.options(url=url.replace("localhost", "127.0.0.2"))
        )
        for hook in (by_the_system, by_another_name):
            with pytest.raises(LDAPException, match="certificate"):
                hook.authenticate(a_login("alice", "alice-secret"))


def test_a_server_that_does_not_answer_is_waited_for_a_second(slapd: Slapd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for scheme in ("ldap", "ldaps"):
            hook = Harness("ocilot:ldap_login", **slapd.options(url=f"{scheme}://127.0.0.1:{port}"))
            begun = time.monotonic()
            with pytest.raises((LDAPException, OSError)):
                hook.authenticate(a_login("alice", "alice-secret"))
            assert time.monotonic() - begun < 4
