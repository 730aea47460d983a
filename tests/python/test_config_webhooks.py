"""Receivers of events: distribution's `notifications`, unchanged, and `ocilot.webhooks`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ocilot import _core
from ocilot.config import load
from ocilot.errors import ConfigError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

DISTRIBUTION = """
version: 0.1
notifications:
  events: {includereferences: true}
  endpoints:
    - name: listener
      url: http://localhost:5003/callback?token=abc
      headers: {Authorization: [Bearer token], X-Two: [a, b]}
      timeout: 500ms
      threshold: 5
      backoff: 2s
      ignoredmediatypes: [application/octet-stream]
      ignore: {mediatypes: [text/plain], actions: [pull]}
    - {name: off, url: "http://nowhere", disabled: true}
"""

OURS = f"""
version: 0.1
ocilot:
  webhooks:
    - name: ci
      url: https://ci.example.com/hook/secret-path
      format: cloudevents
      secrets: ["{SECRET}"]
      secretfiles: [secret.txt]
      repositories: ["team/**"]
      exclude: [team/scratch]
      tags: [v*]
      actions: [manifest.pushed, tag.*]
      mediatypes: [application/*]
      artifacttypes: [application/vnd.example.*]
      callers: [ci-*]
      headers: {{X-Token: [hush]}}
      batch: 100
      timeout: 20s
      attempts: 7
      threshold: 3
      backoff: 1m
      cacert: ca.pem
      certificate: client.pem
      key: client.key
      proxy: http://user:word@proxy:3128
      redirects: same-origin
      allow: [10.0.0.0/8]
      enabled: false
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yml"
    path.write_text(text)
    return path


def mistake(tmp_path: Path, webhook: dict[str, Any]) -> str:
    whole = {"name": "a", "url": "https://a.example.com/"} | webhook
    text = yaml.safe_dump({"version": 0.1, "ocilot": {"webhooks": [whole]}})
    with pytest.raises(ConfigError) as found:
        load(write(tmp_path, text), {})
    return str(found.value)


def test_endpoints_of_distribution_are_taken_unchanged(tmp_path: Path) -> None:
    (one,) = load(write(tmp_path, DISTRIBUTION), {}).settings.webhooks or []
    assert (one.name, one.url, one.format) == (
        "listener",
        "http://localhost:5003/callback?token=abc",
        "distribution",
    )
    assert one.headers == [("Authorization", "Bearer token"), ("X-Two", "a"), ("X-Two", "b")]
    assert (one.timeout, one.threshold, one.backoff) == (1, 5, 2)
    assert one.ignored_media_types == ["application/octet-stream", "text/plain"]
    assert one.ignored_actions == ["pull"]
    assert one.actions == ["*"]
    assert one.allow == ["*"], "distribution's receivers are often on the same machine"


def test_an_endpoint_can_be_given_by_variables() -> None:
    given = {
        "REGISTRY_NOTIFICATIONS_ENDPOINTS": "[{name: a, url: 'http://a.example.com', threshold: 3}]",
    }
    (one,) = load(None, given).settings.webhooks or []
    assert (one.name, one.threshold) == ("a", 3)


def test_every_key_of_a_webhook_reaches_the_core(tmp_path: Path) -> None:
    (one,) = load(write(tmp_path, OURS), {}).settings.webhooks or []
    expected = {
        "name": "ci",
        "url": "https://ci.example.com/hook/secret-path",
        "format": "cloudevents",
        "enabled": False,
        "headers": [("X-Token", "hush")],
        "secrets": [SECRET],
        "secret_files": [str(tmp_path / "secret.txt")],
        "repositories": ["team/**"],
        "except_": ["team/scratch"],
        "tags": ["v*"],
        "actions": ["manifest.pushed", "tag.*"],
        "media_types": ["application/*"],
        "artifact_types": ["application/vnd.example.*"],
        "callers": ["ci-*"],
        "ignored_media_types": [],
        "ignored_actions": [],
        "batch": 100,
        "timeout": 20,
        "attempts": 7,
        "threshold": 3,
        "backoff": 60,
        "authorities": str(tmp_path / "ca.pem"),
        "certificate": str(tmp_path / "client.pem"),
        "key": str(tmp_path / "client.key"),
        "proxy": "http://user:word@proxy:3128",
        "redirects": "same-origin",
        "allow": ["10.0.0.0/8"],
    }
    names = {name for name in dir(one) if not name.startswith("_") or name == "except_"}
    assert {name: getattr(one, name) for name in names} == expected


def test_no_secret_is_shown(tmp_path: Path) -> None:
    for text in (OURS, DISTRIBUTION):
        shown = yaml.safe_dump(load(write(tmp_path, text), {}).as_data())
        for secret in (SECRET, "secret-path", "hush", "word", "Bearer", "token=abc"):
            assert secret not in shown
        assert "(hidden)" in shown


@pytest.mark.parametrize(
    ("webhook", "says"),
    [
        ({"url": "ci.example.com"}, 'invalid URL "ci.example.com" for ocilot.webhooks.0.url: expected a URL'),
        (
            {"url": "https://user:word@ci.example.com"},
            "expected a URL without credentials; send them as a header",
        ),
        ({"format": "xml"}, "expected distribution, cloudevents"),
        ({"actions": ["push"]}, "ocilot.webhooks.0.actions.0: expected *, tag.* or one of manifest.pushed"),
        ({"tags": ["^v1$"]}, "ocilot.webhooks.0.tags.0: expected"),
        (
            {"repositories": ["Team"]},
            "ocilot.webhooks.0.repositories: expected a list of repository patterns",
        ),
        ({"batch": 501}, "ocilot.webhooks.0.batch: expected a whole number from 1 to 500"),
        ({"batch": 2, "format": "cloudevents-binary"}, "cloudevents-binary sends one event per request"),
        ({"certificate": "a.pem"}, "a client certificate needs its key; set both certificate and key"),
        ({"allow": ["localhost"]}, "ocilot.webhooks.0.allow: expected networks such as 10.0.0.0/8"),
        ({"proxy": "socks5://a"}, "ocilot.webhooks.0.proxy: expected a URL such as http://proxy:3128"),
        ({"name": "a b"}, "ocilot.webhooks.0.name: expected a name of letters, digits"),
        ({"url": ""}, "ocilot.webhooks.0: expected a webhook with a url"),
        ({"secret": "x"}, "unknown key ocilot.webhooks.0.secret; did you mean ocilot.webhooks.0.secrets?"),
    ],
)
def test_a_mistake_has_its_place_and_a_remedy(tmp_path: Path, webhook: dict[str, Any], says: str) -> None:
    found = mistake(tmp_path, webhook)
    assert says in found
    assert "config.yml:" in found


@pytest.mark.parametrize("secret", ["short", "whsec_not+base64!", "whsec_c2hvcnQ="])
def test_an_unusable_secret_is_refused_without_being_shown(tmp_path: Path, secret: str) -> None:
    found = mistake(tmp_path, {"secrets": [SECRET, secret]})
    assert "secret 2 has to be 16 to 1024 bytes" in found
    assert secret not in found


@pytest.mark.parametrize(
    "webhook",
    [
        {"url": "htps://chat.example.com/hush"},
        {"url": "https://chat.example.com/services/hush more"},
        {"url": "https://user:hush@ci.example.com"},
        {"url": "user:hush@ci.example.com"},
        {"url": "https://:99999/hush"},
        {"proxy": "https://user:hush@proxy:3128"},
        {"proxy": "user:hush@proxy:3128"},
    ],
)
def test_an_unusable_url_is_refused_without_what_may_be_secret(
    tmp_path: Path, webhook: dict[str, Any]
) -> None:
    found = mistake(tmp_path, webhook)
    assert f"ocilot.webhooks.0.{next(iter(webhook))} cannot be used: expected a URL" in found
    assert "hush" not in found


def test_names_are_used_once(tmp_path: Path) -> None:
    text = DISTRIBUTION + "ocilot: {webhooks: [{name: listener, url: 'https://a.example.com'}]}\n"
    with pytest.raises(ConfigError, match="two webhooks are called listener; give each a name of its own"):
        load(write(tmp_path, text), {})


def test_conditions_are_those_of_the_core() -> None:
    assert _core.event_condition_problem("action", "tag.*") is None
    assert _core.event_condition_problem("pattern", "application/*") is None
    assert "whsec_" in (_core.event_condition_problem("secret", "short") or "")


@pytest.mark.parametrize(
    ("text", "value"), [("", "off"), ("off", "off"), ("sampled", "sampled"), ("ALL", "all")]
)
def test_pulls_are_events_only_if_that_is_chosen(tmp_path: Path, text: str, value: str) -> None:
    section = f"ocilot: {{events: {{pulls: {text}}}}}\n" if text else ""
    assert load(write(tmp_path, f"version: 0.1\n{section}"), {}).settings.pull_events == value


@pytest.mark.parametrize("text", ["true", "some", "[all]", "1"])
def test_other_events_of_pulls_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"ocilot\.events\.pulls.*expected off, sampled or all"):
        load(write(tmp_path, f"version: 0.1\nocilot: {{events: {{pulls: {text}}}}}\n"), {})


def test_events_of_pulls_can_be_chosen_in_the_environment(tmp_path: Path) -> None:
    found = load(write(tmp_path, "version: 0.1\n"), {"REGISTRY_OCILOT_EVENTS_PULLS": "all"})
    assert found.settings.pull_events == "all"
