"""A private sigstore: a CA like Fulcio, a log of its certificates, and a log of signatures like Rekor.

It signs as `cosign sign` does with an identity: with a key that is thrown away, a certificate of ten minutes
that names who signed, and an entry in a log that says when.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ocilot.signatures.documents import encoded_for_signing

from .test_verify import BUNDLE, IN_TOTO

ISSUER: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
ISSUER_IN_DER: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
TIMESTAMPS: Final = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
"""Of a certificate in a log (RFC 6962, 3.3)."""

SIGNED: Final = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
"""When everything here is signed."""
LIFETIME: Final = timedelta(minutes=10)
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
LOG: Final = "rekor.private.example"

Fields = dict[str, Any]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class LogKey:
    """A key of a CA or a log."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.public = self.private.public_key()
        self.der = self.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(self.der).digest()

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))

    def in_trusted_root(self, url: str) -> Fields:
        """A log, as a trusted root describes it."""
        public = {
            "rawBytes": b64(self.der),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": START.isoformat()},
        }
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": public,
            "logId": {"keyId": b64(self.id)},
        }


@dataclass(frozen=True)
class Signing:
    """How something is signed; each field can be what an attacker would make of it."""

    identity: str = "release@example.com"
    issuer: str = "https://login.example"
    certified: datetime = SIGNED
    """When the certificate begins."""
    logged: datetime = SIGNED
    """When the log says that it was there."""
    stamp: Callable[[bytes], str] | None = None
    """A timestamp of the signature, of an authority: then the log is one of Rekor 2, which says no time."""
    altered: Callable[[Fields], None] = field(default=lambda bundle: None)
    """Changes the bundle afterwards."""


