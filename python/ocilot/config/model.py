"""What a configuration may say: distribution's sections and keys, and a section of our own.

Each section is a file; a field's docstring is its line in the configuration reference.
"""

from typing import TYPE_CHECKING, Annotated

from . import asks
from .auth_model import Auth
from .http import Http
from .lists import Catalog, Tags
from .log import Log, LogLevel
from .own import Ocilot
from .section import Section
from .storage import Storage
from .values import Ignored, Refused, choice, refused

if TYPE_CHECKING:
    from ocilot import _core


class Config(Section):
    """A whole configuration."""

    version: Annotated[str, choice("0.1")] = "0.1"
    """Version of the format; has to be there in a file."""
    log: Log = Log()
    loglevel: LogLevel | None = None
    """Old name of `log.level`, which wins over it."""
    storage: Storage = Storage.of_raw({})
    http: Http = Http()
    catalog: Catalog = Catalog()
    tags: Tags = Tags()
    ocilot: Ocilot = Ocilot()
    auth: Auth = Auth()
    proxy: Annotated[object, Refused("ocilot does not mirror another registry yet", asks.proxy)] = None
    notifications: Annotated[
        object, Refused("ocilot does not send notifications yet", asks.notifications)
    ] = None
    middleware: Annotated[object, Refused("ocilot has no middleware", asks.middleware)] = None
    validation: Annotated[
        object,
        Refused(
            "ocilot does not check the URLs of layers, and an index may lack parts only where ocilot.sparse "
            "allows it",
            asks.validation,
        ),
    ] = None
    policy: Annotated[
        object, Refused("ocilot does not restrict classes of repositories yet", asks.policy)
    ] = None
    compatibility: Annotated[object, Refused("manifests of schema 1 are not accepted", asks.schema1)] = None
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

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        for part in (self.storage, self.http, self.catalog, self.tags, self.ocilot, self.auth):
            part.apply(settings)
        # As in distribution: the old name counts where the new one is not there.
        is_old = self.loglevel and "level" not in self.log.given_keys
        log = self.log.with_values(level=self.loglevel) if is_old else self.log
        log.apply(settings)
