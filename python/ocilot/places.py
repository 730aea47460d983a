"""Ends of copies: a location, a reference or a resolved image, opened as a store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ocilot.arguments import check_choice, check_flag, check_function, check_list, check_path
from ocilot.client.context import Context, Opened
from ocilot.client.copying import CopyResult, Referrers, copy
from ocilot.client.credentials import Auth
from ocilot.client.credentials.credential import check_auth
from ocilot.client.events import OnEvent, Reporter
from ocilot.client.named import NamedReference
from ocilot.client.options import Limits, check_limits
from ocilot.client.progress import Lines
from ocilot.client.registry_store import RegistryStore
from ocilot.client.retries import Retry
from ocilot.client.session import Session, check_options
from ocilot.client.steps import Drop, Steps, call
from ocilot.client.store import Store
from ocilot.client.tls import TLS
from ocilot.errors import InvalidArgument, InvalidReference
from ocilot.oci import Digest, Platform
from ocilot.references import Location, Reference


@runtime_checkable
class Resolved(Protocol):
    """An image or an index of either form, as it was resolved."""

    @property
    def store(self) -> Store:
        """What reads it."""

    @property
    def digest(self) -> Digest:
        """Digest of its manifest."""

    @property
    def location(self) -> str:
        """Where it is, for messages."""


Place: TypeAlias = str | Location | Reference | Resolved
"""One end of a verb: a location as text or value, or a resolved image."""
Platforms: TypeAlias = str | Platform | Sequence[str | Platform] | None
Progress: TypeAlias = bool | OnEvent


@dataclass(frozen=True, slots=True)
class Options:
    """How a registry is reached."""

    auth: Auth | None = None
    tls: TLS | None = None
    retry: Retry | None = None
    auth_file: str | os.PathLike[str] | None = None
    limits: Limits | None = None
    shared: Session | None = None
    """The session of the other end, which is on the same registry."""

    def __post_init__(self) -> None:
        check_auth(self.auth)
        check_options(self.tls, self.retry)
        check_limits(self.limits)
        if self.auth_file is not None:
            check_path("auth_file", self.auth_file)

    def session(self, host: str) -> Session:
        """A session with that registry."""
        file = None if self.auth_file is None else os.fspath(self.auth_file)
        return Session(
            host, auth=self.auth, tls=self.tls, retry=self.retry, auth_file=file, limits=self.limits
        )


@dataclass(frozen=True, slots=True)
class How:
    """How to copy."""

    platforms: Platforms = None
    referrers: Referrers = False
    limits: Limits | None = None
    progress: Progress = False
    nondistributable: bool = False

    def __post_init__(self) -> None:
        check_choice("referrers", self.referrers, (False, True, "required"))
        check_flag("nondistributable", self.nondistributable)
        check_limits(self.limits)
        if not isinstance(self.progress, bool):
            check_function("progress", self.progress, "True, False or a function that gets the events")
        wanted_platforms(self.platforms)

    def wanted(self) -> list[Platform] | None:
        """Platforms; None: all. Raises InvalidReference."""
        return wanted_platforms(self.platforms)

    def report(self) -> Reporter:
        """What gets the events."""
        if callable(self.progress):
            return Reporter(self.progress)
        return Reporter(Lines() if self.progress else None)


@dataclass(frozen=True, slots=True)
class End:
    """One end of a copy: a store, and what is meant in it."""

    store: Store
    reference: str
    """What to read; empty: the only image that there is."""
    tag: str = ""
    digest: Digest | None = None
    named: NamedReference | None = None
    session: Session | None = None
    """Closed with it; None: it belongs to the caller."""
    owned: bool = True
    """Whether the store is closed with it."""

    def close(self) -> Steps[None]:
        """Writes what is still to be written, and releases files and connections."""
        if self.owned:
            yield from self.store.close()
        if self.session is not None:
            yield Drop(self.session)


def wanted_platforms(platforms: Platforms) -> list[Platform] | None:
    """Platforms, of one, several or `all`; None: all. Raises InvalidReference, InvalidArgument for none."""
    if platforms is None or platforms == "all":
        return None
    if isinstance(platforms, str | Platform):
        platforms = [platforms]
    check_list("platforms", platforms, '"all", a platform such as linux/arm64, or a list of platforms')
    wanted = [one if isinstance(one, Platform) else Platform.parse(one) for one in platforms]
    if not wanted:
        raise InvalidArgument("invalid platforms: the list is empty", hint='write None or "all" for all')
    return wanted


def context_of(limits: Limits | None, report: Reporter) -> Context:
    """What the objects of a client share."""
    check_limits(limits)
    return Context(limits or Limits(), report, _for_writing, _verify)


def _verify(*arguments: Any, **options: Any) -> Steps[Any]:
    from ocilot.signatures import verify

    return verify(*arguments, **options)


def _for_writing(location: str) -> Opened:
    end = end_of(location, Options(), writes=True)
    return Opened(end.store, end.tag, end.digest, end.close)


def end_of(
    place: Place, options: Options, writes: bool, like: End | None = None, compression: str = "none"
) -> End:
    """Opens an end; blocks. `like`: the other end, whose name an archive gets that has none of its own.

    `compression`: of layers that a docker archive has uncompressed.
    """
    if isinstance(place, NamedReference):
        return _of_reference(place, place.open(place.repository), None)
    if isinstance(place, Reference):
        return _of_session(place, options)
    if isinstance(place, Resolved):
        if writes:
            raise InvalidReference(f"{place.location} is an image, expected a location to write to")
        return End(place.store, place.digest, owned=False)
    location = Location.parse(place) if isinstance(place, str) else place
    if not isinstance(location, Location):
        raise InvalidReference(
            f"invalid location of type {type(place).__name__}: expected a text such as alpine:3.22 or "
            "oci:DIR:v1, a reference or an image"
        )
    if location.reference is not None:
        return _of_session(location.reference, options)
    return _of_archive(location, writes, like, compression)


def _of_session(reference: Reference, options: Options) -> End:
    session = options.shared or options.session(reference.registry)
    store = RegistryStore(session, reference.registry, reference.repository)
    return _of_reference(reference, store, None if options.shared else session)


def _of_reference(reference: Reference, store: RegistryStore, session: Session | None) -> End:
    named = NamedReference(
        reference.registry,
        reference.repository,
        open=partial(_sibling, store, reference.registry),
    )
    return End(
        store, reference.target, reference.tag, reference.digest, named, session, owned=session is not None
    )


def _sibling(store: RegistryStore, host: str, repository: str) -> RegistryStore:
    return RegistryStore(store.session, host, repository)


def _is_registry(place: Place) -> bool:
    location = Location.parse(place) if isinstance(place, str) else place
    return isinstance(location, Reference) or (
        isinstance(location, Location) and location.reference is not None
    )


def beside(place: Place, options: Options, other: Place, others: Options) -> Options:
    """Options of an end: what it has none of its own for is that of the other end, on the same registry."""
    if not registry_of(place) or registry_of(place) != registry_of(other):
        return options
    if options.auth is None and options.tls is None:
        if isinstance(other, NamedReference):
            return replace(options, shared=other.open(other.repository).session)
        if isinstance(other, Resolved) and isinstance(other.store, RegistryStore):
            return replace(options, shared=other.store.session)
    return replace(
        options,
        auth=others.auth if options.auth is None else options.auth,
        tls=others.tls if options.tls is None else options.tls,
    )


def check_one_registry(places: Sequence[Place], auth: Auth | None, name: str = "auth") -> None:
    """Raises InvalidReference where a credential would be sent to more registries than one."""
    hosts = sorted({registry_of(place) for place in places if not isinstance(place, Resolved)} - {""})
    if auth is not None and not callable(auth) and len(hosts) > 1:
        raise InvalidReference(
            f"{name} is a credential of one registry, but the images are on {', '.join(hosts)}",
            hint="pass a function from the host to its credential",
        )


def registry_of(place: Place) -> str:
    """Registry of an end; empty for archives."""
    end = Location.parse(place) if isinstance(place, str) else place
    found = end.reference if isinstance(end, Location) else end
    if isinstance(found, Reference):
        return found.registry
    store = found.store if isinstance(found, Resolved) else None
    return store.host if isinstance(store, RegistryStore) else ""


def _of_archive(location: Location, writes: bool, like: End | None, compression: str) -> End:
    from ocilot import archives

    if not writes:
        return End(archives.open_store(location, compression=compression), location.name)
    repository, tag = "", location.name
    if like is not None and like.named is not None:
        repository = like.named.location
        tag = tag or like.tag
    return End(archives.create_store(location, repository=repository), tag, tag)


def copied(
    source: Place, destination: Place, source_options: Options, options: Options, how: How
) -> Steps[CopyResult]:
    """Copies from end to end, and closes both."""
    platforms = how.wanted()
    # A registry gets layers as `docker push` sends them.
    compression = "gzip" if _is_registry(destination) else "none"
    reads = beside(source, source_options, destination, options)
    writes = beside(destination, options, source, source_options)
    begin = yield from call(end_of, source, reads, False, None, compression)
    try:
        end = yield from call(end_of, destination, writes, True, begin)
        try:
            return (
                yield from copy(
                    begin.store,
                    begin.reference,
                    end.store,
                    end.tag,
                    expected=end.digest,
                    platforms=platforms,
                    referrers=how.referrers,
                    nondistributable=how.nondistributable,
                    limits=how.limits,
                    report=how.report(),
                )
            )
        finally:
            yield from end.close()
    finally:
        yield from begin.close()
