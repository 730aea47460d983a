"""Password hashes, for `authenticate` hooks."""

from __future__ import annotations

from ocilot import _core


def check_password(password: str, hashed: str) -> bool:
    """Whether a password matches a hash from an htpasswd file or /etc/shadow.

    Accepts bcrypt, yescrypt and SHA-512; false for any other hash. Takes about 100 ms, as the hash demands.
    """
    # A client may send any bytes: those that are not UTF-8 are lone surrogates here.
    return _core.verify_password(password.encode(errors="surrogateescape"), hashed)
