"""The verbs that make images: of root file systems and of other images, from any location to any other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import Any, Final, TypeAlias, TypedDict, Unpack

from ocilot import build
from ocilot.arguments import check_flag, check_list, check_mapping, check_path, check_type, wrong_type
from ocilot.build import Built, Changes
from ocilot.build.configs import Pairs
from ocilot.client.credentials import Auth
from ocilot.client.drive import arun, run
from ocilot.client.looking import platform_of
from ocilot.client.options import Limits
from ocilot.client.retries import Retry
from ocilot.client.steps import Steps, call
from ocilot.client.store import Store
from ocilot.client.tls import TLS
from ocilot.oci import Platform
from ocilot.places import End, How, Options, Place, Progress, beside, check_one_registry, end_of, registry_of
from ocilot.references import Reference


class Access(TypedDict, total=False):
    """Options of all verbs: how registries are reached, and what gets the events."""

    auth: Auth | None
    """Of the destination; see `connect`. None: those of a source on the same registry."""
    tls: TLS | None
    source_auth: Auth | None
    """Of the sources; None: those of the destination, on its registry. If some sources are on another
    registry than the destination, it is for those only; on several, it must be a function."""
    source_tls: TLS | None
    retry: Retry | None
    limits: Limits | None
    auth_file: str | os.PathLike[str] | None
    progress: Progress
    """True writes lines to standard error; a function gets the events."""


class Running(TypedDict, total=False):
    """Options that say how an image runs. None or left out: as it is; empty: removed."""

    cmd: Sequence[str] | None
    entrypoint: Sequence[str] | None
    env: Pairs
    """`NAME=VALUE`, or a mapping; the value None removes a variable. Others stay."""
    labels: Pairs
    """As `env`."""
    user: str | None
    workdir: str | None
    ports: Sequence[str | int] | None
    """Such as `80` or `53/udp`; added to those there are."""
    volumes: Sequence[str] | None
    """Paths; added to those there are."""
    stop_signal: str | None


class Made(TypedDict, total=False):
    """Options of what makes layers."""

    platform: str | Platform | None
    """What the image runs on, or which image of an index is meant; this machine's by default."""
    created: str | int | datetime | None
    """RFC 3339, or seconds since 1970; by default SOURCE_DATE_EPOCH, or else the newest file."""
    compression: str
    """`gzip` (default), `zstd`, `none`; of `append` also `keep`: the bytes of the tars as they are."""
    owner: str
    """`UID:GID` of all files; by default as they are."""


class ImportOptions(Access, Running, Made, total=False):
    """Options of `import_rootfs`."""

    annotations: Mapping[str, str] | None
    docker: bool
    """Media types of docker instead of OCI's; not with zstd, for which docker has none."""


class AppendOptions(Access, Running, Made, total=False):
    """Options of `append`."""

    annotations: Mapping[str, str | None] | None


class MutateOptions(Access, Running, total=False):
    """Options of `mutate`."""

    annotations: Mapping[str, str | None] | None
    """Of the manifest, and of the index; the value None removes one."""
    platform: str | Platform | None
    """Only this image of an index, without the index."""
    docker: bool | None
    """Media types of docker, or OCI's; None: as they are, but all of one family. Docker has none for layers
    of zstd, which are then compressed again with gzip."""


class RebaseOptions(Access, total=False):
    """Options of `rebase`."""

    old_base: Place | None
    """What the image is built on; by default what its annotations say."""
    platform: str | Platform | None
    """Only this image of an index, without the index."""


class IndexOptions(Access, total=False):
    """Options of `make_index`."""

    annotations: Mapping[str, str] | None


def import_rootfs(source: str | Path, destination: Place, **options: Unpack[ImportOptions]) -> Built:
    """Makes an image of a root file system and stores it: `docker import`, `tag` and `push` in one.

    `source`: a tar (plain, gzip, zstd, xz, bzip2), a directory, `-` for standard input, or an http(s) URL.
    Options: see `ImportOptions`. The same input makes the same digest. Raises NotFound, ArchiveError (what
    the file is, and which command takes it), UnsafePath, StorageError, InvalidReference, AuthError,
    NetworkError.

    >>> built = ocilot.import_rootfs(rootfs, f"{host}/base/debian:12", cmd=["/bin/bash"], created=0)
    >>> built.tag, built.config.cmd
    ('12', ('/bin/bash',))
    """
    return run(_imported(source, destination, dict(options)))


async def aimport_rootfs(source: str | Path, destination: Place, **options: Unpack[ImportOptions]) -> Built:
    """The same as `import_rootfs` for asyncio.

    >>> asyncio.run(ocilot.aimport_rootfs(rootfs, f"{host}/base/debian:13", created=0)).tag
    '13'
    """
    return await arun(_imported(source, destination, dict(options)))


