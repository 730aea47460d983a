"""Finds the signatures of an image and verifies them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ocilot.client.context import Signature
from ocilot.client.steps import Steps, call
from ocilot.client.store import Store
from ocilot.errors import InvalidReference, SignatureError
from ocilot.oci import Digest

from . import keys
from .documents import Invalid, verify_by_key
from .finding import Candidate, candidates
from .keyless import Keyless

Check = Callable[[Candidate], Signature]


def verify(
    store: Store,
    digests: Sequence[Digest],
    *,
    key: str | bytes | Path = "",
    identity: str = "",
    issuer: str = "",
    trusted_root: str | Path = "",
) -> Steps[tuple[Signature, ...]]:
    """The valid signatures of the first of these digests that has any. Raises SignatureError if none has."""
    check = yield from call(_check, key, identity, issuer, trusted_root)
    reasons: list[str] = []
    for digest in digests:
        valid: list[Signature] = []
        for candidate in (yield from candidates(store, digest)):
            try:
                valid.append((yield from call(check, candidate)))
            except Invalid as problem:
                reasons.append(f"{candidate.where}: {problem}")
        if valid:
            return tuple(valid)
    names = " or ".join(digests)
    if not reasons:
        raise SignatureError(f"{store.location} has no signature of {names}")
    raise SignatureError(
        f"no valid signature of {names} in {store.location}: {'; '.join(reasons[:5])}", reasons=reasons
    )


def _check(key: str | bytes | Path, identity: str, issuer: str, trusted_root: str | Path) -> Check:
    """How to verify a candidate."""
    if key and not (identity or issuer or trusted_root):
        verifier = keys.load(key)
        return lambda candidate: verify_by_key(candidate, verifier)
    if identity and issuer and not key:
        return Keyless(identity, issuer, trusted_root).verify
    raise InvalidReference(
        "verify_signature needs either key, or identity and issuer; trusted_root only with these",
        hint="such as key='cosign.pub'",
    )
