"""Credentials as values. None of them shows its secret when printed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ocilot.arguments import check_flag, check_type
from ocilot.errors import InvalidArgument, InvalidReference


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What is known of one registry. At most one of password and tokens is used: the strongest there is."""

    username: str = ""
    password: str = ""
    identity_token: str = ""
    """Refresh token, which a token server exchanges."""
    registry_token: str = ""
    """Sent to the registry as it is."""
    origin: str = ""
    """Where it was found, such as `/root/.docker/config.json`."""

    @property
    def basic(self) -> str:
        """Value of an `Authorization` header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return not (self.password or self.identity_token or self.registry_token)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may not be shown."""
        return tuple(one for one in (self.password, self.identity_token, self.registry_token) if one)

    def __repr__(self) -> str:
        return f"<Credential {self.username or 'token'} of {self.origin or 'unknown origin'}>"


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A token as `auth=`.

    >>> Token("eyJhbGciOi")
    <Token>
    """

    value: str
    """Sent to the registry as Bearer."""
    refresh: bool = False
    """Whether it is an identity token, which the token server exchanges for others."""

    def __post_init__(self) -> None:
        check_type("value of Token", self.value, str, "a text")
        check_flag("refresh of Token", self.refresh)
        if not self.value or not self.value.isprintable() or " " in self.value:
            raise InvalidArgument("invalid value of Token: expected a text without spaces and line ends")

    def __repr__(self) -> str:
        return "<Token>"


class _Anonymous:
    """No credentials, whatever files and helpers have."""

    def __repr__(self) -> str:
        return "ANONYMOUS"


ANONYMOUS: Final = _Anonymous()
"""As `auth=`: no credentials are looked for, such as for a public pull in spite of a stale login."""

ARGUMENT: Final = "argument auth"
"""Origin of credentials that the caller passed."""
_EXPECTED: Final = "(user, password), a Token, ANONYMOUS or a function"
Auth = tuple[str, str] | Token | Callable[[str], Any] | _Anonymous
"""User and password, a token, `ANONYMOUS`, or a function from the host to one of these or None."""


def credential_of(auth: Auth | None, host: str) -> Credential | None:
    """The credentials of an argument; None: look elsewhere. Raises InvalidReference for anything else."""
    if auth is None:
        return None
    if isinstance(auth, _Anonymous):
        return Credential(origin=ARGUMENT)
    if isinstance(auth, Token):
        if auth.refresh:
            return Credential(identity_token=auth.value, origin=ARGUMENT)
        return Credential(registry_token=auth.value, origin=ARGUMENT)
    if isinstance(auth, Credential):
        return auth
    if callable(auth):
        return credential_of(auth(host), host)
    if isinstance(auth, (tuple, list)) and len(auth) == 2 and all(isinstance(part, str) for part in auth):
        return Credential(auth[0], auth[1], origin=ARGUMENT)
    raise InvalidReference(f"invalid auth: got {_kind(auth)}, expected {_EXPECTED}")


def check_auth(auth: object, name: str = "auth") -> None:
    """Raises InvalidReference for what is no credential. A function is called later: see `credential_of`."""
    try:
        if not callable(auth):
            credential_of(auth, "")  # type: ignore[arg-type]
    except InvalidReference:
        raise InvalidReference(f"invalid {name}: got {_kind(auth)}, expected {_EXPECTED}") from None


def _kind(auth: object) -> str:
    """What it is, without its value."""
    if isinstance(auth, tuple | list):
        return f"a {type(auth).__name__} of ({', '.join(type(part).__name__ for part in auth)})"
    return type(auth).__name__
