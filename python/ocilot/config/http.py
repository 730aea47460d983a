"""The section `http`, and `ocilot.cors`."""

from typing import TYPE_CHECKING, Annotated

from . import asks
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
    """PEM file of the certificate and its chain; read again when it changes and on SIGHUP."""
    key: Path = ""
    """PEM file of the private key."""
    minimumtls: Annotated[str, choice("tls1.2", "tls1.3")] = "tls1.2"
    """Oldest version of TLS that is spoken."""
    clientcas: Annotated[list[str], FILES] = []
    """PEM files of those who may sign certificates of clients: who shows such a certificate is known by its
    name. Read again when they change and on SIGHUP."""
    clientauth: Annotated[str, choice(*CLIENT_AUTH, also=UNVERIFIED)] = ""
    """With `clientcas`: whether every client needs a certificate, which is the default, or only one that is
    shown has to be good."""
    ciphersuites: Annotated[object, Refused("cipher suites cannot be chosen yet; OpenSSL's are used")] = None
    letsencrypt: Annotated[
        object,
        Refused(
            "certificates are not fetched; let an ACME client write certificate and key", asks.letsencrypt
        ),
    ] = None

    def _check_whole(self) -> None:
        if bool(self.certificate) != bool(self.key):
            raise expected("certificate and key together")
        if self.clientcas and not self.certificate:
            raise expected("certificate and key as well when there are clientcas")
        if self.clientcas and self.clientauth in UNVERIFIED:
            raise refused(
                f"clientauth: {self.clientauth} takes certificates that nobody has signed; use "
                f"{' or '.join(CLIENT_AUTH)}"
            )
        if self.clientauth == CLIENT_AUTH[0] and not self.clientcas:
            raise expected("clientcas beside clientauth")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.tls_certificate, settings.tls_key = self.certificate, self.key
        settings.tls_minimum = self.minimumtls
        settings.tls_client_authorities = self.clientcas
        settings.tls_client_required = self.clientauth in ("", CLIENT_AUTH[0])


class Prometheus(Section):
    enabled: Annotated[object, Ignored("metrics are always counted")] = None
    path: Annotated[str, choice("/metrics")] = "/metrics"
    """Where the metrics are."""

    @classmethod
    def _prepared(cls, raw: Raw) -> Raw:
        # Where distribution would not serve them is not asked for.
        if isinstance(raw, dict) and not read_flag(raw.get("enabled")):
            return {key: value for key, value in raw.items() if key != "path"}
        return raw


class Debug(Section):
    addr: Annotated[str, ADDRESS] = ""
    """Where `/metrics`, `/healthz` and `/readyz` live instead of at `http.addr`."""
    prometheus: Prometheus = Prometheus()


class Http(Section):
    addr: Address = "127.0.0.1:5000"
    """Where the registry listens; without a host: on every interface; `localhost`: on 127.0.0.1 and ::1; port
    0 takes a free one."""
    net: Annotated[str, choice("tcp")] = "tcp"
    """Kind of socket."""
    host: Annotated[str, HOST] = ""
    """URL of the registry as clients see it, when a reverse proxy stands before it. A path in it is one that
    the proxy removes: `Location`, `Link` and the realm of the token server begin with it."""
    prefix: Annotated[str, PREFIX] = ""
    """Path below which the API lives."""
    relativeurls: Flag = False
    """Whether `Location` is a path only."""
    secret: Annotated[str, SECRET] = ""
    """No effect: URLs of uploads are sealed with a key that is kept in the metadata."""
    draintimeout: Duration = 30
    """How long requests under way may go on after SIGTERM."""
    tls: Tls = Tls()
    headers: Annotated[dict[str, list[str]], HEADERS] = {}
    """Headers added to every answer, each with a list of values."""
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
    """Web pages that may read answers, such as `https://ui.example.com`; `*` is every page."""
    credentials: Flag = False
    """Whether those pages may use the credentials of whoever reads them."""

    def _check_whole(self) -> None:
        if self.credentials and "*" in self.origins:
            raise refused(
                "credentials are never allowed to every page; name the origins instead of `*`, or set "
                "credentials: false"
            )

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.cors_origins, settings.cors_credentials = self.origins, self.credentials