def append(
    base: Place, layers: Sequence[str | Path], destination: Place, **options: Unpack[AppendOptions]
) -> Built:
    """Puts layers on top of an image, each of a tar, a directory, `-` or a URL, the lowest first.

    What the base has stays as it is, byte for byte. Options: see `AppendOptions`; errors: see
    `import_rootfs`.

    >>> built = ocilot.append(f"{host}/team/app:v1", [rootfs], f"{host}/team/app:more", created=0)
    >>> built.config.history[-1].created_by
    'ocilot append'
    """
    return run(_appended(base, layers, destination, dict(options)))


async def aappend(
    base: Place, layers: Sequence[str | Path], destination: Place, **options: Unpack[AppendOptions]
) -> Built:
    """The same as `append` for asyncio.

    >>> asyncio.run(ocilot.aappend(f"{host}/team/app:v1", [rootfs], f"{host}/team/app:2", created=0)).tag
    '2'
    """
    return await arun(_appended(base, layers, destination, dict(options)))


def mutate(source: Place, destination: Place, **options: Unpack[MutateOptions]) -> Built:
    """Changes how an image runs, and its annotations; of an index: all its images. Layers stay as they are.

    Options: see `MutateOptions`. Raises NotFound, PlatformNotFound, InvalidReference, IntegrityError.

    >>> built = ocilot.mutate(f"{host}/team/app:v1", f"{host}/team/app:v1-labels", labels={"team": "a"})
    >>> built.config.labels["team"]
    'a'
    """
    return run(_mutated(source, destination, dict(options)))


async def amutate(source: Place, destination: Place, **options: Unpack[MutateOptions]) -> Built:
    """The same as `mutate` for asyncio.

    >>> asyncio.run(ocilot.amutate(f"{host}/team/app:v1", f"{host}/team/app:user", user="app")).config.user
    'app'
    """
    return await arun(_mutated(source, destination, dict(options)))


def rebase(source: Place, new_base: Place, destination: Place, **options: Unpack[RebaseOptions]) -> Built:
    """Puts an image on another base, without building it again; of an index: all its images.

    The annotations `org.opencontainers.image.base.name` and `.digest` say what it is built on, or `old_base`.
    The lowest layers of the image must be those of that base. How the image runs does not change. Options:
    see `RebaseOptions`. Raises NotFound, PlatformNotFound, InvalidReference with the layers of both if they
    differ.

    >>> app = f"{host}/team/app"
    >>> built = ocilot.rebase(f"{app}:v1", f"{app}:v1", f"{app}:rebased", old_base=f"{app}:v1")
    >>> built.manifest.annotations["org.opencontainers.image.base.name"] == f"{app}:v1"
    True
    """
    return run(_rebased(source, new_base, destination, dict(options)))


async def arebase(
    source: Place, new_base: Place, destination: Place, **options: Unpack[RebaseOptions]
) -> Built:
    """The same as `rebase` for asyncio.

    >>> app = f"{host}/team/app"
    >>> asyncio.run(ocilot.arebase(f"{app}:v1", f"{app}:v1", f"{app}:r", old_base=f"{app}:v1")).tag
    'r'
    """
    return await arun(_rebased(source, new_base, destination, dict(options)))


def make_index(sources: Sequence[Place], destination: Place, **options: Unpack[IndexOptions]) -> Built:
    """Makes one index of several images: one name for all platforms.

    Of a source that is an index, it has all images and their attestations. Entries have media types of one
    family. Options: see `IndexOptions`. Raises NotFound, Conflict if two images have one platform.

    >>> ocilot.make_index([f"{host}/team/app:v1"], f"{host}/team/app:all").manifest.is_index
    True
    """
    return run(_indexed(sources, destination, dict(options)))


async def amake_index(sources: Sequence[Place], destination: Place, **options: Unpack[IndexOptions]) -> Built:
    """The same as `make_index` for asyncio.

    >>> asyncio.run(ocilot.amake_index([f"{host}/team/app:v1"], f"{host}/team/app:all")).tag
    'all'
    """
    return await arun(_indexed(sources, destination, dict(options)))


_RUNNING = tuple(Running.__annotations__)
_ACCESS = tuple(Access.__annotations__)
_TIME: Final = "RFC 3339, seconds since 1970 or a datetime"

Act: TypeAlias = Callable[[Sequence[End], End, dict[str, Any]], Steps[Built]]


def _imported(source: str | Path, destination: Place, options: dict[str, Any]) -> Steps[Built]:
    def act(_: Sequence[End], to: End, rest: dict[str, Any]) -> Steps[Built]:
        return build.import_rootfs(source, to.store, to.tag, changes=changes, **rest)

    check_path("source", source, "a path, - or a URL")
    changes = _changes(options)
    return _made((), destination, options, act)


def _appended(
    base: Place, layers: Sequence[str | Path], destination: Place, options: dict[str, Any]
) -> Steps[Built]:
    def act(ends: Sequence[End], to: End, rest: dict[str, Any]) -> Steps[Built]:
        (end,) = ends
        return build.append(end.store, end.reference, layers, to.store, to.tag, changes=changes, **rest)

    check_list("layers", layers, "a list of paths")
    for layer in layers:
        check_path("entry in layers", layer, "a path, - or a URL")
    changes = _changes(options)
    return _made((base,), destination, options, act)


