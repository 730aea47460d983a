"""Foreign issuers whose tokens are exchanged for the registry's own (OpenID Connect)."""

from __future__ import annotations

import re
from typing import Any, Final

from .access import section_of, text_of, texts_of
from .values import Kind, Raw, expected

Claims = dict[str, list[str]]
Rule = tuple[Claims, str, list[str], list[str]]
"""Claims with their patterns, the caller's name, groups, scopes."""
Issuer = tuple[str, str, str, str, list[Rule]]
"""Name, issuer, audience, where the keys are, rules."""

_RULE_KEYS: Final = ("claims", "name", "groups", "scopes")
_ISSUER_KEYS: Final = ("name", "issuer", "audience", "jwks", "rules")


def _known(given: dict[str, Raw], keys: tuple[str, ...], *at: str) -> None:
    for key in given:
        if key not in keys:
            raise expected(f"one of {', '.join(keys)}, not {key}", *at, key)


def _text(given: dict[str, Raw], key: str, what: str, *at: str) -> str:
    text = text_of(given.get(key))
    if not text:
        raise expected(what, *at, *([key] if key in given else []))
    return text


def _rule(raw: Raw, *at: str) -> Rule:
    given = section_of(raw, "a rule with claims and name", *at)
    _known(given, _RULE_KEYS, *at)
    claims = {
        claim: texts_of(patterns, "a pattern, or a list of them", *at, "claims", claim)
        for claim, patterns in section_of(
            given.get("claims"), "claims, each with a pattern: without them anybody would fit", *at
        ).items()
    }
    if not claims:
        raise expected("claims, each with a pattern: without them anybody would fit", *at)
    name = _text(given, "name", "a rule with a name for the caller, such as 'ci:{repository}'", *at)
    groups = texts_of(given.get("groups", []), "a list of groups", *at, "groups")
    scopes = texts_of(
        given.get("scopes", []), "a list such as ['repository:team/**:pull,push']", *at, "scopes"
    )
    return claims, name, groups, scopes


def _issuer(raw: Raw, at: str) -> Issuer:
    given = section_of(raw, "an issuer with issuer, audience and rules", at)
    _known(given, _ISSUER_KEYS, at)
    issuer = _text(given, "issuer", "an issuer with the URL that its tokens name as `iss`", at)
    audience = _text(given, "audience", "an issuer with the audience that tokens for this registry have", at)
    name = text_of(given.get("name")) or re.sub(r"^https?://", "", issuer)
    jwks = text_of(given.get("jwks")) or ""
    rules = given.get("rules")
    if not isinstance(rules, list) or not rules:
        raise expected("an issuer with a list of rules", at)
    made = [_rule(rule, at, "rules", str(number)) for number, rule in enumerate(rules)]
    return name, issuer, audience, jwks, made


def _read(raw: Raw) -> list[Issuer]:
    if not isinstance(raw, list):
        raise expected("a list of issuers, each with issuer, audience and rules")
    return [_issuer(one, str(number)) for number, one in enumerate(raw)]


def _show(issuers: list[Issuer]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "issuer": issuer,
            "audience": audience,
            **({"jwks": jwks} if jwks else {}),
            "rules": [dict(zip(_RULE_KEYS, rule, strict=True)) for rule in rules],
        }
        for name, issuer, audience, jwks, rules in issuers
    ]


ISSUERS: Final = Kind("issuers", "a list of issuers, each with issuer, audience and rules", _read, _show)
