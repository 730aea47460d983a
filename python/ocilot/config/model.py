"""What a configuration may say: distribution's sections and keys, and a section of our own.

A field's docstring is its line in the configuration reference.
"""

from typing import Annotated, Any

from .access import GROUPS, RULES, Groups, Rules
from .auth_model import Accounts, Auth
from .hooks import HookSettings
from .oidc import ISSUERS, Issuer
from .rates import RATE_LIMITS, RateLimit
from .section import Section
from .tree import NOTHING, Scalar
from .values import (
    ADDRESS,
    COUNT,
    DURATION,
    FLAG,
    HEADERS,
    HOST,
    NETWORKS,
    ORIGINS,
    PATTERNS,
    PREFIX,
    RATE,
    SECRET,
    SIZE,
    SIZE_OR_NONE,
    TEXT,
    TEXTS,
    Ignored,
    Raw,
    Refused,
    choice,
    count,
    expected,
    refused,
)

Text = Annotated[str, TEXT]
Flag = Annotated[bool, FLAG]
Count = Annotated[int, COUNT]
Size = Annotated[int, SIZE]
Duration = Annotated[int, DURATION]
Address = Annotated[str, ADDRESS]
LogLevel = Annotated[str, choice("error", "warn", "info", "debug")]

DRIVERS = ("filesystem", "inmemory", "s3", "azure", "gcs", "swift", "oss")


CLIENT_AUTH = ("require-and-verify-client-cert", "verify-client-cert-if-given")
UNVERIFIED = ("request-client-cert", "require-any-client-cert")


def _never(value: Any) -> bool:
    return False


class AccessLog(Section):
    disabled: Flag = False
    """Whether requests are not logged."""


class Log(Section):
    level: LogLevel = "info"
    """The least important lines that are logged."""
    formatter: Annotated[str, choice("text", "json")] = "text"
    """The form of a log line."""
    accesslog: AccessLog = AccessLog()
    fields: Annotated[object, Ignored("log lines carry no static fields yet")] = None
    reportcaller: Annotated[object, Ignored("log lines never name a place in the source")] = None
    hooks: Annotated[object, Refused("ocilot does not mail log lines; let what collects the log do it")] = (
        None
    )


class Filesystem(Section):
    rootdirectory: Text = "/var/lib/registry"
    """Directory of blobs and metadata."""
    maxthreads: Annotated[object, Ignored("threads follow the load")] = None


class InMemory(Section):
    """Everything is forgotten at the end; for tests."""


class Delete(Section):
    enabled: Flag = False
    """Whether clients may delete. Without a configuration file: true."""


class UploadPurging(Section):
    enabled: Flag = True
    """Whether abandoned uploads are removed."""
    age: Duration = 168 * 3600
    """Age at which an unfinished upload is removed."""
    interval: Duration = 24 * 3600
    """Time between two purges."""
    dryrun: Annotated[
        object, Refused("a purge without effect is not done; to keep abandoned uploads set enabled: false")
    ] = None


class ReadOnly(Section):
    enabled: Annotated[
        object, Refused("the registry cannot be made read-only yet, and needs it for no upkeep")
    ] = None


class Maintenance(Section):
    uploadpurging: UploadPurging = UploadPurging()
    readonly: ReadOnly = ReadOnly()


_NO_BUCKET = "only storage.filesystem and storage.inmemory are done yet"


class Storage(Section):
    filesystem: Filesystem | None = None
    inmemory: InMemory | None = None
    delete: Delete = Delete()
    maintenance: Maintenance = Maintenance()
    cache: Annotated[object, Ignored("descriptors are facts here and need no cache")] = None
    tag: Annotated[object, Ignored("tags are looked up in an index")] = None
    redirect: Annotated[object, Ignored("blobs on a file system are never redirected")] = None
    s3: Annotated[object, Refused(_NO_BUCKET, _never)] = None
    azure: Annotated[object, Refused(_NO_BUCKET, _never)] = None
    gcs: Annotated[object, Refused(_NO_BUCKET, _never)] = None
    swift: Annotated[object, Refused(_NO_BUCKET, _never)] = None
    oss: Annotated[object, Refused(_NO_BUCKET, _never)] = None

    @classmethod
    def _kept(cls) -> tuple[str, ...]:
        return DRIVERS

    @classmethod
    def _prepared(cls, raw: Raw) -> Raw:
        if isinstance(raw, Scalar) and isinstance(raw.value, str):
            raw = {raw.value: NOTHING}
        if not isinstance(raw, dict) or any(key in raw for key in DRIVERS):
            return raw
        return {**raw, "filesystem": {"rootdirectory": Scalar("ocilot-data", "ocilot-data")}}

    def _check_whole(self) -> None:
        if self.filesystem is not None and self.inmemory is not None:
            raise expected("one kind of storage, not filesystem and inmemory")


