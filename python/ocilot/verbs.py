"""The verbs of the package: connect to a registry, open a location, copy from anywhere to anywhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from ocilot.arguments import check_path
from ocilot.client import registry
from ocilot.client.context import Context
from ocilot.client.copying import CopyResult, Referrers
from ocilot.client.credentials import Auth
from ocilot.client.drive import run
from ocilot.client.events import OnEvent, Reporter, Warned
from ocilot.client.options import Limits
from ocilot.client.repository import Repository
from ocilot.client.retries import Retry
from ocilot.client.session import Session
from ocilot.client.steps import call
from ocilot.client.tls import TLS
from ocilot.places import How, Options, Place, Platforms, Progress, context_of, copied, end_of
from ocilot.references import HUB, Location, parse_host

if TYPE_CHECKING:
    from ocilot.admin.groups import Admin

REGISTRY_VARIABLE: Final = "OCILOT_REGISTRY"


class Registry(registry.Registry):
    """A registry, as `ocilot.connect` makes it.

    >>> ocilot.connect(host).host == host
    True
    """

    @property
    def admin(self) -> Admin:
        """Administration of an ocilot registry, with an administrator's credentials: no I/O yet."""
        from ocilot.admin.groups import Admin

        return Admin(self._session, self.host)


def connect(
    host: str | None = None,
    *,
    auth: Auth | None = None,
    tls: TLS | None = None,
    retry: Retry | None = None,
    limits: Limits | None = None,
    transport: Any = None,
    auth_file: str | os.PathLike[str] | None = None,
    on_event: OnEvent | None = None,
) -> Registry:
    """A registry, without any I/O yet. Use it in a `with` block, or close it.

    `host`: `HOST[:PORT]`, or with `http://` before it; None: that of the variable OCILOT_REGISTRY, else
    `docker.io`. `auth`: user and password, a `Token`, `ANONYMOUS`, or a function from the host to one of
    these; None: what the environment, docker's and podman's files and their helpers have. `auth_file`:
    the only file to read. `transport`: replaces the HTTP connections. `on_event`: is called with the
    events of transfers and with warnings, from several threads, one at a time.
    Raises InvalidReference for an invalid host.

    >>> with ocilot.connect(host, retry=ocilot.Retry(attempts=2)) as registry:
    ...     registry.ping()
    """
    made = Client(host, auth, tls, retry, limits, transport, auth_file, on_event)
    return Registry(made.session, made.host, made.context)


class Client:
    """What the registries of both forms are made from."""

    def __init__(
        self,
        host: str | None,
        auth: Auth | None,
        tls: TLS | None,
        retry: Retry | None,
        limits: Limits | None,
        transport: Any,
        auth_file: str | os.PathLike[str] | None,
        on_event: OnEvent | None,
    ) -> None:
        named = os.environ.get(REGISTRY_VARIABLE) or HUB if host is None else host
        self.host: str = parse_host(named).name
        if auth_file is not None:
            check_path("auth_file", auth_file)
        report = Reporter(on_event)
        self.context: Context = context_of(limits, report)
        self.session: Session = Session(
            named,
            auth=auth,
            tls=tls,
            retry=retry,
            transport=transport,
            auth_file=None if auth_file is None else os.fspath(auth_file),
            on_warning=lambda text: report(Warned(text)),
            limits=limits,
        )


def open(
    location: str | Location,
    *,
    auth: Auth | None = None,
    tls: TLS | None = None,
    retry: Retry | None = None,
    limits: Limits | None = None,
    on_event: OnEvent | None = None,
) -> Repository:
    """The repository of a location, to read: on a registry, or a layout, an archive, a bundle, `-`.

    Options are those of `connect`. Raises InvalidReference, NotFound, ArchiveError, StorageError.

    >>> with ocilot.open(f"oci:{directory / 'layout'}") as layout:
    ...     layout.get("v1").config.cmd
    ('/bin/sh',)
    """
    end = run(call(end_of, location, Options(auth, tls, retry, limits=limits), False))
    return Repository(end.store, context_of(limits, Reporter(on_event)), end.named, end.close)


def copy(
    source: Place,
    destination: Place,
    *,
    platforms: Platforms = None,
    referrers: Referrers = False,
    nondistributable: bool = False,
    progress: Progress = False,
    source_auth: Auth | None = None,
    source_tls: TLS | None = None,
    auth: Auth | None = None,
    tls: TLS | None = None,
    retry: Retry | None = None,
    limits: Limits | None = None,
    auth_file: str | os.PathLike[str] | None = None,
) -> CopyResult:
    """Copies an image, an index or an artifact from any location to any other, byte by byte.

    `source`, `destination`: texts such as `alpine:3.22`, `oci:DIR:v1` or `docker-archive:FILE`; references
    such as `repository["v1"]`, which are reached as their registry is; a resolved image. `platforms`:
    None or `all`: all of an index; one platform: its image; several: an index of these, which has a
    digest of its own. `referrers`: also signatures, SBOMs and the like; `required`: fail if the
    destination rejects one. `nondistributable`: also layers of Windows that registries may not have, from the
    source or from their URLs; else only their descriptors are copied. `progress`: True writes lines to
    standard error; a function gets the events.
    `auth` and `tls` are for the destination, `source_auth` and `source_tls` for the source; None: those of
    the other end if that is on the same registry, else as `connect` does.
    Blobs that are there are not sent again; on one registry they are mounted; an interrupted download goes
    on where it stopped. Raises NotFound, PlatformNotFound, AuthError, IntegrityError, NetworkError,
    StorageError, and PartialError, whose `result` is the CopyResult, if a referrer was rejected.

    >>> result = ocilot.copy(app["v1"], f"{host}/mirror/app:v1")
    >>> result.digest == app.resolve("v1").digest
    True
    """
    options = Options(auth, tls, retry, auth_file, limits)
    return run(
        copied(
            source,
            destination,
            Options(source_auth, source_tls, retry, auth_file, limits),
            options,
            How(platforms, referrers, limits, progress, nondistributable),
        )
    )
