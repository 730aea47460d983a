"""Trust: which certificates a registry may show, and which one is shown to it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ocilot.arguments import check_flag, check_path
from ocilot.errors import InvalidArgument, StorageError, TLSError


@dataclass(frozen=True, slots=True)
class TLS:
    """How a registry is reached and trusted. Paths are of PEM files.

    >>> TLS(ca="ca.pem").verify
    True
    """

    ca: str | os.PathLike[str] | None = None
    """Authorities to trust instead of the system's; where the registry leads to, beside them."""
    cert: str | os.PathLike[str] | None = None
    """Certificate of the client."""
    key: str | os.PathLike[str] | None = None
    """Key of the client's certificate; None: it is in the same file."""
    verify: bool = True
    """False accepts any certificate: only for tests, as credentials can be stolen."""
    plain_http: bool = False
    """Whether the registry is reached without TLS."""
    system: bool = False
    """Whether `ca` is trusted beside the system's authorities, and not instead."""

    def __post_init__(self) -> None:
        for name in ("ca", "cert", "key"):
            if getattr(self, name) is not None:
                check_path(f"{name} of TLS", getattr(self, name), "the path of a PEM file")
        for name in ("verify", "plain_http", "system"):
            check_flag(f"{name} of TLS", getattr(self, name))
        if self.key is not None and self.cert is None:
            raise InvalidArgument("invalid key of TLS: expected cert too, the certificate that it is of")


def context_for(tls: TLS, host: str) -> ssl.SSLContext:
    """The context for a registry as it was named, `HOST[:PORT]`. Raises StorageError for an unusable file.

    Trust comes from `tls`; or else from `certs.d/HOST[:PORT]/`, and from `SSL_CERT_FILE` and `SSL_CERT_DIR`
    or the system.
    """
    if tls.ca is not None and tls.verify and not tls.system:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _load_authorities(context, Path(tls.ca))
    else:
        context = _system_context(tls.verify)
        if tls.verify:
            own = [] if tls.ca is None else [Path(tls.ca)]
            for file in [*own, *_files(host, "*.crt")]:
                _load_authorities(context, file)
    if tls.cert is not None:
        _load_pair(context, Path(tls.cert), None if tls.key is None else Path(tls.key))
    else:
        for certificate in _files(host, "*.cert"):
            _load_pair(context, certificate, certificate.with_suffix(".key"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def directories(host: str) -> Iterator[Path]:
    """The directories of certificates for a registry, the first that counts first.

    The port must be written as in the registry's name: `r.example:443` and `r.example` are two directories.
    """
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    for root in (Path(config) / "containers", Path("/etc/containers"), Path("/etc/docker")):
        yield root / "certs.d" / host


def has_own(host: str) -> bool:
    """Whether there is a directory of certificates for a registry."""
    return "/" not in host and not host.startswith(".") and any(path.is_dir() for path in directories(host))


class Refused(Exception):
    """TLS that failed on a connection, which does not know the registry as it was named."""

    def __init__(self, problem: ssl.SSLError | None, issuer: str = "") -> None:
        super().__init__(str(problem or "plain HTTP"))
        self.problem = problem
        """None: the server answers plain HTTP."""
        self.issuer = issuer

    def explained(self, host: str) -> TLSError:
        """The error for a user. `host`: the registry as it was named."""
        return plain_http_error(host) if self.problem is None else explain(self.problem, host, self.issuer)


def trust_hint(host: str) -> str:
    """The ways to trust a registry's certificate."""
    return (
        f"to trust it, pass TLS(ca=FILE) or --ca FILE, set SSL_CERT_FILE, or save its authority as "
        f"~/.config/containers/certs.d/{host}/ca.crt"
    )


def explain(problem: ssl.SSLError, host: str, issuer: str = "") -> TLSError:
    """The error that says what is wrong with TLS."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        reason = problem.verify_message or str(problem)
        by = f" (issuer: {issuer})" if issuer else ""
        return TLSError(f"cannot trust the certificate of {host}{by}: {reason}", hint=trust_hint(host))
    reason = (problem.reason or "").replace("_", " ").lower() or "connection closed during the handshake"
    plain = problem.reason == "WRONG_VERSION_NUMBER"
    hint = f"if it answers plain HTTP, pass TLS(plain_http=True) or --plain-http {host}" if plain else ""
    return TLSError(f"cannot open a TLS connection to {host}: {reason}", hint=hint)


def plain_http_error(host: str) -> TLSError:
    """The error for TLS against a server that answers plain HTTP."""
    return TLSError(
        f"cannot open a TLS connection to {host}: it answers plain HTTP",
        hint=f"to use it without TLS, write http://{host}, or pass TLS(plain_http=True) or "
        f"--plain-http {host}",
    )


def issuer_name(certificate: bytes) -> str:
    """Who issued a certificate in DER, such as `Example Corp CA`; empty if that cannot be read."""
    try:
        fields = list(_items(next(_items(certificate))[1]))
        fields = list(_items(fields[0][1]))
        # Version (optional, tagged 0xa0), serial number, algorithm, issuer.
        issuer = fields[3 if fields[0][0] == 0xA0 else 2][1]
        names: dict[bytes, str] = {}
        for _, part in _items(issuer):
            for _, pair in _items(part):
                (_, kind), (_, value) = list(_items(pair))[:2]
                names[kind] = value.decode("utf-8", "replace")
    except (IndexError, StopIteration, ValueError):
        return ""
    # Common name, then organization: the two that people know an authority by.
    found = [names[kind] for kind in (b"\x55\x04\x03", b"\x55\x04\x0a") if kind in names]
    return "".join(c for c in ", ".join(found) if c.isprintable())[:160]


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element of DER."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count]), at + count
        yield tag, data[at : at + length]
        at += length


def _system_context(verify: bool) -> ssl.SSLContext:
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        return _context_of_environment()
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _context_of_environment() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file, directory = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file:
        _load_authorities(context, Path(file), "SSL_CERT_FILE")
    if directory:
        context.load_verify_locations(capath=directory)
    return context


def _files(host: str, pattern: str) -> list[Path]:
    if not has_own(host):
        return []
    return [file for directory in directories(host) for file in sorted(directory.glob(pattern))]


def _load_authorities(context: ssl.SSLContext, file: Path, what: str = "certificate authorities") -> None:
    try:
        context.load_verify_locations(cafile=file)
    except ssl.SSLError:
        raise StorageError(f"cannot read {what} {file}: expected PEM certificates") from None
    except OSError as problem:
        raise StorageError(f"cannot read {what} {file}: {problem.strerror}") from None


def _load_pair(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    where = f"{certificate}" if key is None else f"{certificate} with {key}"
    try:
        # A passphrase is never asked for on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as problem:
        why = (
            "the key does not belong to the certificate"
            if "MISMATCH" in str(problem.reason)
            else "expected PEM"
        )
        raise StorageError(f"cannot use client certificate {where}: {why}") from None
    except OSError as problem:
        raise StorageError(f"cannot use client certificate {where}: {problem.strerror}") from None
