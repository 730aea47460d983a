"""Foreign issuers whose tokens are accepted, and the callers they identify."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .access import section_of, text_of, texts_of
from .values import Kind, Raw, expected

if TYPE_CHECKING:
    from ocilot import _core


class Rule(NamedTuple):
    """The caller that a token with these claims identifies."""

    claims: dict[str, list[str]]
    name: str
    groups: list[str]
    scopes: list[str]


class Issuer(NamedTuple):
    """A foreign issuer."""

    name: str
    issuer: str
    audience: str
    jwks: str
    cacert: str
    rules: list[Rule]


def _known(given: dict[str, Raw], keys: tuple[str, ...], *at: str) -> None:
    for key in given:
        if key not in keys:
            raise expected(f"one of {', '.join(keys)}, not {key}", *at, key)


def _needed(given: dict[str, Raw], key: str, what: str, *at: str) -> str:
    text = text_of(given.get(key))
    if not text:
        raise expected(what, *at, *([key] if key in given else []))
    return text


def _optional(given: dict[str, Raw], key: str, *at: str) -> str:
    text = text_of(given[key]) if key in given else ""
    if text is None:
        raise expected("text", *at, key)
    return text


def _rule(raw: Raw, *at: str) -> Rule:
    given = section_of(raw, "a rule with claims and a name", *at)
    _known(given, Rule._fields, *at)
    without = "claims, each with a pattern; a rule without claims would match every token"
    if not given.get("claims"):
        raise expected(without, *at)
    claims = section_of(given["claims"], without, *at, "claims")
    return Rule(
        {
            claim: texts_of(patterns, "a pattern, or a list of them", *at, "claims", claim)
            for claim, patterns in claims.items()
        },
        _needed(given, "name", "a rule with a name for the caller, such as 'ci-{repository}'", *at),
        texts_of(given.get("groups", []), "a list of groups", *at, "groups"),
        texts_of(given.get("scopes", []), "a list such as ['repository:team/**:pull,push']", *at, "scopes"),
    )


def _issuer(raw: Raw, at: str) -> Issuer:
    given = section_of(raw, "an issuer with name, issuer, audience and rules", at)
    _known(given, Issuer._fields, at)
    rules = given.get("rules")
    if not isinstance(rules, list) or not rules:
        raise expected("an issuer with a list of rules", at, *(["rules"] if "rules" in given else []))
    return Issuer(
        _needed(given, "name", "an issuer with a name for the log", at),
        _needed(given, "issuer", "an issuer with the `iss` of its tokens as `issuer`", at),
        _needed(
            given, "audience", "an issuer with the `aud` of its tokens for this registry as `audience`", at
        ),
        _optional(given, "jwks", at),
        _optional(given, "cacert", at),
        [_rule(rule, at, "rules", str(number)) for number, rule in enumerate(rules)],
    )


def _read(raw: Raw) -> list[Issuer] | None:
    if not isinstance(raw, list):
        return None
    return [_issuer(item, str(number)) for number, item in enumerate(raw)]


def _show(issuers: list[Issuer]) -> list[dict[str, Any]]:
    return [
        {
            **{key: value for key, value in issuer._asdict().items() if value and key != "rules"},
            "rules": [
                {key: value for key, value in rule._asdict().items() if value} for rule in issuer.rules
            ],
        }
        for issuer in issuers
    ]


def _anchored(issuer: Issuer, base: str) -> Issuer:
    jwks = issuer.jwks if "://" in issuer.jwks else issuer.jwks and os.path.join(base, issuer.jwks)  # noqa: PTH118
    return issuer._replace(jwks=jwks, cacert=issuer.cacert and os.path.join(base, issuer.cacert))  # noqa: PTH118


def trusted_file() -> str:
    """Trusted authorities of this machine: Python's file, empty for the default places of OpenSSL."""
    import ssl

    return ssl.get_default_verify_paths().cafile or ""


ISSUERS: Final = Kind(
    "issuers",
    "a list of issuers, each with name, issuer, audience and rules",
    _read,
    _show,
    text_depth=None,
    anchored=lambda issuers, base: [_anchored(issuer, base) for issuer in issuers],
)


def apply_oidc(settings: _core.Settings, issuers: list[Issuer]) -> None:
    """Hands the core the foreign issuers."""
    settings.oidc = [
        (
            *(one.name, one.issuer, one.audience, one.jwks, one.cacert),
            [(list(rule.claims.items()), rule.name, rule.groups, rule.scopes) for rule in one.rules],
        )
        for one in issuers
    ]
    if issuers:
        settings.authorities = trusted_file()
