"""A private timestamp authority (RFC 3161): openssl stamps with a certificate that is made here."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .private_sigstore import START, LogKey, b64, key_usage

CONFIG = """\
[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
digests = sha256
default_policy = 1.2.3.4.1
ess_cert_id_alg = sha256
"""


class TimestampAuthority:
    """Stamps with the time of this machine."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir()
        root, key = LogKey(), LogKey()
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("tsa root", "tsa")]
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        self._root = (
            certificate(names[0], names[0], root)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(key_cert_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(root.public), critical=False)
            .sign(root.private, hashes.SHA256())
        )
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public)
        self._certificate = (
            certificate(names[0], names[1], key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(issuer, critical=False)
            .sign(root.private, hashes.SHA256())
        )
        private = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (directory / "tsa.key").write_bytes(private)
        (directory / "tsa.pem").write_bytes(self._certificate.public_bytes(Encoding.PEM))
        (directory / "tsa.cnf").write_text(CONFIG)
        (directory / "serial").write_text("01\n")

    @property
    def in_trusted_root(self) -> dict[str, Any]:
        """What a trusted root says of it."""
        chain = [self._certificate, self._root]
        return {
            "subject": {"organization": "private.example", "commonName": "tsa"},
            "uri": "https://tsa.private.example",
            "certChain": {
                "certificates": [{"rawBytes": b64(one.public_bytes(Encoding.DER))} for one in chain]
            },
            "validFor": {"start": START.isoformat()},
        }

    def stamp(self, data: bytes) -> str:
        """A response that says when the data was there, in base64."""
        (self._directory / "data").write_bytes(data)
        self._openssl("-query", "-data", "data", "-sha256", "-cert", "-out", "query")
        self._openssl(
            *(
                "-reply",
                "-queryfile",
                "query",
                "-config",
                "tsa.cnf",
                "-signer",
                "tsa.pem",
                "-inkey",
                "tsa.key",
            ),
            *("-out", "response"),
        )
        return b64((self._directory / "response").read_bytes())

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", "ts", *words], cwd=self._directory, check=True, capture_output=True)


def certificate(issuer: x509.Name, subject: x509.Name, key: LogKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(issuer, subject, key.public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(datetime.now(UTC) + timedelta(days=3650))
    )
