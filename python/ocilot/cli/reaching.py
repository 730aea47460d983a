"""How a registry is reached and trusted: the same options for images and for operators."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

if TYPE_CHECKING:
    from ocilot.client.tls import TLS

_KIND: Final = inspect.Parameter.POSITIONAL_OR_KEYWORD

_AUTH_FILE = Annotated[
    str | None,
    typer.Option(
        "--auth-file", metavar="FILE", help="Credentials file; no other one is read.", show_default=False
    ),
]
_PLAIN_HTTP = Annotated[
    list[str] | None,
    typer.Option(
        "--plain-http", metavar="HOST", help="Registry to use HTTP for (repeatable).", show_default=False
    ),
]
_INSECURE = Annotated[
    list[str] | None,
    typer.Option(
        "--insecure",
        metavar="HOST",
        help="Registry whose certificate is not verified (repeatable).",
        show_default=False,
    ),
]
_CA = Annotated[
    str | None,
    typer.Option(
        "--ca", metavar="FILE", help="PEM file of further certificate authorities.", show_default=False
    ),
]


def _option(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, _KIND, default=None, annotation=annotation)


PARAMETERS: Final = (
    _option("auth_file", _AUTH_FILE),
    _option("plain_http", _PLAIN_HTTP),
    _option("insecure", _INSECURE),
    _option("ca", _CA),
)
"""What commands take, by the names of the fields of `Reaching`."""


class Reaching(NamedTuple):
    """The values of these options."""

    auth_file: str | None = None
    plain_http: list[str] | None = None
    insecure: list[str] | None = None
    ca: str | None = None

    def given(self) -> list[str]:
        """The options that were given, such as `--ca`."""
        found = [name for name, value in self._asdict().items() if value not in (None, [], ())]
        return [f"--{name.replace('_', '-')}" for name in found]

    def check(self) -> None:
        """Raises InvalidReference if an option names a host that is none."""
        _hosts(self.plain_http)
        _hosts(self.insecure)

    def tls(self, host: str) -> TLS:
        """How a registry is reached, by its name `HOST[:PORT]`."""
        from ocilot.client.tls import TLS

        # One option is for all registries of a command, such as the two ends of a copy.
        return TLS(
            ca=self.ca,
            verify=host not in _hosts(self.insecure),
            plain_http=host in _hosts(self.plain_http),
            system=self.ca is not None,
        )


def _hosts(texts: list[str] | None) -> frozenset[str]:
    """Registries that an option names, with or without a scheme, as references name them.

    Raises InvalidReference.
    """
    if not texts:
        return frozenset()
    from ocilot.references import parse_host

    return frozenset(parse_host(text).name for text in texts)
