"""`WWW-Authenticate`: how a registry wants to be asked (RFC 9110, 11.6.1), read leniently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_SCHEME: Final = re.compile(rf"\s*({_TOKEN})(?=[\s,]|$)")
_PARAMETER: Final = re.compile(rf"\s*({_TOKEN})\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"?|([^\s,\"]*))")
_ESCAPED: Final = re.compile(r"\\(.)")
LONGEST: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge: `Bearer` names a token server, `Basic` wants the password itself.

    >>> parse(['Basic realm="r, x", Bearer realm="https://a/t",scope="repository:a:pull,push"'])[1].scope
    'repository:a:pull,push'
    """

    scheme: str
    """In lower case."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    @property
    def realm(self) -> str:
        """Of a Bearer challenge the URL of the token server, which may be relative."""
        return self.parameters.get("realm", "")

    @property
    def service(self) -> str:
        """Name of the registry for the token server; empty if there is none."""
        return self.parameters.get("service", "")

    @property
    def scope(self) -> str:
        """What the refused request needs; empty if unknown."""
        return self.parameters.get("scope", "")

    @property
    def error(self) -> str:
        """`insufficient_scope` or `invalid_token`, if a token was refused."""
        return self.parameters.get("error", "")


def parse(headers: Iterable[str]) -> list[Challenge]:
    """All challenges of all `WWW-Authenticate` headers, in order. What cannot be read is left out."""
    return [challenge for header in headers for challenge in _of(header[:LONGEST])]


def choose(found: Iterable[Challenge]) -> Challenge | None:
    """The challenge to answer: Bearer before Basic, so that a password goes to the token server alone."""
    known = list(found)
    bearer = next((one for one in known if one.scheme == "bearer" and one.realm), None)
    return bearer or next((one for one in known if one.scheme == "basic"), None)


def _of(header: str) -> Iterable[Challenge]:
    at = 0
    scheme = ""
    parameters: dict[str, str] = {}
    while at < len(header):
        if header[at] in ", \t":
            at += 1
        elif found := _PARAMETER.match(header, at):
            if scheme:
                value = found[3] if found[2] is None else _ESCAPED.sub(r"\1", found[2])
                parameters.setdefault(found[1].lower(), value)
            at = found.end()
        elif found := _SCHEME.match(header, at):
            if scheme:
                yield Challenge(scheme, parameters)
            scheme, parameters = found[1].lower(), {}
            at = found.end()
        else:
            at += 1
    if scheme:
        yield Challenge(scheme, parameters)
