"""Artifacts: files that are pushed and pulled as oras does, with titles, annotations and a subject."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final, TypeAlias

from ocilot import full_disk
from ocilot.arguments import check_mapping, check_path, check_text, check_type
from ocilot.errors import InvalidReference, StorageError, UnsafePath
from ocilot.oci import Descriptor, Digest, Manifest, digest_of
from ocilot.oci.digest import Hasher
from ocilot.oci.media_types import OCI_EMPTY, OCI_MANIFEST
from ocilot.references import parse_tag

from .charts import CHART_CONFIG, PROVENANCE, chart_file
from .context import Context
from .events import BlobFinished, BlobProgress, BlobStarted, ManifestPushed
from .options import MIB
from .registry_store import RegistryStore
from .selection import part_that_decides
from .steps import Steps, call, parallel
from .store import Outcome, Store
from .streams import of_bytes, of_file
from .transfer import Download, fetch

TITLE: Final = "org.opencontainers.image.title"
FILE_TYPE: Final = "application/octet-stream"
ARTIFACT_TYPE: Final = "application/vnd.unknown.artifact.v1"
EMPTY: Final = b"{}"
LARGEST: Final = 1 << 62

File: TypeAlias = str | os.PathLike[str] | tuple[str | os.PathLike[str], str]
Subject: TypeAlias = str | Descriptor


def descriptor_of(store: Store, blob: str | Descriptor) -> Steps[Descriptor]:
    """The descriptor of a blob; of a digest alone, with the size that the store has for it."""
    if isinstance(blob, Descriptor):
        return blob
    digest = Digest(blob)
    if isinstance(store, RegistryStore):
        return Descriptor(FILE_TYPE, digest, (yield from store.size(digest)))
    # Others give what there is, at most what is asked for.
    stream = yield from store.open(Descriptor(FILE_TYPE, digest, LARGEST))
    size = stream.size or 0
    yield from stream.close()
    return Descriptor(FILE_TYPE, digest, size)


def push(
    store: Store,
    files: Sequence[File],
    artifact_type: str,
    annotations: Mapping[str, str],
    subject: Subject | None,
    tag: str,
    context: Context,
) -> Steps[Digest]:
    """Pushes files, then the manifest that names them."""
    _check(files, artifact_type, annotations, subject)
    if tag:
        parse_tag(tag)
    refers_to = None if subject is None else (yield from _subject(store, subject))
    layers: list[Descriptor] = yield from parallel(
        [partial(_push_file, store, file, context) for file in files], context.limits.connections
    )
    empty = yield from push_bytes(store, EMPTY, OCI_EMPTY)
    fields: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type or ARTIFACT_TYPE,
        "config": empty.to_json(),
        "layers": [layer.to_json() for layer in layers or [empty]],
    }
    if refers_to is not None:
        fields["subject"] = refers_to.to_json()
    if annotations:
        fields["annotations"] = dict(annotations)
    manifest = Manifest.of(fields)
    yield from store.put_manifest(manifest, tag)
    context.report(ManifestPushed(manifest.digest, tag))
    return manifest.digest


def _check(files: Sequence[object], artifact_type: object, annotations: object, subject: object) -> None:
    """Raises InvalidArgument for arguments of other types, before anything is pushed."""
    for file in files:
        if isinstance(file, tuple) and len(file) == 2:
            check_path("path of a file", file[0])
            check_text("media type of a file", file[1], "a text such as application/json")
        else:
            check_path("file", file, "a path, or a pair of a path and a media type")
    check_text("artifact type", artifact_type, "a media type")
    check_mapping("annotations", annotations)
    if subject is not None:
        check_type("subject", subject, (str, Descriptor), "a tag, a digest or a Descriptor")


def push_bytes(store: Store, data: bytes, media_type: str) -> Steps[Descriptor]:
    """Pushes a small blob."""
    descriptor = Descriptor(media_type, digest_of(data), len(data))
    yield from store.put(descriptor, partial(of_bytes, data))
    return descriptor


def _subject(store: Store, subject: Subject) -> Steps[Descriptor]:
    found = subject
    if isinstance(found, str):
        found = yield from store.resolve(part_that_decides(found))
    return Descriptor(found.media_type, found.digest, found.size)


def _push_file(store: Store, file: File, context: Context) -> Steps[Descriptor]:
    path, media_type = file if isinstance(file, tuple) else (file, FILE_TYPE)
    return (yield from push_file(store, os.fspath(path), media_type, {TITLE: title_of(path)}, context))


def push_file(
    store: Store, path: str, media_type: str, annotations: Mapping[str, str], context: Context
) -> Steps[Descriptor]:
    """Pushes a file as a blob."""
    digest, size = yield from call(_hash, path)
    descriptor = Descriptor(media_type, digest, size, annotations)
    context.report(BlobStarted(digest, size, media_type))
    outcome = yield from store.put(descriptor, partial(of_file, path, size))
    context.report(BlobFinished(digest, size, outcome))
    return descriptor


def title_of(path: str | os.PathLike[str]) -> str:
    """What a file is called in an artifact: a relative path as it is, else its last part."""
    text = Path(path).as_posix()
    if Path(path).is_absolute() or ".." in PurePosixPath(text).parts:
        return Path(path).name
    return text


def _hash(path: str) -> tuple[Digest, int]:
    try:
        with Path(path).open("rb") as file:
            if stat.S_ISDIR(os.fstat(file.fileno()).st_mode):
                raise IsADirectoryError
            hasher = Hasher()
            while data := file.read(MIB):
                hasher.update(data)
            return hasher.digest, hasher.size
    except IsADirectoryError:
        raise StorageError(
            f"{path} is a directory: expected a file", hint="pack it into a tar first"
        ) from None
    except OSError as problem:
        raise StorageError(f"cannot read {path}: {problem.strerror}") from None


def pull(store: Store, reference: str, directory: Path, context: Context) -> Steps[list[Path]]:
    """Writes the files of an artifact."""
    manifest = yield from store.manifest(part_that_decides(reference))
    if manifest.is_index:
        raise InvalidReference(
            f"{reference} of {store.location} is an index of images, not an artifact", hint="use get or copy"
        )
    names = yield from _names(store, manifest, context)
    if not names:
        raise InvalidReference(
            f"{reference} of {store.location} has no files with a title", hint="use get for images"
        )
    targets = [(blob, directory / safe(name, store.location)) for blob, name in names]
    yield from parallel(
        [partial(_pull_file, store, blob, directory, target, context) for blob, target in targets],
        context.limits.connections,
    )
    return [target for _, target in targets]


def _names(store: Store, manifest: Manifest, context: Context) -> Steps[list[tuple[Descriptor, str]]]:
    """Layers with their titles; a Helm chart has none, its config names it."""
    found = [(layer, layer.annotations[TITLE]) for layer in manifest.layers if TITLE in layer.annotations]
    if found or manifest.config is None or manifest.config.media_type != CHART_CONFIG:
        return found
    file = chart_file((yield from fetch(store, manifest.config, context.limits.blob)), store.location)
    return [(layer, file + (".prov" if layer.media_type == PROVENANCE else "")) for layer in manifest.layers]


def safe(title: str, location: str) -> str:
    """A title as a path below a directory. Raises UnsafePath on every system for what is one on any."""
    path = PurePosixPath(title)
    odd = "\\" in title or ":" in title or "\0" in title or PureWindowsPath(title).drive
    if not title or odd or path.is_absolute() or ".." in path.parts or not path.parts:
        raise UnsafePath(f"invalid title {title!r} in {location}: expected a relative path without ..")
    return str(path)


def _pull_file(
    store: Store, blob: Descriptor, directory: Path, target: Path, context: Context
) -> Steps[None]:
    context.report(BlobStarted(blob.digest, blob.size, blob.media_type))
    yield from call(_prepare, directory, target)
    download = Download(store, blob, lambda done: context.report(BlobProgress(blob.digest, blob.size, done)))
    yield from save(download, target)
    outcome = Outcome.RESUMED if download.resumed else Outcome.COPIED
    context.report(BlobFinished(blob.digest, blob.size, outcome))


def _prepare(directory: Path, target: Path) -> None:
    """Makes the directories of a file; one that is a link could lead elsewhere."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        place = directory
        for part in target.relative_to(directory).parts[:-1]:
            place = place / part
            if place.is_symlink():
                raise UnsafePath(f"{place} is a symbolic link: files are not written through it")
            place.mkdir(exist_ok=True)
    except OSError as problem:
        hint = full_disk.hint(problem, target)
        raise StorageError(f"cannot make the directory of {target}: {problem.strerror}", hint=hint) from None


