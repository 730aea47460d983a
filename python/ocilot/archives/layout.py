"""A directory in the OCI image layout, which several programs may write at the same time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from ocilot.client.steps import Steps, call
from ocilot.client.store import Opener, Outcome
from ocilot.errors import ArchiveError, NotFound
from ocilot.oci import Descriptor, Digest, Manifest

from . import index_entries as names
from .files import LocalFile, Writer, create, explained, publish, receive, replaced
from .layout_reader import LayoutReader, described
from .locks import locked, try_lock

MANIFEST_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of the largest manifest, or `index.json`, that is read."""


class LayoutStore(LayoutReader):
    """An OCI image layout. Its tags are the names in `index.json`.

    >>> from ocilot.client.drive import run
    >>> import tempfile
    >>> store = LayoutStore(Path(tempfile.mkdtemp()) / "images")
    >>> run(store.put_manifest(Manifest.of({"schemaVersion": 2, "manifests": []}), "empty"))
    >>> list(run(store.tags()).items)
    ['empty']
    """

    def __init__(
        self, directory: Path, *, resume: bool = False, exact: bool = False, repository: str = ""
    ) -> None:
        """`resume`: what an interrupted `put` has received is kept, and the next one goes on from there.

        `exact`: a name means only what it would replace. `repository`: what tags alone belong to.
        """
        self.directory = directory
        self.location: str = f"oci:{directory}"
        self._resume = resume
        self._exact = exact
        self._repository = repository
        self._loose: dict[Digest, Descriptor] = {}

    def _index_bytes(self) -> bytes:
        path = self.directory / "index.json"
        try:
            with explained("read", path):
                return _small(path)
        except Exception as problem:
            if isinstance(problem.__cause__, FileNotFoundError):
                raise NotFound(f"no image in {self.location}: {path} does not exist") from None
            raise

    def _blob_bytes(self, digest: Digest) -> bytes | None:
        path = self._path(digest)
        if not path.is_file():
            return None
        with explained("read", path):
            return _small(path)

    def _blob_size(self, digest: Digest) -> int | None:
        path = self._path(digest)
        try:
            with explained("read", path):
                return path.stat().st_size if path.is_file() else None
        except Exception:
            return None

    def _open(self, blob: Descriptor) -> tuple[LocalFile, int, int]:
        path = self._path(blob.digest)
        if not path.is_file():
            raise NotFound(f"no blob {blob.digest} in {self.location}")
        file = LocalFile.at(path)
        return file, 0, file.size

    def put(self, blob: Descriptor, source: Opener, mount_from: str = "") -> Steps[Outcome]:
        """Stores a blob: received beside its place, verified, written through, renamed."""
        del mount_from
        if (yield from self.has(blob)):
            return Outcome.EXISTED
        path = self._path(blob.digest)
        yield from call(self._prepare, path.parent)
        temporary, file = yield from call(self._partial, path)
        whole = False
        try:
            writer = Writer(LocalFile(file, str(path)), 0, blob.digest.algorithm)
            if self._resume:
                yield from call(writer.read_back, blob.size)
            resumed = yield from receive(blob, source, writer)
            yield from call(_finish, file, temporary, path, blob.size)
            whole = True
        finally:
            file.close()
            if not whole and not self._resume:
                temporary.unlink(missing_ok=True)
        return Outcome.RESUMED if resumed else Outcome.COPIED

    def _partial(self, path: Path) -> tuple[Path, BinaryIO]:
        if not self._resume:
            return create(path.parent, path.name)
        temporary, file = create(path.parent, path.name, keep=True)
        if try_lock(file):
            return temporary, file
        # Another program receives the same blob: this one does it for itself.
        file.close()
        return create(path.parent, path.name)

    def put_manifest(self, manifest: Manifest, tag: str = "") -> Steps[None]:
        """Stores a manifest. `tag`: a tag, or a full name such as `host/name:tag`.

        Without a tag it is listed when the store is closed, unless an index of the layout lists it.
        """
        yield from call(self._put_manifest, manifest, tag)

    def _put_manifest(self, manifest: Manifest, tag: str) -> None:
        path = self._path(manifest.digest)
        if not path.is_file():
            self._prepare(path.parent)
            with replaced(path) as file:
                file.write(manifest.raw)
        entry = described(manifest)
        for child in manifest.manifests:
            self._loose.pop(child.digest, None)
        if tag:
            self._loose.pop(manifest.digest, None)
            self._change(lambda entries: names.add(entries, entry, self._full(tag)))
        elif manifest.subject is not None:
            self._change(lambda entries: names.add(entries, entry))
        else:
            self._loose[manifest.digest] = entry

    def untag(self, tag: str) -> Steps[None]:
        """Removes a name from `index.json`. Raises NotFound."""
        yield from call(self._untag, tag)

    def _untag(self, tag: str) -> None:
        def without(entries: Sequence[Descriptor]) -> Sequence[Descriptor]:
            found = names.choose(entries, tag, self.location)
            kept = [entry for entry in entries if entry != found]
            if any(entry.digest == found.digest for entry in kept):
                return kept
            # Only the name goes: the manifest is still found by its digest.
            plain = {
                k: v for k, v in found.annotations.items() if k not in (names.REF_NAME, names.IMAGE_NAME)
            }
            return [*kept, found.with_(annotations=plain)]

        self._change(without)

    def delete(self, digest: Digest) -> Steps[None]:
        """Removes a manifest and its names; blobs stay, as others may use them. Raises NotFound."""
        yield from call(self._delete, digest)

    def _delete(self, digest: Digest) -> None:
        path = self._path(digest)
        if not path.is_file():
            raise NotFound(f"no manifest {digest} in {self.location}")
        self._change(lambda entries: [entry for entry in entries if entry.digest != digest])
        with explained("remove", path):
            path.unlink(missing_ok=True)

    def close(self) -> Steps[None]:
        """Lists manifests that were put without a tag and that no index lists."""
        if self._loose:
            yield from call(self._list_loose)

    def _list_loose(self) -> None:
        loose, self._loose = list(self._loose.values()), {}

        def with_loose(entries: Sequence[Descriptor]) -> Sequence[Descriptor]:
            found = list(entries)
            for entry in loose:
                found = names.add(found, entry)
            return found

        self._change(with_loose)

    def _change(self, change: Callable[[Sequence[Descriptor]], Sequence[Descriptor]]) -> None:
        """Reads `index.json`, changes it and writes it, while no other program does."""
        self._prepare(self.directory)
        path = self.directory / "index.json"
        with _layout_lock(self.directory):
            fields: dict[str, Any] | None = None
            entries: Sequence[Descriptor] = ()
            if path.exists():
                fields, entries = names.parse(_small(path), self.location)
            changed = change(entries)
            if list(changed) != list(entries) or fields is None:
                with replaced(path) as file:
                    file.write(names.render(changed, fields))

    def _prepare(self, directory: Path) -> None:
        with explained("create", directory):
            directory.mkdir(parents=True, exist_ok=True)
        if not (self.directory / "oci-layout").exists():
            with _layout_lock(self.directory):
                pass

    def _path(self, digest: Digest) -> Path:
        return self.directory / "blobs" / digest.algorithm / digest.hex


def _finish(file: BinaryIO, temporary: Path, path: Path, size: int) -> None:
    with explained("write", path):
        file.truncate(size)
        file.flush()
        os.fsync(file.fileno())
        if os.name == "nt":
            file.close()
    publish(temporary, path)


def _small(path: Path) -> bytes:
    with path.open("rb") as file:
        found = file.read(MANIFEST_LIMIT + 1)
    if len(found) > MANIFEST_LIMIT:
        raise ArchiveError(f"{path} is larger than {MANIFEST_LIMIT} bytes: expected a manifest")
    return found


@contextlib.contextmanager
def _layout_lock(directory: Path) -> Iterator[None]:
    """Keeps other programs out: `oci-layout` is in every layout and is never replaced, so it is the lock."""
    path = directory / "oci-layout"
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    with explained("write", path), os.fdopen(os.open(path, flags, 0o666), "r+b") as file, locked(file):
        if not file.read(1):
            file.write(names.LAYOUT)
            file.flush()
            os.fsync(file.fileno())
        yield
