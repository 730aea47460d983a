"""Passwords, for hooks that know whose they are."""

from __future__ import annotations

from ocilot import _core


def check_password(password: str, hashed: str) -> bool:
    """Whether it is the password of the hash, as htpasswd files and /etc/shadow have them.

    Takes bcrypt, yescrypt and SHA-512, and is false for any other hash. Takes some 100 ms, on purpose.
    """
    # A client may send any bytes: those that are no UTF-8 come as lone surrogates.
    return _core.verify_password(password.encode(errors="surrogateescape"), hashed)