def save(download: Download, target: Path, chunk: int = MIB) -> Steps[None]:
    """Writes a blob to a file that is complete or absent. Raises StorageError."""
    stream = yield from download.open()
    try:
        file, temporary = yield from call(_temporary, target)
        try:
            while data := (yield from stream.read(chunk)):
                yield from call(_write, file, data, target)
            yield from call(_finish, file, temporary, target)
        except BaseException:
            _discard(file, temporary)
            raise
    finally:
        yield from stream.close()


def _unwritable(target: Path, problem: OSError) -> StorageError:
    return StorageError(
        f"cannot write {target}: {problem.strerror}", hint=full_disk.hint(problem, target.parent)
    )


def _temporary(target: Path) -> tuple[int, str]:
    try:
        path = target.with_name(f".{target.name[:100]}.{os.urandom(6).hex()}")
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), str(path)
    except OSError as problem:
        raise _unwritable(target, problem) from None


def _write(file: int, data: bytes, target: Path) -> None:
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
    except OSError as problem:
        raise _unwritable(target, problem) from None


def _finish(file: int, temporary: str, target: Path) -> None:
    try:
        os.close(file)
        Path(temporary).replace(target)
    except OSError as problem:
        raise _unwritable(target, problem) from None


def _discard(file: int, temporary: str) -> None:
    for undo in (partial(os.close, file), partial(os.unlink, temporary)):
        try:
            undo()
        except OSError:
            continue