class Catalog(Section):
    maxentries: Count = 1000
    """Most repositories in one answer."""


class Tags(Section):
    maxtags: Count = 1000
    """Most tags in one answer to a client that pages."""


class Tls(Section):
    certificate: Text = ""
    """PEM file of the certificate and its chain; read again when it changes and on SIGHUP."""
    key: Text = ""
    """PEM file of the private key."""
    minimumtls: Annotated[str, choice("tls1.2", "tls1.3")] = "tls1.2"
    """Oldest version of TLS that is spoken."""
    clientcas: Annotated[list[str], TEXTS] = []
    """PEM files of those who may sign certificates of clients: who shows such a certificate is known by its
    name. Read again when they change and on SIGHUP."""
    clientauth: Annotated[str, choice(*CLIENT_AUTH, also=UNVERIFIED)] = ""
    """With `clientcas`: whether every client needs a certificate, which is the default, or only one that is
    shown has to be good."""
    ciphersuites: Annotated[object, Refused("cipher suites cannot be chosen yet; OpenSSL's are used")] = None
    letsencrypt: Annotated[
        object, Refused("certificates are not fetched; let an ACME client write certificate and key")
    ] = None

    def _check_whole(self) -> None:
        if bool(self.certificate) != bool(self.key):
            raise expected("certificate and key together")
        if self.clientcas and not self.certificate:
            raise expected("certificate and key as well when there are clientcas")
        if self.clientauth in UNVERIFIED:
            raise refused(
                f"clientauth: {self.clientauth} takes certificates that nobody has signed; use "
                f"{' or '.join(CLIENT_AUTH)}"
            )
        if self.clientauth and not self.clientcas:
            raise expected("clientcas beside clientauth")


class Prometheus(Section):
    enabled: Annotated[object, Ignored("metrics are always counted")] = None
    path: Annotated[str, choice("/metrics")] = "/metrics"
    """Where the metrics are."""


class Debug(Section):
    addr: Annotated[str, ADDRESS] = ""
    """Where `/metrics`, `/healthz` and `/readyz` live instead of at `http.addr`."""
    prometheus: Prometheus = Prometheus()


class Http(Section):
    addr: Address = "127.0.0.1:5000"
    """Where the registry listens; without a host: on every interface; port 0 takes a free one."""
    net: Annotated[str, choice("tcp")] = "tcp"
    """Kind of socket."""
    host: Annotated[str, HOST] = ""
    """URL that clients see, when a proxy stands before the registry."""
    prefix: Annotated[str, PREFIX] = ""
    """Path below which the API lives."""
    relativeurls: Flag = False
    """Whether `Location` is a path only."""
    secret: Annotated[str, SECRET] = ""
    """No effect: the state of an upload never leaves the server."""
    draintimeout: Duration = 30
    """How long requests under way may go on after SIGTERM."""
    tls: Tls = Tls()
    headers: Annotated[dict[str, list[str]], HEADERS] = {}
    """Headers added to every answer, each with a list of values."""
    debug: Debug = Debug()
    http2: Annotated[object, Ignored("the registry speaks HTTP/1.1")] = None
    h2c: Annotated[object, Ignored("the registry speaks HTTP/1.1")] = None


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


class Limits(Section):
    """What clients may take at most."""

    bodyrate: Annotated[int, SIZE_OR_NONE] = 1024
    """Bytes a second that the body of a request has to average, or it ends with 408; 0: any rate."""
    bodygrace: Duration = 30
    """How long a body may be slower at its start; one that was faster may pause for `ocilot.idletimeout`."""
    connections: Annotated[int, count(0)] = 16384
    """Most open connections; those over it get 503; 0: as many as the system takes."""
    connectionsperclient: Annotated[int, count(0)] = 0
    """Most open connections of one client address; those over it get 429; 0: any number."""
    uploadsperrepository: Annotated[int, count(0)] = 1000
    """Most unfinished uploads of one repository; those over it get 429; 0: any number."""
    uploadspercaller: Annotated[int, count(0)] = 1000
    """Most unfinished uploads of one user, or of one address without login; over it 429; 0: any number."""
    jsondepth: Annotated[int, count(8)] = 64
    """Most levels of nesting in a manifest."""
    jsonmembers: Annotated[int, count(0)] = 0
    """Most members of one object in a manifest; 0: as many as its bytes hold. Lists may have any number."""


class Scrub(Section):
    enabled: Flag = True
    """Whether blobs are read again in the background, and rotten ones taken away."""
    interval: Duration = 168 * 3600
    """Time between two rounds over all blobs."""
    rate: Annotated[int, RATE] = 16 * 1024 * 1024
    """Bytes a second it reads at most."""


