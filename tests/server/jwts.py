"""Tokens made by hand, by whoever has a key, and by whoever has none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER, SERVICE, KEY_ID = "tokens.test", "registry.test", "trusted"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def part(value: Any) -> str:
    return base64url(json.dumps(value).encode())


def claims(**changed: Any) -> dict[str, Any]:
    """What a token server says of alice, who may pull and push `team/app`; None leaves a claim out."""
    now = int(time.time())
    every = {
        "iss": ISSUER,
        "aud": SERVICE,
        "sub": "alice",
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "jti": "one",
        "access": [access("team/app")],
    }
    return {name: value for name, value in {**every, **changed}.items() if value is not None}


def access(repository: str, *actions: str) -> dict[str, Any]:
    return {"type": "repository", "name": repository, "actions": list(actions or ("pull", "push"))}


@dataclass(frozen=True)
class RsaKey:
    """A key of RSA, of a token server or of an enemy."""

    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def public_pem(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def jwk(self, key_id: str | None = KEY_ID) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        known = {"kid": key_id} if key_id is not None else {}
        return {
            "kty": "RSA",
            "n": base64url(numbers.n.to_bytes(256, "big")),
            "e": base64url(numbers.e.to_bytes(3, "big")),
            **known,
        }

    def sign(self, said: Any, **header: Any) -> str:
        """A token with these claims; `header` replaces what its header says, None leaves it out."""
        every = {"typ": "JWT", "alg": "RS256", "kid": KEY_ID, **header}
        start = f"{part({k: v for k, v in every.items() if v is not None})}.{part(said)}"
        signature = self.private.sign(start.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{start}.{base64url(signature)}"


def hmac_token(secret: bytes, said: dict[str, Any], **header: Any) -> str:
    """A token with a shared secret, which is what somebody makes who has the public key alone."""
    start = f"{part({'typ': 'JWT', 'alg': 'HS256', 'kid': KEY_ID, **header})}.{part(said)}"
    return f"{start}.{base64url(hmac.new(secret, start.encode(), hashlib.sha256).digest())}"


def unsigned(said: dict[str, Any], algorithm: str, signature: str = "") -> str:
    return f"{part({'typ': 'JWT', 'alg': algorithm, 'kid': KEY_ID})}.{part(said)}.{signature}"
