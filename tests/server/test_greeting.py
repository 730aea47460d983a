"""The greeting of `ocilot serve` says what is in force, for each kind of configuration."""

from __future__ import annotations

import socket

import pytest

from .conftest import FreshRegistry
from .people import RULES, write_users
from .programs import Argument, attempt
from .registry import OCILOT

ANONYMOUS = "[{repositories: ['**'], allow: {anonymous: [pull], everyone: [push, create]}}]"
CLOSED = "[{repositories: ['**'], allow: {everyone: [pull]}}]"
LOGIN = "login by accounts; "

GREETINGS = {
    "storage: {delete: {enabled: true}}": [
        "access:      anonymous read, write and delete",
        "deletes:     on",
    ],
    "": ["access:      anonymous read and write", "deletes:     off; set storage.delete.enabled: true"],
    "ocilot: {accounts: {enabled: true}}": [
        f"access:      {LOGIN}no access rules: every login may read and write"
    ],
    f"ocilot: {{accounts: {{enabled: true}}, access: {ANONYMOUS}}}": [
        f"access:      {LOGIN}1 access rule, anonymous pull in some repositories"
    ],
    f"ocilot: {{accounts: {{enabled: true}}, access: {CLOSED}}}": [
        f"access:      {LOGIN}1 access rule, nothing anonymous"
    ],
    f"ocilot:\n  accounts: {{enabled: true}}\n{RULES}": [
        f"access:      {LOGIN}3 access rules, anonymous pull in some repositories"
    ],
    "auth: {htpasswd: {realm: r, path: users}}": [
        "access:      login by auth.htpasswd; no access rules: every login may read and write"
    ],
    "auth: {silly: {realm: r, service: s}}": [
        "access:      login by auth.silly (accepts any credentials); "
        "no access rules: every login may read and write"
    ],
    "http: {host: 'https://registry.example.com', prefix: /mirror/}": [
        "clients use  https://registry.example.com/mirror",
        "docker push registry.example.com/IMAGE",
        "curl https://registry.example.com/mirror/v2/_catalog",
    ],
    "ocilot: {hooks: {scripts: [{path: 'ocilot:immutable_releases'}]}}": [
        "hooks:       admit_tag, admit_delete",
        "access:      anonymous read and write",
    ],
    "ocilot: {hooks: {scripts: [{path: hook.py}]}}": [
        "access:      anonymous read and write, unless the hook authorize decides"
    ],
}


@pytest.mark.parametrize("settings", GREETINGS)
def test_the_greeting_says_what_is_in_force(fresh_registry: FreshRegistry, settings: str) -> None:
    registry = fresh_registry(f"version: 0.1\n{settings}\n", start=False)
    (registry.home / "hook.py").write_text("def authorize(access): return None\n")
    write_users(registry.home).rename(registry.home / "users")
    registry.start()
    registry.wait_for_line("/v2/_catalog\n")
    said = registry.process.output()
    for line in [*GREETINGS[settings], "help:        ocilot --help; users: ocilot user --help"]:
        assert f"  {line}\n" in said
    assert ("  hooks:" in said) == ("hooks" in settings)
    assert ("  clients use" in said) == ("host" in settings)
    has_logins = "accounts: {enabled" in settings
    assert ("  accounts:    none; create one with `ocilot user add`\n" in said) == has_logins
    assert ("  accounts:" in said) == has_logins


def test_the_greeting_tells_of_accounts_that_are_off(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry("version: 0.1\nocilot: {accounts: {enabled: true}}\n")
    words: list[Argument] = [
        "user",
        "add",
        "alice",
        "--no-password",
        "--config",
        registry.config,
        "--root",
        registry.root,
    ]
    assert attempt([OCILOT, *words], env={"PATH": "/usr/bin:/bin"}, seconds=60).code == 0
    registry.stop()
    registry.config.write_text("version: 0.1\n")
    registry.start()
    registry.wait_for_line("  accounts:    exist, but are off; set ocilot.accounts.enabled: true\n")
    assert "/api/v1/accounts" not in registry.stop(), "no request of its own is in the access log"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_replaces_that_of_the_configured_address(fresh_registry: FreshRegistry, host: str) -> None:
    registry = fresh_registry(f"version: 0.1\nhttp: {{addr: '{host}:1'}}\n", start=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words: list[Argument] = [
            OCILOT,
            "serve",
            "--root",
            registry.root,
            "--config",
            registry.config,
            "--port",
            str(port),
        ]
        ran = attempt(words, env={"PATH": "/usr/bin:/bin"}, seconds=60)
    assert ran.code == 2, ran
    assert len(ran.err.splitlines()) == 1, ran
    assert f":{port}" in ran.err


def test_a_port_beside_an_address_is_refused(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(start=False)
    words: list[Argument] = [OCILOT, "serve", "--root", registry.root, "--addr", "127.0.0.1:0", "--port", "0"]
    ran = attempt(words, env={"PATH": "/usr/bin:/bin"}, seconds=60)
    assert (ran.code, ran.err) == (2, "--addr and --port cannot be combined: write the port in --addr\n")
