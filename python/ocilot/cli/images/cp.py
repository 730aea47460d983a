"""`ocilot cp`: a copy from any location to any other."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import typer

from ocilot.errors import PartialError

from .connection import Connection
from .printing import Printing
from .progress import Progress
from .shared import image_command
from .values import document


class Referrers(StrEnum):
    """Whether signatures, SBOMs and other referrers are copied."""

    NO = "no"
    YES = "yes"
    REQUIRED = "required"


ReferrersOption = Annotated[
    Referrers,
    typer.Option(
        "--referrers",
        help="Copy signatures, SBOMs and other referrers; `required`: fail if the destination rejects one, "
        "instead of exit code 8.",
    ),
]
NondistributableOption = Annotated[
    bool,
    typer.Option(
        "--include-nondistributable",
        help="Also layers of Windows that registries may not have, if need be from their URLs; default: only "
        "their descriptors.",
    ),
]
SourceAuthOption = Annotated[
    str | None,
    typer.Option(
        "--source-auth-file",
        metavar="FILE",
        help="Credentials file for the source; default: as for the destination.",
        show_default=False,
    ),
]
PlatformsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--platform",
        metavar="PLATFORM",
        help="Only this platform, such as linux/arm64 (repeatable); default: all.",
    ),
]


@image_command
def cp(
    at: Connection,
    out: Printing,
    progress: Progress,
    source: Annotated[
        str,
        typer.Argument(metavar="SRC", help="Image, such as alpine:3.22, oci:DIR:v1 or docker-archive:FILE."),
    ],
    destination: Annotated[
        str,
        typer.Argument(
            metavar="DST", help="Where to, such as localhost:5000/alpine:3.22 or oci-archive:FILE."
        ),
    ],
    platforms: PlatformsOption = None,
    referrers: ReferrersOption = Referrers.NO,
    nondistributable: NondistributableOption = False,
    source_auth_file: SourceAuthOption = None,
) -> None:
    """Copy an image, from anywhere to anywhere.

    Prints the digest. Blobs that the destination has are not sent again; an interrupted copy continues where
    it stopped.
    """
    ends = Ends(at.with_credentials(source_auth_file), at)
    try:
        result = copy(ends, source, destination, progress, platforms, referrers, nondistributable)
    except PartialError as problem:
        if problem.result is not None:
            _answer(out, problem.result, destination)
        raise
    _answer(out, result, destination)


class Ends(NamedTuple):
    """How the two ends of a copy are reached."""

    source: Connection
    destination: Connection


def copy(
    at: Ends,
    source: str,
    destination: str,
    progress: Any,
    platforms: list[str] | None = None,
    referrers: Referrers = Referrers.NO,
    nondistributable: bool = False,
) -> Any:
    """Copies between two locations of the command line; the answer is a CopyResult."""
    from ocilot import verbs

    wanted: Any = {Referrers.NO: False, Referrers.YES: True, Referrers.REQUIRED: "required"}[referrers]
    # Checked first: a destination that is refused costs no request.
    into = at.destination.end(destination, writes=True)
    return verbs.copy(
        at.source.end(source),
        into,
        platforms=platforms,
        referrers=wanted,
        nondistributable=nondistributable,
        progress=progress,
    )


def _answer(out: Printing, result: Any, destination: str) -> None:
    if destination == "-":
        print(result.digest, file=sys.stderr)  # Standard output is the archive.
        return
    out.answer(document("copy", **result.to_json()), str(result.digest))
