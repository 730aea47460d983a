"""An authority that makes certificates for a registry."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme


@dataclass
class Certificates:
    """An authority, and the files it made for a registry."""

    directory: Path
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")

    def __post_init__(self) -> None:
        self.authority = trustme.CA()
        self.authority_file = self.directory / "ca.crt"
        self.authority.cert_pem.write_to_path(self.authority_file)
        self.certificate = self.directory / "server.pem"
        self.key = self.directory / "server.key"
        self.renew()

    def renew(self, until: datetime | None = None, key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> None:
        """A new pair at the same place."""
        pair = self.authority.issue_cert(*self.hosts, not_after=until, key_type=key_type)
        self.key.write_bytes(pair.private_key_pem.bytes())
        self.certificate.write_bytes(b"".join(part.bytes() for part in pair.cert_chain_pems))

    def config(self) -> str:
        return f"version: 0.1\nhttp:\n  tls:\n    certificate: {self.certificate}\n    key: {self.key}\n"

    def client(self, name: str, authority: trustme.CA | None = None, until: datetime | None = None) -> Path:
        """A file with a client's certificate and key, signed by this authority unless by another."""
        pair = (authority or self.authority).issue_cert(common_name=name, not_after=until)
        file = self.directory / f"{name}-{'own' if authority is None else 'other'}.pem"
        parts = [pair.private_key_pem, *pair.cert_chain_pems]
        file.write_bytes(b"".join(part.bytes() for part in parts))
        return file

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority_file))
