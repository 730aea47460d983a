"""What stands above the client and is handed in by `connect` and `open`: archives and signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ocilot.errors import Unsupported
from ocilot.oci import Digest

from .events import Reporter
from .options import Limits
from .steps import Steps
from .store import Store


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that was verified."""

    digest: Digest
    """What was signed: the digest of an image or index."""
    kind: str
    """`key` or `identity`."""
    signer: str
    """The key's fingerprint, or the identity of a certificate."""
    issuer: str = ""
    """Who vouches for the identity, such as `https://token.actions.githubusercontent.com`."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    """What the signed document says beside the digest."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A location that was opened to be written."""

    store: Store
    tag: str
    digest: Digest | None
    """What its reference says; None: anything."""
    close: Callable[[], Steps[None]]


def _none(*_: Any, **__: Any) -> NoReturn:
    raise Unsupported(
        "this client was made without archives and signatures: use ocilot.connect or ocilot.open"
    )


@dataclass(frozen=True, slots=True)
class Context:
    """What the objects of one client share."""

    limits: Limits = field(default_factory=Limits)
    report: Reporter = field(default_factory=Reporter)
    create: Callable[[str], Opened] = _none
    """Opens a location to be written; blocks."""
    verify: Callable[..., Steps[tuple[Signature, ...]]] = _none
    """Verifies the signatures of a digest in a store."""
