"""Public keys, and what they signed. Needs `cryptography`."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from typing import Any, Protocol

from ocilot import text_file
from ocilot.errors import ConfigError, InvalidReference, StorageError, Unsupported


class Verifier(Protocol):
    """Verifies what one key signed."""

    fingerprint: str
    """`SHA256:` and the hexadecimal digest of the key in DER."""

    def signed(self, signature: bytes, data: bytes) -> bool:
        """Whether it signed the data."""


def load(key: str | bytes | Path) -> Verifier:
    """The key of a PEM text or file. Raises StorageError, InvalidReference, Unsupported."""
    pem = _pem(key)
    try:
        serialization = importlib.import_module("cryptography.hazmat.primitives.serialization")
    except ImportError:
        raise Unsupported(
            "verifying signatures needs cryptography", hint="pip install 'ocilot[verify]'"
        ) from None
    try:
        found = serialization.load_pem_public_key(pem)
    except Exception as problem:
        raise InvalidReference(
            f"invalid public key: expected PEM, such as cosign.pub ({str(problem)[:120]})"
        ) from None
    return _Key(found)


def _pem(key: str | bytes | Path) -> bytes:
    if isinstance(key, bytes):
        return key
    if isinstance(key, str) and "-----BEGIN" in key:
        return key.encode()
    try:
        return text_file.read_bytes(key, "public key")
    except (ConfigError, ValueError) as problem:
        raise StorageError(str(problem)) from None


class _Key:
    """An elliptic, RSA or Ed25519 key."""

    def __init__(self, key: Any) -> None:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

        self._key = key
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.fingerprint = f"SHA256:{hashlib.sha256(der).hexdigest()}"
        self._ways: list[tuple[Any, ...]]
        if isinstance(key, ec.EllipticCurvePublicKey):
            # cosign hashes with SHA-256 whatever the curve, sigstore's libraries with the hash of its size.
            own = {384: hashes.SHA384(), 521: hashes.SHA512()}.get(key.key_size)
            used = [hashes.SHA256(), *([own] if own else [])]
            self._ways = [(ec.ECDSA(one),) for one in used]
        elif isinstance(key, rsa.RSAPublicKey):
            sha256 = hashes.SHA256()
            pss = padding.PSS(padding.MGF1(sha256), padding.PSS.AUTO)
            self._ways = [(padding.PKCS1v15(), sha256), (pss, sha256)]
        elif isinstance(key, ed25519.Ed25519PublicKey):
            self._ways = [()]
        else:
            raise InvalidReference(
                f"unsupported public key {type(key).__name__}: expected ECDSA, RSA or Ed25519"
            )

    def signed(self, signature: bytes, data: bytes) -> bool:
        """Whether it signed the data."""
        from cryptography.exceptions import InvalidSignature

        for way in self._ways:
            try:
                self._key.verify(signature, data, *way)
            except (InvalidSignature, ValueError):
                continue
            return True
        return False
