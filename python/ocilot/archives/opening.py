"""Opens files by what they are, and by what a location says that they are."""

from __future__ import annotations

from pathlib import Path

from ocilot.client.store import Store
from ocilot.errors import InvalidReference, NotFound
from ocilot.references import Location

from .archive_writer import DOCKER_ARCHIVE, OCI_ARCHIVE, ArchiveWriter
from .docker_archive import DockerArchive
from .kinds import Found, Kind, kind_of_directory, refuse
from .layout import LayoutStore
from .oci_archive import OciArchive
from .tar_index import TarIndex

_READ = ("oci", OCI_ARCHIVE, DOCKER_ARCHIVE, "bundle", "-")


def open_store(location: Location | str, *, compression: str = "none") -> Store:
    """Opens a layout, an archive, a bundle or standard input to be read. Blocks; close the store afterwards.

    `compression`: `gzip` compresses layers that a docker archive has uncompressed, as for a registry.
    Raises NotFound, ArchiveError (what the file is, and which command reads it), StorageError.

    >>> open_store("oci-archive:missing.tar")
    Traceback (most recent call last):
    ocilot.errors.NotFound: no file missing.tar
    """
    place = Location.parse(location) if isinstance(location, str) else location
    path = Path(place.path).expanduser()
    match place.kind:
        case "oci":
            return _layout(path)
        case "-":
            return _of_tar(TarIndex(None), compression)
        case "oci-archive" | "bundle":
            return _closing_oci(TarIndex(path), place.kind)
        case "docker-archive":
            return _closing_docker(TarIndex(path), compression)
    raise InvalidReference(
        f"{place} is not a file: expected {', '.join(f'{kind}:PATH' for kind in _READ[:4])}"
    )


def open_file(path: Path | str, *, compression: str = "none") -> Store:
    """Opens a layout or an archive, whichever it is. Blocks; see `open_store`."""
    path = Path(path).expanduser()
    if path.is_dir():
        return _layout(path)
    return _of_tar(TarIndex(path), compression)


def create_store(
    location: Location | str, *, replace: bool = False, resume: bool = False, repository: str = ""
) -> Store:
    """Opens a layout, or begins an archive, to be written. Blocks; it is whole once the store is closed.

    `replace`: an archive that exists is replaced; else Conflict is raised. A layout gets further images.
    `resume`: what an interrupted transfer received is kept, and the next one goes on from there.
    `repository`: what tags alone belong to, such as `docker.io/library/app`.
    """
    place = Location.parse(location) if isinstance(location, str) else location
    path = Path(place.path).expanduser()
    match place.kind:
        case "oci":
            if path.exists() and not path.is_dir():
                raise InvalidReference(
                    f"{path} is a file: expected a directory", hint=f"write oci-archive:{path}"
                )
            if path.is_dir() and any(path.iterdir()) and kind_of_directory(path) is Kind.DIRECTORY:
                raise refuse(Found(str(path), Kind.DIRECTORY), "an OCI layout or an empty directory")
            # A tag that was written is a name of its own; one that is not belongs to where it comes from.
            return LayoutStore(path, resume=resume, exact=True, repository="" if place.name else repository)
        case "-":
            return ArchiveWriter(None, OCI_ARCHIVE, repository=repository)
        case "oci-archive" | "bundle" | "docker-archive":
            kind = DOCKER_ARCHIVE if place.kind == DOCKER_ARCHIVE else OCI_ARCHIVE
            return ArchiveWriter(path, kind, replace=replace, resume=resume, repository=repository)
    raise InvalidReference(
        f"{place} is not a file: expected {', '.join(f'{kind}:PATH' for kind in _READ[:4])}"
    )


def _layout(path: Path) -> LayoutStore:
    if not path.exists():
        raise NotFound(f"no directory {path}")
    if not path.is_dir():
        tar = TarIndex(path)
        tar.close()
        raise refuse(tar.found, "a directory in the OCI image layout")
    if kind_of_directory(path) is Kind.DIRECTORY:
        raise refuse(Found(str(path), Kind.DIRECTORY), "an OCI layout")
    return LayoutStore(path)


def _of_tar(tar: TarIndex, compression: str) -> Store:
    if tar.found.kind is Kind.DOCKER_ARCHIVE:
        return _closing_docker(tar, compression)
    return _closing_oci(tar, "oci-archive")


def _closing_oci(tar: TarIndex, kind: str) -> OciArchive:
    try:
        return OciArchive(tar, kind)
    except BaseException:
        tar.close()
        raise


def _closing_docker(tar: TarIndex, compression: str) -> DockerArchive:
    try:
        return DockerArchive(tar, compression=compression)
    except BaseException:
        tar.close()
        raise
