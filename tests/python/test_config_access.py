"""Who is let in, as a configuration says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocilot.config import Loaded, load
from ocilot.errors import ConfigError

OF_ACCESS = {
    *("auth_htpasswd", "auth_realm", "auth_service", "auth_token", "auth_issuer", "auth_root_certificates"),
    *("auth_jwks", "auth_algorithms", "auth_redirect_path", "auth_silly"),
    *("accounts", "accounts_service", "token_life", "refresh_life", "key_life", "access", "groups"),
    *("oidc", "authorities", "rate_limits"),
}
"""Settings that this file and those of issuers and rates are about."""


def loaded(directory: Path, text: str) -> Loaded:
    path = directory / "config.yml"
    path.write_text(text)
    return load(path, {})


def test_who_is_let_in_becomes_settings(tmp_path: Path) -> None:
    text = """
auth: {htpasswd: {realm: basic, path: /auth/htpasswd}}
ocilot:
  accounts: {enabled: true, service: r.example, tokenexpiry: 10m}
  groups: {team: [alice, 'robot:ci']}
  access:
    - repositories: ['team/**']
      allow: {'group:team': [pull, push], anonymous: pull}
"""
    read = loaded(tmp_path, f"version: 0.1{text}")
    settings = read.settings
    assert (settings.auth_htpasswd, settings.auth_realm) == ("/auth/htpasswd", "basic")
    assert (settings.accounts, settings.accounts_service, settings.token_life) == (True, "r.example", 600)
    assert settings.groups == [("team", ["alice", "robot:ci"])]
    assert settings.access == [(["team/**"], [("group:team", ["pull", "push"]), ("anonymous", ["pull"])])]
    assert read.as_data()["ocilot"]["access"][0]["repositories"] == ["team/**"]


def test_distributions_kinds_of_auth_become_settings(tmp_path: Path) -> None:
    text = """
auth:
  token:
    realm: https://auth.example/token
    service: r.example
    issuer: auth.example
    rootcertbundle: /etc/auth.pem
    jwks: /etc/auth.json
    signingalgorithms: [ES256]
    autoredirect: true
    autoredirectpath: /my/token
"""
    settings = loaded(tmp_path, f"version: 0.1{text}").settings
    assert settings.auth_token
    assert settings.auth_realm == "https://auth.example/token"
    assert (settings.auth_service, settings.auth_issuer) == ("r.example", "auth.example")
    assert (settings.auth_root_certificates, settings.auth_jwks) == ("/etc/auth.pem", "/etc/auth.json")
    assert (settings.auth_algorithms, settings.auth_redirect_path) == (["ES256"], "/my/token")
    silly = loaded(tmp_path, "version: 0.1\nauth: {silly: {realm: r, service: s}}").settings
    assert (silly.auth_silly, silly.auth_realm, silly.auth_service) == (True, "r", "s")


def test_no_rules_are_not_the_same_as_an_empty_list(tmp_path: Path) -> None:
    accounts = "version: 0.1\nocilot: {accounts: {enabled: true}"
    assert loaded(tmp_path, accounts + "}").settings.access is None
    assert loaded(tmp_path, accounts + ", access: []}").settings.access == []


PROBLEMS = {
    "ocilot: {accounts: {enabled: true, tokenexpiry: 30s}}": (
        "ocilot.accounts.tokenexpiry cannot be used: clients assume that a token is valid for at least 1m; "
        "set 1m or more"
    ),
    "ocilot: {access: []}": (
        "ocilot.access cannot be used: access rules need a login method; set ocilot.accounts.enabled: "
        "true, or "
        "auth.htpasswd or auth.token"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['A'], allow: {}}]}": (
        'invalid value "A" for ocilot.access.0.repositories.0: expected a repository pattern such as '
        "team/app, "
        "mirror/* or **"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['**'], allow: {everyone: [pul]}}]}": (
        'invalid value "pul" for ocilot.access.0.allow.everyone.0: expected a list of pull, create, '
        "push, "
        "delete or admin"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['**'], allow: {'usr:a': [pull]}}]}": (
        "invalid list for ocilot.access.0.allow.usr:a: expected rights of anonymous, everyone, user:NAME, "
        "group:NAME, "
        "robot:NAME, federated:PATTERN or certificate:PATTERN, not of usr:a"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['**']}]}": (
        "invalid section for ocilot.access.0: expected a rule with both repositories and allow"
    ),
    "ocilot: {groups: {team: ['group:other']}}": (
        "invalid list for ocilot.groups.team: expected names, or robot:NAME, federated:PATTERN and "
        "certificate:PATTERN"
    ),
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_a_problem_is_named_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"version: 0.1\n{text}\n")
    assert str(caught.value) == f"{tmp_path}/config.yml:2: {PROBLEMS[text]}"


@pytest.mark.parametrize(
    ("allow", "is_noted"),
    [
        ("{'user:bob': [push]}", True),
        ("{'user:bob': [create, delete]}", True),
        ("{'user:bob': [push, pull]}", False),
        ("{'user:bob': [push], anonymous: [pull]}", False),
        ("{'user:bob': [admin]}", False),
        ("{'user:bob': [delete]}", False),
    ],
)
def test_a_rule_that_no_client_can_push_by_is_noted(tmp_path: Path, allow: str, is_noted: bool) -> None:
    rules = f"access: [{{repositories: ['team/**'], allow: {allow}}}]"
    read = loaded(tmp_path, f"version: 0.1\nocilot:\n  accounts: {{enabled: true}}\n  {rules}\n")
    notes = [note for note in read.notes if "ocilot.access.0 (team/**) allows push without pull" in note]
    assert len(read.notes) == len(notes) == is_noted
