"""Fills a store: one directory that every server here serves, so that the bytes are the same files.

docker/registry/v2/blobs/          blobs, where ocilot and distribution both keep them
docker/registry/v2/repositories/   distribution's links
ocilot/meta.sqlite                 ocilot's facts
nginx/v2/                          hard links to the same files under the paths of the protocol
targets/                           what the load generator asks for
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from .content import MIB, Manifest, Repository
from .facts import Facts, open_facts

VERSION = "1"
"""Of this layout; a store of another one is made anew."""


class Store:
    """A directory as above."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blobs = root / "docker/registry/v2/blobs"
        self.repositories = root / "docker/registry/v2/repositories"
        self.nginx = root / "nginx"
        self.database = root / "ocilot/meta.sqlite"
        self._shards: set[str] = set()

    @property
    def is_complete(self) -> bool:
        stamp = self.root / "complete"
        return stamp.exists() and stamp.read_text() == VERSION

    def target(self, name: str) -> Path:
        return self.root / "targets" / name

    def blob(self, digest: str) -> Path:
        algorithm, hex_ = digest.split(":")
        return self.blobs / algorithm / hex_[:2] / hex_ / "data"

    def write(self, chunks: Iterable[bytes]) -> tuple[str, int]:
        """The digest and the size of the blob it made."""
        staged = self.root / "staged"
        running, size = hashlib.sha256(), 0
        with staged.open("wb") as file:
            for chunk in chunks:
                running.update(chunk)
                file.write(chunk)
                size += len(chunk)
        hex_ = running.hexdigest()
        os.rename(staged, f"{self._directory(hex_)}/data")  # noqa: PTH104
        return f"sha256:{hex_}", size

    def write_whole(self, data: bytes) -> tuple[str, int]:
        """The same for bytes that are all there, in half of the time."""
        hex_ = hashlib.sha256(data).hexdigest()
        file = os.open(f"{self._directory(hex_)}/data", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(file, data)
        os.close(file)
        return f"sha256:{hex_}", len(data)

    def _directory(self, hex_: str) -> str:
        """Of a blob; made if it is not there."""
        if hex_[:2] not in self._shards:
            (self.blobs / "sha256" / hex_[:2]).mkdir(parents=True, exist_ok=True)
            self._shards.add(hex_[:2])
        directory = f"{self.blobs}/sha256/{hex_[:2]}/{hex_}"
        with suppress(FileExistsError):
            os.mkdir(directory)  # noqa: PTH102 - a million times
        return directory

    def drop_cache(self, digests: Iterable[str]) -> None:
        """Takes blobs out of the page cache, so that the next read comes from the disk."""
        for digest in digests:
            file = os.open(self.blob(digest), os.O_RDONLY)
            try:
                os.fsync(file)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)

    def forget(self, repository: str) -> None:
        """Undoes what was pushed into a repository, and those numbered after it, by whichever server."""
        with open_facts(self.database) as facts:
            gone = facts.forget(repository)
        place = self.repositories / repository
        for directory in (place, *place.parent.glob(f"{place.name}-[0-9]*")):
            links = directory / "_layers/sha256"
            if links.is_dir():
                gone += [f"sha256:{path.name}" for path in links.iterdir()]
            shutil.rmtree(directory, ignore_errors=True)
        for digest in set(gone):
            path = self.blob(digest)
            # More links: other servers serve it, so it was there before.
            if path.exists() and path.stat().st_nlink == 1:
                path.unlink()
                path.parent.rmdir()


def ensure(
    root: Path, make: Callable[[], Iterable[Repository]], new_database: Callable[[Path], None]
) -> Store:
    """The store, filled unless it is. `new_database` has the registry make an empty one."""
    store = Store(root)
    if store.is_complete:
        return store
    shutil.rmtree(root, ignore_errors=True)
    (root / "targets").mkdir(parents=True)
    new_database(root)
    with open_facts(store.database) as facts:
        for repository in make():
            fill(store, facts, repository)
    os.sync()
    (root / "complete").write_text(VERSION)
    return store


def fill(store: Store, facts: Facts, repository: Repository) -> None:
    identity = facts.repository(repository.name)
    blobs = [
        store.write_whole(next(blob.chunks())) if 0 < blob.size <= MIB else store.write(blob.chunks())
        for blob in repository.blobs()
    ]
    facts.links(identity, blobs)
    base = store.repositories / repository.name
    is_pulled = not (repository.only_ocilot or repository.only_listed)
    if not repository.only_ocilot:
        link_layers(base, blobs)
    if is_pulled:
        publish(store, f"v2/{repository.name}/blobs", ((digest, digest) for digest, _ in blobs))
    tags: list[str] = []
    for manifest in repository.manifests():
        if not store.blob(manifest.digest).exists():
            store.write_whole(manifest.data)
        facts.manifest(identity, repository.name, manifest)
        tags += manifest.tags
        if is_pulled:
            link_manifest(base, manifest)
            names = ((tag, manifest.digest) for tag in manifest.tags)
            publish(store, f"v2/{repository.name}/manifests", names)
        elif repository.only_listed:
            list_tags(base, manifest.tags)
    if repository.name.startswith("bench/"):
        write_targets(store, repository.name, [digest for digest, _ in blobs], tags)


def publish(store: Store, place: str, files: Iterable[tuple[str, str]]) -> None:
    """Puts files where nginx looks for them, as further names of the same bytes."""
    directory = store.nginx / place
    directory.mkdir(parents=True, exist_ok=True)
    for name, digest in files:
        os.link(store.blob(digest), directory / name)


def link_layers(base: Path, blobs: Iterable[tuple[str, int]]) -> None:
    """What makes blobs part of a repository for distribution."""
    layers = base / "_layers/sha256"
    layers.mkdir(parents=True)
    for digest, _ in blobs:
        place = layers / digest.removeprefix("sha256:")
        place.mkdir()
        (place / "link").write_text(digest)


def link_manifest(base: Path, manifest: Manifest) -> None:
    """What makes a manifest and its tags part of a repository for distribution."""
    revision = base / "_manifests/revisions/sha256" / manifest.digest.removeprefix("sha256:")
    revision.mkdir(parents=True)
    (revision / "link").write_text(manifest.digest)
    for tag in manifest.tags:
        current = base / "_manifests/tags" / tag / "current"
        current.mkdir(parents=True)
        (current / "link").write_text(manifest.digest)


def list_tags(base: Path, tags: Iterable[str]) -> None:
    """What distribution reads of tags when it lists them: the directory's names and nothing below them."""
    directory = base / "_manifests/tags"
    for tag in tags:
        (directory / tag).mkdir(parents=True)


def write_targets(store: Store, repository: str, digests: list[str], tags: list[str]) -> None:
    """Paths for the load generator, in the order of the seeds."""
    short = repository.removeprefix("bench/")
    lists = {
        f"{short}-blobs": [f"/v2/{repository}/blobs/{digest}" for digest in digests],
        f"{short}-tags": [f"/v2/{repository}/manifests/{tag}" for tag in tags],
        f"{short}-mounts": [f"{digest} {repository}" for digest in digests],
        f"{short}-digests": digests,
    }
    for name, lines in lists.items():
        if lines:
            store.target(name).write_text("\n".join(lines) + "\n")
