"""Verifies the signatures that one manifest holds, for a hook that was notified of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ocilot.client.context import Signature
from ocilot.errors import ArchiveError, SignatureError
from ocilot.oci import Digest, Manifest

from . import keys
from .documents import Invalid, verify_by_key
from .finding import LARGEST, candidate_of, layers_of


def verify_manifest(
    manifest: bytes, subject: str, read: Callable[[str], bytes], *, key: str | bytes | Path
) -> tuple[Signature, ...]:
    """The valid signatures of a digest in a manifest; `read` returns a blob of it by its digest.

    Raises SignatureError if none of them was made by the key.
    """
    verifier = keys.load(key)
    valid: list[Signature] = []
    reasons: list[str] = []
    try:
        layers = layers_of(Manifest(manifest))
    except ArchiveError as problem:
        layers, reasons = (), [str(problem)]
    for layer in layers:
        if layer.size > LARGEST:
            reasons.append(f"{layer.digest}: has {layer.size} bytes, the limit is {LARGEST}")
            continue
        candidate = candidate_of(Digest(subject), layer, read(layer.digest), str(layer.digest))
        try:
            valid.append(verify_by_key(candidate, verifier))
        except Invalid as problem:
            reasons.append(f"{candidate.where}: {problem}")
    if valid:
        return tuple(valid)
    raise SignatureError(": ".join([f"no valid signature of {subject}", *reasons[:5]]), reasons=reasons)