class Audit(Section):
    """What is remembered of changes and refusals."""

    keep: Duration = 2160 * 3600
    """How long changes and refusals are remembered; 0: for ever."""


class Ocilot(Section):
    """What distribution has no key for."""

    threads: Annotated[int, count(0)] = 0
    """I/O threads; 0: one a core."""
    trustedproxies: Annotated[list[str], NETWORKS] = []
    """Proxies before the registry, such as `10.0.0.0/8`: what they write in `X-Forwarded-For` or `Forwarded`
    is the address of the client, for limits and logs."""
    manifestlimit: Size = 4 * 1024 * 1024
    """Largest manifest."""
    headerlimit: Size = 64 * 1024
    """Largest head of a request."""
    headertimeout: Duration = 30
    """How long the head of a request may take."""
    idletimeout: Duration = 180
    """How long a connection may be silent, between requests and within a body."""
    controlsocket: Text = ""
    """Path of the socket that commands such as `ocilot user` use, for the registry's own user only; if empty,
    it is `ocilot/control.sock` in the data directory, and none if everything is in memory."""
    sparse: Annotated[list[str], PATTERNS] = []
    """Repositories whose manifests and indexes may name content that is not there; `*` is anything within a
    component, `**` any number of components."""
    strictsizes: Flag = False
    """Whether a manifest that gives a wrong size for its content is refused instead of warned about."""
    cors: Cors = Cors()
    limits: Limits = Limits()
    scrub: Scrub = Scrub()
    audit: Audit = Audit()
    ratelimits: Annotated[list[RateLimit], RATE_LIMITS] = []
    """Most requests in a time, by caller or address; over it 429 with `Retry-After`."""
    accounts: Accounts = Accounts()
    oidc: Annotated[list[Issuer], ISSUERS] = []
    """Foreign issuers whose tokens are taken as passwords, each with `name`, `issuer`, `audience`, `rules`
    (`claims`, `name`, `groups`, `scopes`) and, if need be, `jwks` (URL or file) and `cacert` (PEM file)."""
    groups: Annotated[Groups, GROUPS] = {}
    """Groups: `team: [alice, bob]`; also `robot:NAME`, `federated:PATTERN`, `certificate:PATTERN`."""
    access: Annotated[Rules, RULES] = []
    """Who may do what where; read again when the file changes and on SIGHUP. Without it whoever logged in may
    pull, push and delete."""
    hooks: HookSettings = HookSettings()


class Config(Section):
    """A whole configuration."""

    version: Annotated[str, choice("0.1")] = "0.1"
    """Version of the format; has to be there in a file."""
    log: Log = Log()
    loglevel: LogLevel | None = None
    """Old name of `log.level`."""
    storage: Storage = Storage.of_raw({})
    http: Http = Http()
    catalog: Catalog = Catalog()
    tags: Tags = Tags()
    ocilot: Ocilot = Ocilot()
    auth: Auth = Auth()
    proxy: Annotated[object, Refused("ocilot does not mirror another registry yet")] = None
    notifications: Annotated[object, Refused("ocilot does not send notifications yet")] = None
    middleware: Annotated[object, Refused("ocilot has no middleware")] = None
    validation: Annotated[object, Refused("ocilot's checks of manifests cannot be configured yet")] = None
    policy: Annotated[object, Refused("ocilot does not restrict classes of repositories yet")] = None
    compatibility: Annotated[object, Refused("manifests of schema 1 are not taken")] = None
    redis: Annotated[object, Ignored("descriptors are facts here and need no cache")] = None
    health: Annotated[object, Ignored("`/readyz` always looks at the storage")] = None
    reporting: Annotated[object, Ignored("nothing is reported to anybody")] = None

    def _check_whole(self) -> None:
        auth, own = self.auth, self.ocilot
        asks = auth.htpasswd or auth.token or auth.silly or own.accounts.enabled or self.http.tls.clientcas
        if "access" in own.given_keys and not asks:
            raise refused(
                "without accounts nobody can log in; set ocilot.accounts.enabled: true, or auth.htpasswd or "
                "auth.token",
                *("ocilot", "access"),
            )
        if own.oidc and not own.accounts.enabled:
            raise refused(
                "foreign tokens are taken by the token server; set ocilot.accounts.enabled: true",
                *("ocilot", "oidc"),
            )
        if own.accounts.enabled and (auth.token or auth.silly):
            raise refused(
                "there is one token server: this registry's (ocilot.accounts) or the one that auth names",
                *("ocilot", "accounts", "enabled"),
            )
        if self.loglevel and "level" in self.log.given_keys:
            raise refused("log.level and its old name loglevel are both there; keep log.level")