class PrivateSigstore:
    """Certificates, logs, and the trusted root that names them."""

    def __init__(self) -> None:
        self.ca, self.certificates, self.signatures = LogKey(), LogKey(), LogKey()
        self.root = self._root()

    @property
    def trusted_root(self) -> Fields:
        """What verifiers are given, as `trusted_root.json`."""
        subject = {"organization": "private.example", "commonName": "sigstore"}
        authority = {
            "subject": subject,
            "uri": "https://fulcio.private.example",
            "certChain": {"certificates": [{"rawBytes": b64(self.root.public_bytes(Encoding.DER))}]},
            "validFor": {"start": START.isoformat()},
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.signatures.in_trusted_root(f"https://{LOG}")],
            "certificateAuthorities": [authority],
            "ctlogs": [self.certificates.in_trusted_root("https://ct.private.example")],
            "timestampAuthorities": [],
        }

    def bundle(self, document: bytes, signing: Signing | None = None) -> Fields:
        """A bundle of version 0.3 with an envelope, as cosign 3 attaches it."""
        signing = signing or Signing()
        key = LogKey()
        certificate = self._certificate(key, signing)
        signature = key.sign(encoded_for_signing(IN_TOTO, document))
        envelope = {
            "payload": b64(document),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": b64(signature), "keyid": ""}],
        }
        if signing.stamp is None:
            entry, stamps = self._entry(envelope, document, certificate, signing.logged), []
        else:
            entry = self._entry_without_time(document, signature, certificate)
            stamps = [{"signedTimestamp": signing.stamp(signature)}]
        bundle = {
            "mediaType": BUNDLE,
            "verificationMaterial": {
                "certificate": {"rawBytes": b64(certificate.public_bytes(Encoding.DER))},
                "tlogEntries": [entry],
                "timestampVerificationData": {"rfc3161Timestamps": stamps},
            },
            "dsseEnvelope": envelope,
        }
        signing.altered(bundle)
        return bundle

    # Certificates

    def _root(self) -> x509.Certificate:
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "private.example"),
                x509.NameAttribute(NameOID.COMMON_NAME, "sigstore"),
            ]
        )
        usage = {"key_cert_sign": True, "crl_sign": True}
        return (
            x509.CertificateBuilder(name, name, self.ca.public)
            .serial_number(1)
            .not_valid_before(START)
            .not_valid_after(START + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(key_usage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.ca.public), critical=False)
            .sign(self.ca.private, hashes.SHA256())
        )

    def _certificate(self, key: LogKey, signing: Signing) -> x509.Certificate:
        issuer = signing.issuer.encode()
        is_url = "://" in signing.identity
        who = (x509.UniformResourceIdentifier if is_url else x509.RFC822Name)(signing.identity)
        builder = (
            x509.CertificateBuilder(self.root.subject, x509.Name([]), key.public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(signing.certified)
            .not_valid_after(signing.certified + LIFETIME)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca.public), critical=False)
            .add_extension(x509.SubjectAlternativeName([who]), critical=True)
            .add_extension(x509.UnrecognizedExtension(ISSUER, issuer), critical=False)
            .add_extension(x509.UnrecognizedExtension(ISSUER_IN_DER, der(0x0C, issuer)), critical=False)
        )
        logged = builder.sign(self.ca.private, hashes.SHA256())
        stamps = x509.UnrecognizedExtension(TIMESTAMPS, der(0x04, self._timestamps(logged)))
        return builder.add_extension(stamps, critical=False).sign(self.ca.private, hashes.SHA256())

    def _timestamps(self, certificate: x509.Certificate) -> bytes:
        """What the log of certificates signs, as a certificate holds it (RFC 6962, 3.2 and 3.3)."""
        milliseconds = int(SIGNED.timestamp() * 1000)
        logged = certificate.tbs_certificate_bytes
        entry = self.ca.id + len(logged).to_bytes(3, "big") + logged
        signature = self.certificates.sign(struct.pack("!BBQH", 0, 0, milliseconds, 1) + entry + b"\0\0")
        stamp = struct.pack("!B32sQH", 0, self.certificates.id, milliseconds, 0)
        # SHA-256 and ECDSA.
        stamp += struct.pack("!BBH", 4, 3, len(signature)) + signature
        return struct.pack("!HH", len(stamp) + 2, len(stamp)) + stamp

    # The log of signatures

    def _entry(
        self, envelope: Fields, document: bytes, certificate: x509.Certificate, logged: datetime
    ) -> Fields:
        """An entry, the second one of the log, with its proof and the promise that says when it was there."""
        verifier = b64(certificate.public_bytes(Encoding.PEM))
        signatures = [{"signature": one["sig"], "verifier": verifier} for one in envelope["signatures"]]
        spec = {
            "envelopeHash": digest_of(canonical(envelope)),
            "payloadHash": digest_of(document),
            "signatures": signatures,
        }
        body = canonical({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
        seconds = int(logged.timestamp())
        promised = {
            "body": b64(body),
            "integratedTime": seconds,
            "logID": self.signatures.id.hex(),
            "logIndex": 1,
        }
        return self._logged(body, "dsse", "0.0.1") | {
            "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": b64(self.signatures.sign(canonical(promised)))},
        }

    def _entry_without_time(self, document: bytes, signature: bytes, certificate: x509.Certificate) -> Fields:
        """An entry as Rekor 2 makes it: when it was there says a timestamp beside it."""
        signed = hashlib.sha256(encoded_for_signing(IN_TOTO, document)).digest()
        verifier = {
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "x509Certificate": {"rawBytes": b64(certificate.public_bytes(Encoding.DER))},
        }
        spec = {
            "data": {"algorithm": "SHA2_256", "digest": b64(signed)},
            "signature": {"content": b64(signature), "verifier": verifier},
        }
        kind, version = "hashedrekord", "0.0.2"
        fields = {"apiVersion": version, "kind": kind, "spec": {"hashedRekordV002": spec}}
        return self._logged(canonical(fields), kind, version)

    def _logged(self, body: bytes, kind: str, version: str) -> Fields:
        """An entry with its proof."""
        first = leaf_hash(b"the entry of another signature")
        root = hashlib.sha256(b"\1" + first + leaf_hash(body)).digest()
        return {
            "logIndex": "1",
            "logId": {"keyId": b64(self.signatures.id)},
            "kindVersion": {"kind": kind, "version": version},
            "inclusionProof": {
                "logIndex": "1",
                "rootHash": b64(root),
                "treeSize": "2",
                "hashes": [b64(first)],
                "checkpoint": {"envelope": self._checkpoint(root, 2)},
            },
            "canonicalizedBody": b64(body),
        }

    def _checkpoint(self, root: bytes, size: int) -> str:
        """A signed note about the log."""
        note = f"{LOG} - 1\n{size}\n{b64(root)}\n"
        signature = self.signatures.id[:4] + self.signatures.sign(note.encode())
        return f"{note}\n\N{EM DASH} {LOG} {b64(signature)}\n"


def key_usage(**granted: bool) -> x509.KeyUsage:
    names = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**(dict.fromkeys(names, False) | granted))


def der(tag: int, content: bytes) -> bytes:
    """A value in DER, of up to 255 bytes."""
    size = len(content)
    return bytes([tag, size] if size < 128 else [tag, 0x81, size]) + content


def canonical(fields: Fields) -> bytes:
    """JSON as RFC 8785 writes it, of what is here."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def digest_of(data: bytes) -> Fields:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()
