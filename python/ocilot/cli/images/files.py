"""`ocilot files` and `ocilot cat`: what is inside an image, without unpacking it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from ocilot.cli.output import shown
from ocilot.errors import ArchiveError, InvalidReference

from .connection import Connection
from .order import check_image_first
from .printing import Printing, refuse_binary, write_bytes
from .shared import PlatformOption, ReferenceArgument, image_command

if TYPE_CHECKING:
    from ocilot.layers import ImagePath
    from ocilot.layers.file_entry import FileEntry

PIECE = 1 << 20
"""Bytes of a file that are written at once."""


@image_command
def files(
    at: Connection,
    out: Printing,
    reference: ReferenceArgument,
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="Directory or file, such as /etc; default: all.", show_default=False
        ),
    ] = "",
    long: Annotated[bool, typer.Option("--long", "-l", help="Also mode, owner, size and time.")] = False,
    platform: PlatformOption = None,
) -> None:
    """List the files of an image.

    Directories end with a slash. Files that a later layer deletes are not listed.
    """
    check_image_first("files", reference, path)
    repo, name = at.opened(reference)
    image = repo.get(name, platform=platform)
    columns = {"name": "NAME"}
    if long:
        columns = {"mode": "MODE", "owner": "OWNER", "size": "SIZE", "mtime": "TIME", "name": "NAME"}
    found = _rows(image.files(), path, out.as_text)
    first = next(found, None)
    if first is None and path.strip("/"):
        # Raises NotFound, if it is not the link of a directory.
        image.root().joinpath(path.strip("/")).stat()
    out.rows(found if first is None else chain([first], found), columns)


def _rows(entries: Iterator[FileEntry], path: str, as_text: bool) -> Iterator[dict[str, Any]]:
    """The entries below a path."""
    wanted = path.strip("/")
    for entry in entries:
        if wanted and entry.path != wanted and not entry.path.startswith(wanted + "/"):
            continue
        yield _text_row(entry) if as_text else entry.to_json()


def _text_row(entry: FileEntry) -> dict[str, Any]:
    kind = str(entry.type)
    ending = {"directory": "/", "symlink": f" -> {_readable(entry.linkname)}"}.get(kind, "")
    return {
        "name": f"/{_readable(entry.path)}{ending}",
        "mode": entry.permissions,
        "owner": f"{entry.uid}:{entry.gid}",
        "size": entry.size,
        "mtime": entry.modified,
    }


def _readable(name: str) -> str:
    """Bytes that are not UTF-8 as `\\xff`."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


@image_command
def cat(
    at: Connection,
    reference: ReferenceArgument,
    path: Annotated[str, typer.Argument(metavar="PATH", help="File in the image, such as /etc/os-release.")],
    platform: PlatformOption = None,
) -> None:
    """Print a file of an image.

    Symbolic links are followed inside the image. Of a layer that can be read in parts (eStargz, zstd:chunked)
    only the part with the file is fetched. A binary file is not printed on a terminal.
    """
    check_image_first("cat", reference, path)
    repo, name = at.opened(reference)
    image = repo.get(name, platform=platform)
    found = image.root().joinpath(path.lstrip("/"))
    with _file(found, reference) as file:
        while data := file.read(PIECE):
            refuse_binary(data, shown(found), f"ocilot cat {shown(reference)} {shown(found)}")
            write_bytes(data)


def _file(found: ImagePath, reference: str) -> IO[bytes]:
    try:
        return found.open("rb")
    except ArchiveError:
        if not found.is_dir():
            raise
        hint = f"list it: ocilot files {shown(reference)} {shown(found)}"
        raise InvalidReference(f"{shown(found)} is a directory: expected a file", hint=hint) from None
