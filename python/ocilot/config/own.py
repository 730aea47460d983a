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
from .rates import RATE_LIMITS, RateLimit
from .section import Section
from .upkeep import Audit, Scrub, TagHistory
from .values import DURATION, FILE, FLAG, HOST_NAMES, NETWORKS, PATTERNS, SIZE, count

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
    """I/O threads; 0: one for each CPU the process may use, by its affinity and its cgroup's quota."""
    trustedproxies: Annotated[list[str], NETWORKS] = PRIVATE
    """Networks of reverse proxies whose `Forwarded` and `X-Forwarded-Proto`, `-Host` and `-Port` tell the URL
    that clients use. Only if this is set, `Forwarded` or `X-Forwarded-For` also tell the address of the
    client, for limits and logs."""
    manifestlimit: Size = 4 * 1024 * 1024
    """Largest manifest."""
    headerlimit: Size = 64 * 1024
    """Largest head of a request."""
    headertimeout: Duration = 30
    """How long the head of a request may take."""
    shutdowndelay: Duration = 0
    """How long the port stays open after SIGTERM while `/readyz` answers 503, for load balancers to notice;
    `http.draintimeout` begins after it."""
    idletimeout: Duration = 180
    """How long a connection may be silent: between requests, and within the body of a request or an answer.
    Every byte that arrives, or that the client acknowledges, renews it."""
    controlsocket: Annotated[str, FILE] = ""
    """Path of the socket that commands such as `ocilot user` use, for the registry's own user only; if empty,
    it is `ocilot/control.sock` in the data directory, and none if everything is in memory."""
    sparse: Annotated[list[str], PATTERNS] = []
    """Repositories whose manifests and indexes may name content that is not there; `*` is anything within a
    component, `**` any number of components."""
    strictsizes: Flag = False
    """Whether a manifest that gives a wrong size for its content is refused instead of warned about."""
    hostnames: Annotated[list[str], HOST_NAMES] = []
    """Host names that a registry without accounts answers to on a loopback address, beside `localhost`,
    loopback addresses, and those of `http.addr` and `http.host`; `*` is every name. Others are refused: web
    pages can make a name of their own lead to this machine."""
    cors: Cors = Cors()
    limits: Limits = Limits()
    metrics: Metrics = Metrics()
    pools: Pools = Pools()
    scrub: Scrub = Scrub()
    audit: Audit = Audit()
    taghistory: TagHistory = TagHistory()
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
        settings.rate_limits = list(self.ratelimits)
        settings.groups = list(self.groups.items())
        if "access" in self.given_keys:
            settings.access = [(patterns, list(allow.items())) for patterns, allow in self.access]
        apply_oidc(settings, self.oidc)
        for part in (
            *(self.cors, self.limits, self.metrics, self.pools),
            *(self.scrub, self.audit, self.taghistory, self.accounts),
        ):
            part.apply(settings)