def _mutated(source: Place, destination: Place, options: dict[str, Any]) -> Steps[Built]:
    def act(ends: Sequence[End], to: End, rest: dict[str, Any]) -> Steps[Built]:
        (end,) = ends
        return build.mutate(end.store, end.reference, to.store, to.tag, changes=changes, **rest)

    changes = _changes(options)
    return _made((source,), destination, options, act)


def _rebased(source: Place, new_base: Place, destination: Place, options: dict[str, Any]) -> Steps[Built]:
    old_base = options.pop("old_base", None)
    others: list[End] = []
    sources = (source, new_base) if old_base is None else (source, new_base, old_base)
    reader = _Reader(sources, destination, options)

    def open_place(name: str) -> tuple[Store, str]:
        others.append(reader.base(name))
        return others[-1].store, others[-1].reference

    def act(ends: Sequence[End], to: End, rest: dict[str, Any]) -> Steps[Built]:
        image, new, *old = ends
        name = f"{new.named.location}:{new.tag}" if new.named is not None and new.tag else ""
        try:
            return (
                yield from build.rebase(
                    image.store,
                    image.reference,
                    (new.store, new.reference),
                    to.store,
                    to.tag,
                    old_base=(old[0].store, old[0].reference) if old else None,
                    new_name=name,
                    open_place=open_place,
                    **rest,
                )
            )
        finally:
            for other in others:
                yield from other.close()

    return _made(sources, destination, options, act)


def _indexed(sources: Sequence[Place], destination: Place, options: dict[str, Any]) -> Steps[Built]:
    def act(ends: Sequence[End], to: End, rest: dict[str, Any]) -> Steps[Built]:
        return build.index([(end.store, end.reference) for end in ends], to.store, to.tag, **rest)

    check_list("sources", sources, "a list of images")
    return _made(sources, destination, options, act)


def _check(options: Mapping[str, Any]) -> None:
    """Raises InvalidArgument for an option of another type than expected."""
    if options.get("annotations") is not None:
        check_mapping("annotations", options["annotations"], removes=True)
    if options.get("docker") is not None:
        check_flag("docker", options["docker"])
    for name in ("compression", "owner"):
        check_type(name, options.get(name, ""), str, "a text")
    if isinstance(options.get("created"), bool):
        raise wrong_type("created", options["created"], _TIME)
    check_type("created", options.get("created"), (str, int, datetime, NoneType), _TIME)
    platform_of(options.get("platform"))


def _changes(options: dict[str, Any]) -> Changes:
    """How the image runs, taken out of the options."""
    return Changes(**{name: options.pop(name) for name in _RUNNING if name in options})


class _Reader:
    """Opens all ends. Credentials go to no other registry than they are for."""

    def __init__(self, sources: Sequence[Place], destination: Place, options: Mapping[str, Any]) -> None:
        self._destination = destination
        self._home = registry_of(destination)
        self._to_write = options_of(options, "")
        self._to_read = options_of(options, "source_")
        self._named = {registry_of(place) for place in sources}
        abroad = [place for place in sources if registry_of(place) not in ("", self._home)]
        check_one_registry(abroad, self._to_read.auth, "source_auth")
        # With sources elsewhere, what is said of sources is said of those.
        self._at_home = self._to_write if abroad else self._to_read
        for place in sources:
            self._to_write = beside(destination, self._to_write, place, self._at_home)

    def target(self) -> End:
        """The destination."""
        return end_of(self._destination, self._to_write, True)

    def source(self, place: Place) -> End:
        """A source that the caller names."""
        if self._home and registry_of(place) == self._home:
            return end_of(place, beside(place, self._at_home, self._destination, self._to_write), False)
        return end_of(place, self._to_read, False)

    def base(self, name: str) -> End:
        """The image that an annotation names, which may be on a registry that the caller knows nothing of."""
        reference = Reference.parse(name)
        if reference.registry == self._home or reference.registry in self._named:
            return self.source(reference)
        auth = self._to_read.auth if callable(self._to_read.auth) else None
        return end_of(reference, replace(self._to_read, auth=auth, tls=None), False)


def options_of(options: Mapping[str, Any], prefix: str) -> Options:
    """How a registry is reached; `prefix` is `source_` for sources."""
    return Options(
        options.get(f"{prefix}auth"),
        options.get(f"{prefix}tls"),
        options.get("retry"),
        options.get("auth_file"),
        options.get("limits"),
    )


def _made(sources: Sequence[Place], destination: Place, options: dict[str, Any], act: Act) -> Steps[Built]:
    """Opens all ends, makes the image, and closes them."""
    _check(options)
    reader = _Reader(sources, destination, options)
    rest = {name: value for name, value in options.items() if name not in _ACCESS}
    rest["limits"] = options.get("limits")
    rest["report"] = How(limits=rest["limits"], progress=options.get("progress", False)).report()
    ends: list[End] = []
    target = yield from call(reader.target)
    try:
        for place in sources:
            ends.append((yield from call(reader.source, place)))
        return (yield from act(ends, target, rest))
    finally:
        for end in (*ends, target):
            yield from end.close()
