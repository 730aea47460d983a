"""A script is refused when the registry would never ask one of its hooks, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocilot import config
from ocilot.cli.foreground import unasked_points

TOKEN = "{realm: https://t, service: s, issuer: i, jwks: keys.json}"
TLS = "{certificate: c.pem, key: k.pem, clientcas: [ca.pem]}"
OIDC = "[{name: n, issuer: https://i, audience: a, rules: [{claims: {sub: x}, name: x}]}]"
RULES = "[{repositories: ['**'], allow: {everyone: [pull]}}]"

AUTH = {
    "nothing": "",
    "htpasswd": "auth: {htpasswd: {realm: r, path: users}}",
    "token": f"auth: {{token: {TOKEN}}}",
    "silly": "auth: {silly: {realm: r, service: s}}",
}
OWN = {
    "": "",
    "accounts": "accounts: {enabled: true}",
    "accounts and oidc": f"accounts: {{enabled: true}}, oidc: {OIDC}",
}


@pytest.mark.parametrize("auth", AUTH)
@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("certificates", [False, True])
@pytest.mark.parametrize("rules", [False, True])
def test_a_point_is_refused_when_nobody_would_ask_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: str, own: str, certificates: bool, rules: bool
) -> None:
    if own and auth in ("token", "silly"):
        pytest.skip("there is one token server")
    if rules and not own and auth == "nothing" and not certificates:
        pytest.skip("rules need somebody who logs in")
    parts = [OWN[own], f"access: {RULES}" if rules else ""]
    lines = ["version: 0.1", AUTH[auth], f"ocilot: {{{', '.join(filter(None, parts))}}}"]
    lines += [f"http: {{tls: {TLS}}}"] if certificates else []
    path = tmp_path / "config.yml"
    path.write_text("\n".join(lines) + "\n")
    # Names and passwords are taken by the accounts and by the file, and by nobody else: a token of a foreign
    # issuer comes in the place of a password, and a certificate without either.
    takes_passwords = bool(own) or auth == "htpasswd"
    points = unasked_points(config.load(str(path)).settings)
    assert list(points) == ["retain", "on_pulled"] + ([] if takes_passwords else ["authenticate"])


def test_retain_is_asked_where_a_policy_deletes_tags(tmp_path: Path) -> None:
    policy = "{name: p, repositories: ['**'], delete: [{tags: 'pr-*'}]}"
    path = tmp_path / "config.yml"
    path.write_text(f"version: 0.1\nocilot: {{retention: {{policies: [{policy}]}}}}\n")
    assert "retain" not in unasked_points(config.load(str(path)).settings)


@pytest.mark.parametrize(("pulls", "asked"), [("off", False), ("sampled", True), ("all", True)])
def test_on_pulled_is_asked_where_pulls_are_events(tmp_path: Path, pulls: str, asked: bool) -> None:
    path = tmp_path / "config.yml"
    path.write_text(f"version: 0.1\nocilot: {{events: {{pulls: {pulls}}}}}\n")
    why = unasked_points(config.load(str(path)).settings).get("on_pulled", "")
    assert why == ("" if asked else "pulls are not events; set ocilot.events.pulls: sampled or all")
