"""`ocilot import`, `append`, `mutate`, `rebase` and `index`: images without a container engine."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocilot.cli.output import shown

from .connection import Connection
from .order import check_files_first
from .printing import Printing
from .progress import Progress
from .push import pairs
from .shared import image_command
from .values import document

if TYPE_CHECKING:
    from ocilot.build import Built
    from ocilot.client.events import Reporter
    from ocilot.client.steps import Steps
    from ocilot.client.store import Store


def _text(flag: str, metavar: str, help: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=help, show_default=False)


Command = Annotated[
    str | None,
    _text("--cmd", "COMMAND", "Default command, as a shell splits it, or a JSON array; empty: none."),
]
Entrypoint = Annotated[
    str | None,
    _text("--entrypoint", "COMMAND", "Entry point, as a shell splits it, or a JSON array; empty: none."),
]
Env = Annotated[
    list[str] | None, _text("--env", "NAME=VALUE", "Environment variable; `NAME-` removes one (repeatable).")
]
Labels = Annotated[
    list[str] | None, _text("--label", "NAME=VALUE", "Label; `NAME-` removes one (repeatable).")
]
User = Annotated[str | None, _text("--user", "USER[:GROUP]", "User that runs the command.")]
Workdir = Annotated[str | None, _text("--workdir", "DIR", "Working directory.")]
Ports = Annotated[
    list[str] | None, _text("--port", "PORT[/PROTOCOL]", "Exposed port, such as 80/tcp (repeatable).")
]
Created = Annotated[
    str | None,
    _text(
        "--created",
        "TIME",
        "Time of creation, such as 2026-11-21T00:00:00Z; default: $SOURCE_DATE_EPOCH, or the newest file.",
    ),
]


class Compression(StrEnum):
    """Compressions of new layers."""

    GZIP = "gzip"
    ZSTD = "zstd"
    NONE = "none"


CompressionOption = Annotated[Compression, typer.Option("--compression", help="Compression of new layers.")]
Owner = Annotated[str, _text("--owner", "UID:GID", "Owner of all new files; default: as they are.")]
Source = Annotated[str, typer.Argument(metavar="SRC", help="Image, such as alpine:3.22.")]
Destination = Annotated[
    str, typer.Argument(metavar="DST", help="Where to, such as localhost:5000/team/app:v1 or oci:DIR.")
]


@image_command
def import_(
    at: Connection,
    out: Printing,
    progress: Progress,
    rootfs: Annotated[
        str,
        typer.Argument(
            metavar="ROOTFS",
            help="Tar archive (plain, gzip, xz or zstd), directory or URL; `-`: standard input.",
        ),
    ],
    destination: Annotated[
        str, typer.Argument(metavar="REF", help="Where to, such as localhost:5000/base/debian:12.")
    ],
    cmd: Command = None,
    entrypoint: Entrypoint = None,
    env: Env = None,
    label: Labels = None,
    user: User = None,
    workdir: Workdir = None,
    port: Ports = None,
    platform: Annotated[
        str | None,
        _text(
            "--platform", "PLATFORM", "Platform of the image; default: linux and this machine's architecture."
        ),
    ] = None,
    created: Created = None,
    compression: CompressionOption = Compression.GZIP,
    owner: Owner = "",
) -> None:
    """Make an image of a root file system: a tar archive, a directory or a URL.

    Prints the digest; the same files give the same digest. For a data directory of CNCF distribution, see
    `ocilot adopt`.
    """
    from ocilot import build

    check_files_first("import", [rootfs], destination)
    changes = build.Changes(**_changes(cmd, entrypoint, env, label, user, workdir, port))
    options: dict[str, Any] = {
        "platform": platform,
        "created": created,
        "compression": compression.value,
        "owner": owner,
    }
    _built(
        at,
        out,
        progress,
        destination,
        lambda store, tag, report: build.import_rootfs(
            rootfs, store, tag, changes=changes, report=report, **options
        ),
    )


@image_command
def append(
    at: Connection,
    out: Printing,
    progress: Progress,
    base: Source,
    layers: Annotated[
        list[str], typer.Argument(metavar="LAYER...", help="Tar archives or directories, the lowest first.")
    ],
    destination: Destination,
    platform: Annotated[
        str | None,
        _text("--platform", "PLATFORM", "Image of an index to append to; default: that of this machine."),
    ] = None,
    created: Created = None,
    compression: CompressionOption = Compression.GZIP,
    owner: Owner = "",
) -> None:
    """Append layers to an image.

    Prints the digest. The layers of the base stay as they are, byte for byte.
    """
    from ocilot import build

    check_files_first(f"append {shown(base)}", layers, destination)
    store_of_base, name = at.source(base)
    options: dict[str, Any] = {
        "platform": platform,
        "created": created,
        "compression": compression.value,
        "owner": owner,
    }
    _built(
        at,
        out,
        progress,
        destination,
        lambda store, tag, report: build.append(
            store_of_base, name, layers, store, tag, report=report, **options
        ),
    )


@image_command
def mutate(
    at: Connection,
    out: Printing,
    progress: Progress,
    source: Source,
    destination: Destination,
    cmd: Command = None,
    entrypoint: Entrypoint = None,
    env: Env = None,
    label: Labels = None,
    user: User = None,
    workdir: Workdir = None,
    port: Ports = None,
    platform: Annotated[
        str | None, _text("--platform", "PLATFORM", "Only this image of an index; default: all of them.")
    ] = None,
    annotation: Annotated[
        list[str] | None,
        _text("--annotation", "NAME=VALUE", "Annotation of the manifest; `NAME-` removes one (repeatable)."),
    ] = None,
) -> None:
    """Change the configuration of an image: labels, environment, command, user, ports.

    Prints the digest. What no option names stays; an index is changed for every platform.
    """
    from ocilot import build

    given = _changes(cmd, entrypoint, env, label, user, workdir, port)
    if not given and not annotation:
        raise typer.BadParameter(
            "nothing to change: expected an option such as --label", param_hint="--label"
        )
    changes, annotations = build.Changes(**given), _pairs_or_none(annotation, "--annotation")
    store_of_source, name = at.source(source)
    _built(
        at,
        out,
        progress,
        destination,
        lambda store, tag, report: build.mutate(
            store_of_source,
            name,
            store,
            tag,
            changes=changes,
            annotations=annotations,
            platform=platform,
            report=report,
        ),
    )


@image_command
def rebase(
    at: Connection,
    out: Printing,
    progress: Progress,
    source: Source,
    new_base: Annotated[
        str, typer.Argument(metavar="NEW_BASE", help="Image to base it on, such as debian:12.")
    ],
    destination: Destination,
    old_base: Annotated[
        str | None,
        _text("--old-base", "REF", "Image it is based on now; default: what its annotations name."),
    ] = None,
) -> None:
    """Replace the base of an image.

    Prints the digest. The layers above the old base are kept as they are.
    """
    from ocilot import build

    store_of_source, name = at.source(source)
    new = at.source(new_base)
    old = None if old_base is None else at.source(old_base)
    _built(
        at,
        out,
        progress,
        destination,
        lambda store, tag, report: build.rebase(
            store_of_source,
            name,
            new,
            store,
            tag,
            old_base=old,
            new_name=at.full_name(new_base),
            open_place=at.source,
            report=report,
        ),
    )


@image_command
def index(
    at: Connection,
    out: Printing,
    progress: Progress,
    sources: Annotated[
        list[str], typer.Argument(metavar="SRC...", help="Images or indexes, each for other platforms.")
    ],
    destination: Destination,
) -> None:
    """Make an index of images for several platforms.

    Prints the digest. Images of other repositories are copied; of an index, all its images are included.
    """
    from ocilot import build

    places = [at.source(source) for source in sources]
    _built(
        at,
        out,
        progress,
        destination,
        lambda store, tag, report: build.index(places, store, tag, report=report),
    )


def _built(
    at: Connection,
    out: Printing,
    progress: Progress,
    destination: str,
    make: Callable[[Store, str, Reporter], Steps[Built]],
) -> None:
    """Makes an image at its destination, and prints its digest."""
    from ocilot.client.drive import run
    from ocilot.client.events import Reporter

    with at.target(destination) as (store, tag):
        made = run(make(store, tag, Reporter(progress)))
    if destination == "-":
        print(made.digest, file=sys.stderr)  # Standard output is the archive.
    else:
        out.answer(document("build", **made.to_json()), str(made.digest))


def _changes(
    cmd: str | None,
    entrypoint: str | None,
    env: list[str] | None,
    label: list[str] | None,
    user: str | None,
    workdir: str | None,
    port: list[str] | None,
) -> dict[str, Any]:
    """What was given, as the builders take it."""
    given = {
        "cmd": None if cmd is None else _words(cmd, "--cmd"),
        "entrypoint": None if entrypoint is None else _words(entrypoint, "--entrypoint"),
        "env": _pairs_or_none(env, "--env"),
        "labels": _pairs_or_none(label, "--label"),
        "user": user,
        "workdir": workdir,
        "ports": port or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _pairs_or_none(texts: list[str] | None, option: str) -> dict[str, str | None] | None:
    """`NAME=VALUE`, or `NAME-` to remove it."""
    if not texts:
        return None
    removed: dict[str, str | None] = {
        text[:-1]: None for text in texts if text.endswith("-") and "=" not in text
    }
    return removed | dict(pairs([text for text in texts if text[:-1] not in removed], option))


def _words(text: str, option: str) -> list[str]:
    """The words of a command."""
    try:
        found = json.loads(text) if text.lstrip().startswith("[") else shlex.split(text)
    except ValueError as problem:
        raise typer.BadParameter(f'invalid command "{shown(text)}": {problem}', param_hint=option) from None
    if not all(isinstance(word, str) for word in found):
        raise typer.BadParameter(f'invalid command "{shown(text)}": expected texts', param_hint=option)
    return list(found)
