"""The verbs of bundles: images, charts, signatures and SBOMs in one file, for places without a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict, TypeVar, Unpack

from ocilot import bundle
from ocilot.archives import create_store, open_store
from ocilot.arguments import check_flag, check_list, check_path, check_text, check_texts
from ocilot.bundle import Description, Item, Loaded, Saved, VerifiedBundle
from ocilot.client.credentials import Auth
from ocilot.client.drive import arun, run
from ocilot.client.events import Reporter
from ocilot.client.options import Limits
from ocilot.client.registry_store import RegistryStore
from ocilot.client.retries import Retry
from ocilot.client.session import Session
from ocilot.client.steps import Drop, Steps, call
from ocilot.client.store import Store
from ocilot.client.tls import TLS
from ocilot.oci import Platform
from ocilot.places import (
    End,
    How,
    Options,
    Place,
    Progress,
    check_one_registry,
    end_of,
    wanted_platforms,
)
from ocilot.references import Location, parse_host

T = TypeVar("T")


class BundleAccess(TypedDict, total=False):
    """Options of all verbs of bundles: how registries are reached, and what gets the events."""

    auth: Auth | None
    """See `connect`. A pair or token is for one registry: for several, pass a function."""
    tls: TLS | None
    retry: Retry | None
    limits: Limits | None
    auth_file: str | os.PathLike[str] | None
    progress: Progress
    """True writes lines to standard error; a function gets the events."""


class SaveOptions(BundleAccess, total=False):
    """Options of `save_bundle`."""

    platforms: Sequence[str | Platform] | None
    """These of each index; None: all."""
    referrers: bool
    """With signatures, SBOMs and attestations (default)."""
    nondistributable: bool
    """Also layers of Windows that registries may not have, from there or from their URLs."""
    replace: bool
    """Replaces a file that exists."""
    resume: bool
    """Keeps what an interrupted attempt wrote, as `.NAME.partial`, for the next one (default)."""


class LoadOptions(BundleAccess, total=False):
    """Options of `load_bundle`."""

    only: Sequence[str]
    """Names of images; others are left out."""


def save_bundle(references: Sequence[Place], file: str | Path, **options: Unpack[SaveOptions]) -> Saved:
    """Saves images, charts and artifacts, and what refers to them, in one OCI archive, each blob once.

    `file`: `-` is standard output. The same images make the same file, byte by byte. After an interruption
    the same call continues where it stopped. Options: see `SaveOptions`. Raises NotFound, PlatformNotFound,
    Conflict if the file exists, StorageError, AuthError, NetworkError, IntegrityError.

    >>> saved = ocilot.save_bundle([f"{host}/team/app:v1"], directory / "app.tar")
    >>> saved.names == (f"{host}/team/app:v1",)
    True
    """
    return run(_saved(references, file, dict(options)))


async def asave_bundle(
    references: Sequence[Place], file: str | Path, **options: Unpack[SaveOptions]
) -> Saved:
    """The same as `save_bundle` for asyncio.

    >>> asyncio.run(ocilot.asave_bundle([f"{host}/team/app:v1"], directory / "again.tar")).manifests
    1
    """
    return await arun(_saved(references, file, dict(options)))


def load_bundle(file: str | Path, destination: str, **options: Unpack[LoadOptions]) -> Loaded:
    """Loads a bundle into a registry, or `oci:DIR`. No other registry is asked; every byte is verified.

    `destination`: `HOST` or `HOST/PREFIX`: the image `docker.io/library/alpine:3.22` becomes
    `HOST/PREFIX/library/alpine:3.22`. What is there already is not sent again, so the same call continues
    after an interruption. Options: see `LoadOptions`. Raises NotFound, ArchiveError, IntegrityError,
    AuthError, NetworkError; PartialError, whose `result` is what was loaded, if a referrer was rejected.

    >>> saved = ocilot.save_bundle([f"{host}/team/app:v1"], directory / "app.tar")
    >>> ocilot.load_bundle(directory / "app.tar", f"{host}/mirror").names == (f"{host}/mirror/team/app:v1",)
    True
    """
    return run(_loaded(file, destination, dict(options)))


async def aload_bundle(file: str | Path, destination: str, **options: Unpack[LoadOptions]) -> Loaded:
    """The same as `load_bundle` for asyncio.

    >>> saved = ocilot.save_bundle([f"{host}/team/app:v1"], directory / "app.tar")
    >>> asyncio.run(ocilot.aload_bundle(directory / "app.tar", f"{host}/mirror")).manifests
    1
    """
    return await arun(_loaded(file, destination, dict(options)))


def describe_bundle(file: str | Path) -> Description:
    """What a bundle has, by its names. Raises NotFound, ArchiveError.

    >>> saved = ocilot.save_bundle([f"{host}/team/app:v1"], directory / "app.tar")
    >>> [entry.kind for entry in ocilot.describe_bundle(directory / "app.tar").entries]
    ['image']
    """
    return run(_with_bundle(file, bundle.describe))


async def adescribe_bundle(file: str | Path) -> Description:
    """The same as `describe_bundle` for asyncio.

    >>> saved = ocilot.save_bundle([f"{host}/team/app:v1"], directory / "app.tar")
    >>> len(asyncio.run(ocilot.adescribe_bundle(directory / "app.tar")).entries)
    1
    """
    return await arun(_with_bundle(file, bundle.describe))


def verify_bundle(file: str | Path) -> VerifiedBundle:
    """Reads all of a bundle, compares every digest, and looks for what is missing. Raises IntegrityError.

    >>> saved = ocilot.save_bundle([f"{host}/team/app:v1"], directory / "app.tar")
    >>> ocilot.verify_bundle(directory / "app.tar").bytes == saved.bytes
    True
    """
    return run(_with_bundle(file, bundle.verify))


async def averify_bundle(file: str | Path) -> VerifiedBundle:
    """The same as `verify_bundle` for asyncio.

    >>> saved = ocilot.save_bundle([f"{host}/team/app:v1"], directory / "app.tar")
    >>> asyncio.run(ocilot.averify_bundle(directory / "app.tar")).manifests
    1
    """
    return await arun(_with_bundle(file, bundle.verify))


def _saved(references: Sequence[Place], file: str | Path, options: dict[str, Any]) -> Steps[Saved]:
    ends: list[End] = []
    check_list("references", references, "a list of images")
    check_path("file", file, "a path or -")
    for name in ("referrers", "nondistributable", "replace", "resume"):
        check_flag(name, options.get(name, False))
    options["platforms"] = wanted_platforms(options.get("platforms"))
    check_one_registry(references, options.get("auth"))
    access = _access(options)
    report = _report(options)
    try:
        items = []
        for place in references:
            end = yield from call(end_of, place, access, False)
            ends.append(end)
            items.append(Item(end.store, end.reference, _name_of(place, end)))
        target = None if str(file) == "-" else Path(file).expanduser()
        return (yield from bundle.save(items, target, report=report, **options))
    finally:
        for end in ends:
            yield from end.close()


def _access(options: dict[str, Any]) -> Options:
    """How registries are reached."""
    auth, tls, retry, file = (options.pop(name, None) for name in ("auth", "tls", "retry", "auth_file"))
    return Options(auth, tls, retry, file, options.get("limits"))


def _report(options: dict[str, Any]) -> Reporter:
    """What gets the events; checks the options of all verbs."""
    how = How(limits=options.get("limits"), progress=options.pop("progress", False))
    return how.report()


def _name_of(place: Place, end: End) -> str:
    """The full name that a bundle has an image under."""
    if end.named is not None:
        return f"{end.named.location}:{end.tag}" if end.tag else f"{end.named.location}@{end.digest}"
    location = getattr(place, "location", "")
    if isinstance(location, str) and location:
        return f"{location}@{end.reference}"
    return end.reference or "image"


def _loaded(file: str | Path, destination: str, options: dict[str, Any]) -> Steps[Loaded]:
    access = _access(options)
    report = _report(options)
    check_text("destination", destination, "a text such as localhost:5000/mirror")
    check_texts("only", options.get("only", ()), "a list of names")
    target = yield from call(_Target, destination, access)
    try:

        def load(archive: Store) -> Steps[Loaded]:
            return bundle.load(archive, target.open, target.prefix, report=report, **options)

        return (yield from _with_bundle(file, load))
    finally:
        yield from target.close()


class _Target:
    """Where a bundle is loaded to: a registry below a prefix, or one file or directory."""

    def __init__(self, destination: str, access: Options) -> None:
        kind = destination.partition(":")[0]
        self._session: Session | None = None
        self._store: Store | None = None
        self.prefix = ""
        if kind in ("oci", "oci-archive", "docker-archive"):
            self._store = create_store(Location.parse(destination))
            return
        host, _, path = destination.removesuffix("/").partition("/")
        self._host = parse_host(host).name
        self._session = access.session(self._host)
        self.prefix = f"{self._host}/{path}".removesuffix("/")

    def open(self, repository: str) -> Store:
        if self._session is None:
            assert self._store is not None
            return self._store
        return RegistryStore(self._session, self._host, repository.removeprefix(f"{self._host}/"), push=True)

    def close(self) -> Steps[None]:
        if self._session is not None:
            yield Drop(self._session)


def _with_bundle(file: str | Path, act: Callable[[Store], Steps[T]]) -> Steps[T]:
    check_path("file", file, "a path or -")
    location = Location("-") if str(file) == "-" else Location("bundle", str(file))
    store = yield from call(open_store, location)
    try:
        return (yield from act(store))
    finally:
        yield from store.close()
