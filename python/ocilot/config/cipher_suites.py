"""The TLS cipher suites that can be selected, by the names that distribution has from Go."""

from __future__ import annotations

from typing import Final

from .values import TEXTS, Kind, Raw, expected, refused

OF_TLS_1_2: Final = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
)
OF_TLS_1_3: Final = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
SELECTABLE: Final = OF_TLS_1_2 + OF_TLS_1_3

WEAK: Final = (
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
)
"""What distribution accepts besides."""


def _read(raw: Raw) -> list[str] | None:
    names: list[str] | None = TEXTS.read(raw)
    for at, name in enumerate(names or ()):
        path = (str(at),) if isinstance(raw, list) else ()
        if name in WEAK:
            lacks = "forward secrecy" if name.startswith("TLS_RSA_") else "authenticated encryption"
            raise refused(f"{name} has no {lacks}; select from {', '.join(SELECTABLE)}", *path)
        if name not in SELECTABLE:
            raise expected(f"one of {', '.join(SELECTABLE)}", *path, noun="cipher suite")
    return names


CIPHER_SUITES: Final = Kind(
    "list of cipher suites", f"a list of cipher suites such as {SELECTABLE[0]}", _read, text_depth=1
)
