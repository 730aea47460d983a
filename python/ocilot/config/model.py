"""What a configuration may say: distribution's sections and keys, and a section of our own.

Each section is a file; a field's docstring is its line in the configuration reference.
"""

from typing import TYPE_CHECKING, Annotated, Any

from . import in_use
from .auth_model import Auth
from .http import Http
from .lists import Catalog, Tags
from .log import Log, LogLevel
from .ocilot_section import Ocilot
from .section import Section
from .storage import Storage
from .values import Ignored, Refused, choice, refused
from .webhooks import Notifications, apply_webhooks

if TYPE_CHECKING:
    from ocilot import _core


class Config(Section):
    """A whole configuration."""

    version: Annotated[str, choice("0.1")] = "0.1"
    """Version of the format; required in a file."""
    log: Log = Log()
    loglevel: LogLevel | None = None
    """Former name of `log.level`, which takes precedence."""
    storage: Storage = Storage.of_raw({})
    http: Http = Http()
    catalog: Catalog = Catalog()
    tags: Tags = Tags()
    ocilot: Ocilot = Ocilot()
    auth: Auth = Auth()
    proxy: Annotated[object, Refused("pull-through mirrors are not supported yet", in_use.proxy)] = None
    notifications: Notifications = Notifications()
    middleware: Annotated[object, Refused("middleware is not supported", in_use.middleware)] = None
    validation: Annotated[
        object,
        Refused(
            "layer URLs are not validated, and an index may reference missing manifests only in repositories "
            "of ocilot.sparse",
            in_use.validation,
        ),
    ] = None
    policy: Annotated[object, Refused("repository classes are not supported yet", in_use.policy)] = None
    compatibility: Annotated[object, Refused("manifests of schema 1 are not supported", in_use.schema1)] = (
        None
    )
    redis: Annotated[object, Ignored("descriptors are stored in the metadata and need no cache")] = None
    health: Annotated[object, Ignored("`/readyz` always checks the storage")] = None
    reporting: Annotated[object, Ignored("reports are not sent")] = None

    def _check_whole(self) -> None:
        auth, own = self.auth, self.ocilot
        asks = auth.htpasswd or auth.token or auth.silly or own.accounts.enabled or self.http.tls.clientcas
        if "access" in own.given_keys and not asks:
            raise refused(
                "access rules need a login method; set ocilot.accounts.enabled: true, or auth.htpasswd or "
                "auth.token",
                *("ocilot", "access"),
            )
        if own.oidc and not own.accounts.enabled:
            raise refused(
                "tokens of other issuers are accepted by the token server; set ocilot.accounts.enabled: true",
                *("ocilot", "oidc"),
            )
        if own.accounts.enabled and (auth.token or auth.silly):
            raise refused(
                "only one token server is possible; use either ocilot.accounts or the token server of auth",
                *("ocilot", "accounts", "enabled"),
            )
        names = [one["name"] for one in self._receivers()]
        for name in names:
            if names.count(name) > 1:
                raise refused(
                    f"two webhooks are called {name}; give each a name of its own", "ocilot", "webhooks"
                )

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        for part in (self.storage, self.http, self.catalog, self.tags, self.ocilot, self.auth):
            part.apply(settings)
        # As in distribution: the old name counts where the new one is not there.
        is_old = self.loglevel and "level" not in self.log.given_keys
        log = self.log.with_values(level=self.loglevel) if is_old else self.log
        log.apply(settings)
        apply_webhooks(settings, self._receivers())

    def _receivers(self) -> list[dict[str, Any]]:
        """Those of distribution first."""
        endpoints = [one.as_webhook() for one in self.notifications.endpoints if not one.disabled]
        return [*endpoints, *(one.as_webhook() for one in self.ocilot.webhooks)]
