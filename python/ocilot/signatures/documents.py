"""What is signed: simple-signing payloads, and DSSE envelopes and messages in sigstore bundles.

A document is parsed for what it says only after its signature was verified.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from ocilot.client.context import Signature
from ocilot.oci import Digest

from .finding import SIMPLE, Candidate
from .keys import Verifier

IN_TOTO: Final = "application/vnd.in-toto+json"
SIMPLE_TYPE: Final = "cosign container image signature"
SIGN: Final = "https://sigstore.dev/cosign/sign/v1"
"""Type of the statement that `cosign sign` makes; those of `cosign attest` have others."""


class Invalid(Exception):
    """Why a candidate is no valid signature."""


def verify_by_key(candidate: Candidate, key: Verifier) -> Signature:
    """The signature, if the key made it for this digest. Raises Invalid."""
    if candidate.media_type == SIMPLE:
        signature = decoded(candidate.signature, "the signature")
        if not key.signed(signature, candidate.document):
            raise Invalid("made by another key, or the payload was changed")
        claims = simple_claims(candidate.document, candidate.subject)
    else:
        claims = _of_bundle(fields_of(candidate.document), candidate.subject, key)
    return Signature(candidate.subject, "key", key.fingerprint, claims=claims)


def _of_bundle(bundle: Mapping[str, Any], subject: Digest, key: Verifier) -> Mapping[str, Any]:
    if isinstance(envelope := bundle.get("dsseEnvelope"), dict):
        kind, payload = str(envelope.get("payloadType")), decoded(envelope.get("payload"), "the payload")
        found = envelope.get("signatures")
        signatures = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        encoded = encoded_for_signing(kind, payload)
        if not any(key.signed(decoded(one.get("sig"), "the signature"), encoded) for one in signatures):
            raise Invalid("made by another key, or the envelope was changed")
        claims = statement_claims(kind, payload, subject)
        # With the same key a CI job attests that a test failed.
        if claims["predicateType"] != SIGN:
            raise Invalid(f"an attestation of type {claims['predicateType']!r}, not a signature")
        return claims
    if isinstance(message := bundle.get("messageSignature"), dict):
        # The signature is over the manifest, which is not here: only its digest is.
        del message
        raise Invalid("a bundle without an envelope: only those of cosign 3 are supported with a key")
    raise Invalid("a bundle without a signature")


def encoded_for_signing(kind: str, payload: bytes) -> bytes:
    """What the signature of an envelope is over (DSSE, "PAE").

    >>> encoded_for_signing("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    name = kind.encode()
    return b" ".join((b"DSSEv1", b"%d" % len(name), name, b"%d" % len(payload), payload))


def simple_claims(document: bytes, subject: Digest) -> Mapping[str, Any]:
    """What a payload says, if it is about this digest. Raises Invalid."""
    fields = fields_of(document)
    critical = fields.get("critical")
    critical = critical if isinstance(critical, dict) else {}
    if critical.get("type") != SIMPLE_TYPE:
        raise Invalid(f"unexpected type {critical.get('type')!r} of its payload")
    image = critical.get("image")
    named = image.get("docker-manifest-digest") if isinstance(image, dict) else None
    if named != subject:
        raise Invalid(f"made for {named}")
    optional = fields.get("optional")
    found = dict(optional) if isinstance(optional, dict) else {}
    identity = critical.get("identity")
    if isinstance(identity, dict) and identity.get("docker-reference"):
        found["docker-reference"] = identity["docker-reference"]
    return found


def statement_claims(kind: str, payload: bytes, subject: Digest) -> Mapping[str, Any]:
    """What an in-toto statement says, if it is about this digest. Raises Invalid."""
    if kind != IN_TOTO:
        raise Invalid(f"unexpected type {kind!r} of its envelope")
    fields = fields_of(payload)
    subjects = fields.get("subject")
    named = [
        one["digest"].get(subject.algorithm)
        for one in (subjects if isinstance(subjects, list) else [])
        if isinstance(one, dict) and isinstance(one.get("digest"), dict)
    ]
    if subject.hex not in named:
        raise Invalid("made for another digest")
    predicate = fields.get("predicate")
    found = dict(predicate) if isinstance(predicate, dict) else {}
    return found | {"predicateType": fields.get("predicateType")}


def fields_of(document: bytes) -> Mapping[str, Any]:
    """A JSON object. Raises Invalid."""
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        raise Invalid("not JSON") from None
    if not isinstance(found, dict):
        raise Invalid("expected a JSON object")
    return found


def decoded(text: Any, what: str) -> bytes:
    """Bytes of base64. Raises Invalid."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Invalid(f"{what} is not base64") from None
