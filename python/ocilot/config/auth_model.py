"""Keys of `auth` and `ocilot.accounts`; part of `model`."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .tree import NOTHING, Scalar
from .values import DURATION, FILE, FLAG, TEXT, TEXTS, Ignored, Raw, expected, refused

if TYPE_CHECKING:
    from ocilot import _core

Text = Annotated[str, TEXT]
Path = Annotated[str, FILE]
Flag = Annotated[bool, FLAG]
Duration = Annotated[int, DURATION]


class HtpasswdAuth(Section):
    realm: Text = ""
    """Realm of the Basic challenge; browsers show it in the password prompt."""
    path: Path = ""
    """File of users and password hashes. Reloaded when it changes; created if it is missing."""

    def _check_whole(self) -> None:
        if not self.realm or not self.path:
            raise expected("both realm and path")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.auth_htpasswd, settings.auth_realm = self.path, self.realm


class TokenAuth(Section):
    realm: Text = ""
    """URL of the token server."""
    service: Text = ""
    """Name of this registry at the token server."""
    issuer: Text = ""
    """Name of the token server in its tokens."""
    rootcertbundle: Path = ""
    """PEM file of the certificates and keys that verify tokens. Reloaded when it changes."""
    jwks: Path = ""
    """JWKS file of the keys that verify tokens. Reloaded when it changes."""
    signingalgorithms: Annotated[list[str], TEXTS] = []
    """Accepted signing algorithms, such as [ES256, RS256]; empty: every supported algorithm."""
    autoredirect: Flag = False
    """Whether the token server is at `autoredirectpath` on the host of the request."""
    autoredirectpath: Text = "/auth/token/"
    """Path of the token server with `autoredirect`."""

    def _check_whole(self) -> None:
        if not self.service or not self.issuer or not (self.realm or self.autoredirect):
            raise expected("realm, service and issuer")
        if not self.rootcertbundle and not self.jwks:
            raise expected("rootcertbundle or jwks")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.auth_token = True
        settings.auth_realm, settings.auth_service = self.realm, self.service
        settings.auth_issuer = self.issuer
        settings.auth_root_certificates, settings.auth_jwks = self.rootcertbundle, self.jwks
        settings.auth_algorithms = self.signingalgorithms
        settings.auth_redirect_path = self.autoredirectpath if self.autoredirect else ""


class SillyAuth(Section):
    realm: Text = ""
    """Realm of the challenge."""
    service: Text = ""
    """Service of the challenge."""

    def _check_whole(self) -> None:
        if not self.realm or not self.service:
            raise expected("both realm and service")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.auth_silly = True
        settings.auth_realm, settings.auth_service = self.realm, self.service


class Auth(Section):
    htpasswd: HtpasswdAuth | None = None
    token: TokenAuth | None = None
    silly: SillyAuth | None = None
    none: Annotated[object, Ignored("requests are not authenticated, as without auth")] = None

    @classmethod
    def _kept(cls) -> tuple[str, ...]:
        return ("htpasswd", "token", "silly")

    @classmethod
    def _prepared(cls, raw: Raw) -> Raw:
        return {raw.value: NOTHING} if isinstance(raw, Scalar) and isinstance(raw.value, str) else raw

    def _check_whole(self) -> None:
        if sum(kind is not None for kind in (self.htpasswd, self.token, self.silly)) > 1:
            raise expected("only one of htpasswd, token and silly")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        for part in (self.htpasswd, self.token, self.silly):
            if part is not None:
                part.apply(settings)


class Accounts(Section):
    enabled: Flag = False
    """Whether the registry stores accounts and issues tokens at `/token`."""
    service: Text = "ocilot"
    """Name of this registry in its tokens; the same for all replicas."""
    tokenexpiry: Duration = 300
    """Lifetime of a bearer token; at least 1m."""
    refreshexpiry: Duration = 720 * 3600
    """Lifetime of a refresh token, such as `docker login` requests."""
    keyrotation: Duration = 720 * 3600
    """Age at which the signing key is replaced; 0: never."""

    def _check_whole(self) -> None:
        if self.tokenexpiry < 60:
            raise refused(
                "clients assume that a token is valid for at least 1m; set 1m or more", "tokenexpiry"
            )
        if not self.service:
            raise expected("a service name", "service")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.accounts, settings.accounts_service = self.enabled, self.service
        settings.token_life, settings.refresh_life = self.tokenexpiry, self.refreshexpiry
        settings.key_life = self.keyrotation
