"""What a configuration may say about who is let in; part of `model`."""

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
    """What a browser shows when it asks for a password."""
    path: Path = ""
    """File of users and their password hashes, read again when it changes; made if it is not there."""

    def _check_whole(self) -> None:
        if not self.realm or not self.path:
            raise expected("realm and path in it")

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
    """PEM file of certificates and keys that tokens are signed with; read again when it changes."""
    jwks: Path = ""
    """JSON file of keys that tokens are signed with; read again when it changes."""
    signingalgorithms: Annotated[list[str], TEXTS] = []
    """How tokens may be signed, such as [ES256, RS256]; empty: any way that is safe."""
    autoredirect: Flag = False
    """Whether the token server is on the host that the client asked, at `autoredirectpath`."""
    autoredirectpath: Text = "/auth/token/"
    """Its path there."""

    def _check_whole(self) -> None:
        if not self.service or not self.issuer or not (self.realm or self.autoredirect):
            raise expected("realm, service and issuer in it")
        if not self.rootcertbundle and not self.jwks:
            raise expected("rootcertbundle or jwks in it")

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
    """What is told to clients."""
    service: Text = ""
    """What is told to clients."""

    def _check_whole(self) -> None:
        if not self.realm or not self.service:
            raise expected("realm and service in it")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.auth_silly = True
        settings.auth_realm, settings.auth_service = self.realm, self.service


class Auth(Section):
    htpasswd: HtpasswdAuth | None = None
    token: TokenAuth | None = None
    silly: SillyAuth | None = None
    none: Annotated[object, Ignored("nobody is asked who he is then")] = None

    @classmethod
    def _kept(cls) -> tuple[str, ...]:
        return ("htpasswd", "token", "silly")

    @classmethod
    def _prepared(cls, raw: Raw) -> Raw:
        return {raw.value: NOTHING} if isinstance(raw, Scalar) and isinstance(raw.value, str) else raw

    def _check_whole(self) -> None:
        if sum(kind is not None for kind in (self.htpasswd, self.token, self.silly)) > 1:
            raise expected("one of htpasswd, token and silly")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        for part in (self.htpasswd, self.token, self.silly):
            if part is not None:
                part.apply(settings)


class Accounts(Section):
    enabled: Flag = False
    """Whether people and machines have accounts here, and get tokens at `/token`."""
    service: Text = "ocilot"
    """Name of this registry in its tokens; replicas share it."""
    tokenexpiry: Duration = 300
    """How long a token is good; at least a minute."""
    refreshexpiry: Duration = 720 * 3600
    """How long a login lasts that asked for a refresh token, as that of docker does."""
    keyrotation: Duration = 720 * 3600
    """Age at which the key that signs tokens is replaced; 0: never."""

    def _check_whole(self) -> None:
        if self.tokenexpiry < 60:
            raise refused("clients take every token for good for a minute at least", "tokenexpiry")
        if not self.service:
            raise expected("a name", "service")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.accounts, settings.accounts_service = self.enabled, self.service
        settings.token_life, settings.refresh_life = self.tokenexpiry, self.refreshexpiry
        settings.key_life = self.keyrotation
