"""The section `ocilot`: what distribution has no key for."""

from typing import TYPE_CHECKING, Annotated

from .access import GROUPS, RULES, Groups, Rules
from .auth_model import Accounts
from .hooks import HookSettings
from .http import Cors
from .limits import Limits
from .metrics import Metrics
from .oidc import ISSUERS, Issuer, apply_oidc
from .pools import Pools
from .pulls import Pulls
from .quotas import QUOTAS, Quota
from .rates import RATE_LIMITS, RateLimit
from .retention import Retention
from .room import StorageRoom
from .section import Section
from .upkeep import Audit, GarbageCollection, Scrub, TagHistory
from .values import DURATION, FILE, FLAG, HOST_NAMES, NETWORKS, PATTERNS, SIZE, count
from .webhooks import Events, Webhook

if TYPE_CHECKING:
    from ocilot import _core

Flag = Annotated[bool, FLAG]
Size = Annotated[int, SIZE]
Duration = Annotated[int, DURATION]

PRIVATE = ["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
"""Loopback and private networks."""


class Ocilot(Section):
    """What distribution has no key for."""

    threads: Annotated[int, count(0)] = 0
    """Number of I/O threads; 0: one for each CPU that the affinity and the cgroup quota of the process
    allow."""
    trustedproxies: Annotated[list[str], NETWORKS] = PRIVATE
    """Networks of trusted reverse proxies. Their `Forwarded` and `X-Forwarded-Proto`, `-Host` and `-Port`
    headers set the URL that clients use. Only if this key is set, `Forwarded` or `X-Forwarded-For` also set
    the client address for limits and logs."""
    manifestlimit: Size = 4 * 1024 * 1024
    """Maximum size of a manifest."""
    headerlimit: Size = 64 * 1024
    """Maximum size of a request head."""
    headertimeout: Duration = 30
    """Timeout for receiving a request head."""
    shutdowndelay: Duration = 0
    """Delay after SIGTERM before the port closes. `/readyz` responds with 503 meanwhile, so that load
    balancers stop sending requests. `http.draintimeout` starts after it."""
    idletimeout: Duration = 180
    """Idle timeout of a connection, between requests and within the body of a request or a response. Each
    byte received, or acknowledged by the client, restarts it."""
    controlsocket: Annotated[str, FILE] = ""
    """Path of the control socket that commands such as `ocilot user` use. Only the user running the registry
    may open it. Default: `ocilot/control.sock` in the data directory; none with storage in memory."""
    sparse: Annotated[list[str], PATTERNS] = []
    """Repositories whose manifests and indexes may reference missing content. `*` matches within a component,
    `**` any number of components."""
    strictsizes: Flag = False
    """Whether a manifest with a descriptor of the wrong size is rejected. Default: accepted with a
    warning."""
    hostnames: Annotated[list[str], HOST_NAMES] = []
    """Host names accepted on a loopback address by a registry without accounts, besides `localhost`, loopback
    addresses and the hosts of `http.addr` and `http.host`. `*`: every name. Other names are rejected as
    protection against DNS rebinding by web pages."""
    cors: Cors = Cors()
    limits: Limits = Limits()
    storage: StorageRoom = StorageRoom()
    metrics: Metrics = Metrics()
    pools: Pools = Pools()
    gc: GarbageCollection = GarbageCollection()
    retention: Retention = Retention()
    pulls: Pulls = Pulls()
    scrub: Scrub = Scrub()
    audit: Audit = Audit()
    taghistory: TagHistory = TagHistory()
    ratelimits: Annotated[list[RateLimit], RATE_LIMITS] = []
    """Maximum requests per time window and caller or address; above it, requests are rejected with 429 and
    `Retry-After`."""
    quotas: Annotated[list[Quota], QUOTAS] = []
    """Maximum `bytes` and `tags` of each repository that matches the patterns in `repositories`, or of each
    caller in `callers`; of several quotas, the lowest counts. A blob counts once per repository, deleted
    content does not count."""
    accounts: Accounts = Accounts()
    oidc: Annotated[list[Issuer], ISSUERS] = []
    """Issuers whose tokens are accepted as passwords, each with `name`, `issuer`, `audience`, `rules`
    (`claims`, `name`, `groups`, `scopes`) and optionally `jwks` (URL or file) and `cacert` (PEM file)."""
    groups: Annotated[Groups, GROUPS] = {}
    """Groups and their members, such as `team: [alice, bob]`; members are also `robot:NAME`,
    `federated:PATTERN` and `certificate:PATTERN`."""
    access: Annotated[Rules, RULES] = []
    """Access rules. Reloaded when the file changes and on SIGHUP. Default: every authenticated caller may
    pull, push and delete."""
    hooks: HookSettings = HookSettings()
    events: Events = Events()
    webhooks: list[Webhook] = []
    """Receivers of events over HTTP; see [events](../operate/events.md)."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.control_socket = self.controlsocket
        settings.threads = self.threads
        settings.trusted_proxies = self.trustedproxies if "trustedproxies" in self.given_keys else None
        settings.host_names = self.hostnames
        settings.header_limit, settings.manifest_limit = self.headerlimit, self.manifestlimit
        settings.header_timeout, settings.idle_timeout = self.headertimeout, self.idletimeout
        settings.shutdown_delay = self.shutdowndelay
        settings.strict_sizes, settings.sparse = self.strictsizes, self.sparse
        settings.rate_limits, settings.quotas = list(self.ratelimits), list(self.quotas)
        settings.groups = list(self.groups.items())
        if "access" in self.given_keys:
            settings.access = [(patterns, list(allow.items())) for patterns, allow in self.access]
        apply_oidc(settings, self.oidc)
        for part in (
            *(self.cors, self.limits, self.metrics, self.pools, self.storage),
            *(self.gc, self.retention, self.pulls, self.scrub, self.audit, self.taghistory, self.accounts),
            self.events,
        ):
            part.apply(settings)
