"""Foreign issuers as the configuration names them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from ocilot.config import Loaded, load
from ocilot.errors import ConfigError

ISSUERS = """
version: 0.1
ocilot:
  accounts: {enabled: true}
  oidc:
    - name: github
      issuer: https://token.actions.githubusercontent.com
      audience: registry.example.com
      rules:
        - claims: {repository_owner: team, ref: [refs/heads/main, refs/tags/*]}
          name: "github-{repository}"
          groups: [ci]
          scopes: ["repository:team/**:pull,push"]
    - name: cluster
      issuer: kubernetes/serviceaccount
      audience: registry.example.com
      jwks: /etc/cluster.json
      cacert: /etc/cluster.pem
      rules:
        - {claims: {sub: "system:*"}, name: cluster}
"""


def loaded(directory: Path, text: str) -> Loaded:
    (directory / "config.yml").write_text(textwrap.dedent(text))
    return load(directory / "config.yml", {})


def problem(directory: Path, *lines: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(directory, "\n".join(["version: 0.1", "ocilot:", *(f"  {line}" for line in lines)]))
    return str(caught.value).replace(f"{directory}/", "")


def test_issuers_and_their_rules_reach_the_core(tmp_path: Path) -> None:
    settings = loaded(tmp_path, ISSUERS).settings
    claims = [("repository_owner", ["team"]), ("ref", ["refs/heads/main", "refs/tags/*"])]
    github = (claims, "github-{repository}", ["ci"], ["repository:team/**:pull,push"])
    none: list[str] = []
    cluster = ([("sub", ["system:*"])], "cluster", none, none)
    audience = "registry.example.com"
    assert settings.oidc == [
        ("github", "https://token.actions.githubusercontent.com", audience, "", "", [github]),
        (
            *("cluster", "kubernetes/serviceaccount", audience),
            *("/etc/cluster.json", "/etc/cluster.pem", [cluster]),
        ),
    ]


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    first = loaded(tmp_path, ISSUERS)
    again = loaded(tmp_path, yaml.safe_dump(first.as_data(), sort_keys=False))
    assert again.settings.oidc == first.settings.oidc


@pytest.mark.parametrize(
    ("oidc", "told"),
    [
        ("[{name: a}]", "an issuer with a list of rules"),
        ("[{name: a, issuer: b, audience: c, rules: []}]", "an issuer with a list of rules"),
        ("[{name: a, issuer: b, audience: c, key: d, rules: [{name: e}]}]", "not key"),
        ("[{name: a, issuer: b, audience: c, rules: [{name: e}]}]", "without claims would match every token"),
        ("[{name: a, issuer: b, audience: c, rules: [{claims: {}, name: e}]}]", "would match every token"),
        ("[{name: a, issuer: b, audience: c, rules: [{claims: {x: y}}]}]", "a name for the caller"),
        ("[{name: a, issuer: b, audience: c, rules: [{claims: {x: y}, name: e, no: 1}]}]", "not no"),
    ],
)
def test_mistakes_are_named_where_they_are(tmp_path: Path, oidc: str, told: str) -> None:
    said = problem(tmp_path, "accounts: {enabled: true}", f"oidc: {oidc}")
    assert re.match(r"config\.yml:4: invalid .* for ocilot\.oidc\.0", said)
    assert told in said


def test_issuers_need_accounts(tmp_path: Path) -> None:
    oidc = "oidc: [{name: a, issuer: b, audience: c, rules: [{claims: {x: y}, name: e}]}]"
    assert "set ocilot.accounts.enabled: true" in problem(tmp_path, oidc)
