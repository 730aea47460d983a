"""The section `http`, and `ocilot.cors`."""

from typing import TYPE_CHECKING, Annotated

from . import in_use
from .cipher_suites import CIPHER_SUITES, OF_TLS_1_2
from .section import Section
from .values import (
    ADDRESS,
    DURATION,
    FILE,
    FILES,
    FLAG,
    HEADERS,
    HOST,
    ORIGINS,
    PREFIX,
    SECRET,
    Ignored,
    Raw,
    Refused,
    choice,
    expected,
    read_flag,
    refused,
)

if TYPE_CHECKING:
    from ocilot import _core

Path = Annotated[str, FILE]
Flag = Annotated[bool, FLAG]
Duration = Annotated[int, DURATION]
Address = Annotated[str, ADDRESS]

CLIENT_AUTH = ("require-and-verify-client-cert", "verify-client-cert-if-given")
UNVERIFIED = ("request-client-cert", "require-any-client-cert")


class Tls(Section):
    certificate: Path = ""
    """PEM file of the certificate and its chain. Reloaded when it changes and on SIGHUP."""
    key: Path = ""
    """PEM file of the private key."""
    minimumtls: Annotated[str, choice("tls1.2", "tls1.3")] = "tls1.2"
    """Minimum TLS version."""
    clientcas: Annotated[list[str], FILES] = []
    """PEM files of the authorities that sign client certificates. A client with such a certificate is
    authenticated by the name in it. Reloaded when they change and on SIGHUP."""
    clientauth: Annotated[str, choice(*CLIENT_AUTH, also=UNVERIFIED)] = ""
    """With `clientcas`: whether every client needs a certificate (default), or only a presented certificate
    must be valid."""
    ciphersuites: Annotated[list[str], CIPHER_SUITES] = []
    """Cipher suites by preference, by the names of Go, such as `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. Only
    suites with ECDHE and AEAD are accepted. Names of TLS 1.3, such as `TLS_AES_128_GCM_SHA256`, select suites
    of TLS 1.3; without one, all of TLS 1.3 are allowed."""
    letsencrypt: Annotated[
        object,
        Refused(
            "certificates are not requested automatically; use an ACME client that writes the files",
            in_use.letsencrypt,
        ),
    ] = None

    def _check_whole(self) -> None:
        if bool(self.certificate) != bool(self.key):
            raise expected("both certificate and key")
        if self.clientcas and not self.certificate:
            raise expected("certificate and key, which clientcas requires")
        if self.clientcas and self.clientauth in UNVERIFIED:
            raise refused(
                f"clientauth: {self.clientauth} accepts unverified certificates; use "
                f"{' or '.join(CLIENT_AUTH)}"
            )
        if self.clientauth == CLIENT_AUTH[0] and not self.clientcas:
            raise expected("clientcas, which clientauth requires")
        names = set(self.ciphersuites)
        if names and not names & set(OF_TLS_1_2) and self.certificate and self.minimumtls == "tls1.2":
            raise refused(
                "ciphersuites: no cipher suite of TLS 1.2 is selected; set minimumtls: tls1.3, or add "
                f"{' or '.join(OF_TLS_1_2)}"
            )

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.tls_certificate, settings.tls_key = self.certificate, self.key
        settings.tls_minimum, settings.tls_suites = self.minimumtls, self.ciphersuites
        settings.tls_client_authorities = self.clientcas
        settings.tls_client_required = self.clientauth in ("", CLIENT_AUTH[0])


class Prometheus(Section):
    enabled: Annotated[object, Ignored("metrics are always collected")] = None
    path: Annotated[str, choice("/metrics")] = "/metrics"
    """Path of the metrics endpoint."""

    @classmethod
    def _prepared(cls, raw: Raw) -> Raw:
        # Where distribution would not serve them is not asked for.
        if isinstance(raw, dict) and not read_flag(raw.get("enabled")):
            return {key: value for key, value in raw.items() if key != "path"}
        return raw


class Debug(Section):
    addr: Annotated[str, ADDRESS] = ""
    """Separate address for `/metrics`, `/healthz` and `/readyz`; default: `http.addr`."""
    prometheus: Prometheus = Prometheus()


class Http(Section):
    addr: Address = "127.0.0.1:5000"
    """Address to listen on. Without a host: every interface; `localhost`: 127.0.0.1 and ::1; port 0: a free
    port."""
    net: Annotated[str, choice("tcp")] = "tcp"
    """Network type."""
    host: Annotated[str, HOST] = ""
    """URL of the registry as clients see it, for a registry behind a reverse proxy. Include a path prefix
    that the proxy removes: `Location`, `Link` and the realm of the token server start with it."""
    prefix: Annotated[str, PREFIX] = ""
    """Path prefix of the API."""
    relativeurls: Flag = False
    """Whether the `Location` header is a path without scheme and host."""
    secret: Annotated[str, SECRET] = ""
    """No effect: upload URLs are sealed with a key that is stored in the metadata."""
    draintimeout: Duration = 30
    """Maximum time after SIGTERM for requests under way."""
    tls: Tls = Tls()
    headers: Annotated[dict[str, list[str]], HEADERS] = {}
    """Headers added to every response, each with a list of values."""
    debug: Debug = Debug()
    http2: Annotated[object, Ignored("the registry speaks HTTP/1.1")] = None
    h2c: Annotated[object, Ignored("the registry speaks HTTP/1.1")] = None

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.address, settings.debug_address = self.addr, self.debug.addr
        settings.drain_timeout = self.draintimeout
        settings.host, settings.prefix, settings.relative_urls = self.host, self.prefix, self.relativeurls
        settings.headers = [(name, value) for name, values in self.headers.items() for value in values]
        self.tls.apply(settings)


class Cors(Section):
    origins: Annotated[list[str], ORIGINS] = []
    """Origins of web pages that may read responses, such as `https://ui.example.com`; `*`: every origin."""
    credentials: Flag = False
    """Whether those pages may send the user's credentials."""

    def _check_whole(self) -> None:
        if self.credentials and "*" in self.origins:
            raise refused(
                "credentials cannot be allowed for every origin; list the origins instead of `*`, or set "
                "credentials: false"
            )

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.cors_origins, settings.cors_credentials = self.origins, self.credentials
