"""`ocilot bundle`: images, charts, signatures and SBOMs in one file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocilot.cli.output import size_of
from ocilot.counting import counted
from ocilot.errors import PartialError

from .connection import Connection
from .cp import NondistributableOption, PlatformsOption
from .ls import split_place
from .order import check_files_first, check_new_file_first
from .printing import Printing, Size
from .progress import Progress
from .shared import image_command
from .values import document

if TYPE_CHECKING:
    from ocilot.archives.layout_reader import LayoutReader

app: typer.Typer = typer.Typer(help="Pack images into one file, and load it elsewhere.", no_args_is_help=True)

File = Annotated[str, typer.Argument(metavar="FILE", help="Bundle, such as images.tar.")]


@app.command("save")
@image_command
def save(
    at: Connection,
    out: Printing,
    progress: Progress,
    file: Annotated[str, typer.Argument(metavar="FILE", help="File to write; `-`: standard output.")],
    references: Annotated[list[str], typer.Argument(metavar="REF...", help="Images and artifacts.")],
    platforms: PlatformsOption = None,
    referrers: Annotated[
        bool, typer.Option("--referrers/--no-referrers", help="Also signatures, SBOMs and other referrers.")
    ] = True,
    nondistributable: NondistributableOption = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that exists.")] = False,
) -> None:
    """Pack images into a bundle, each blob once.

    After an interruption, the same command continues where it stopped. The same images make the same file.
    """
    from ocilot import bundle
    from ocilot.client.drive import run
    from ocilot.client.events import Reporter

    check_new_file_first("bundle save", file, references[0])
    items = [bundle.Item(*at.source(reference), at.full_name(reference)) for reference in references]
    saved = run(
        bundle.save(
            items,
            None if file == "-" else Path(file),
            platforms=platforms,
            referrers=referrers,
            nondistributable=nondistributable,
            replace=replace,
            report=Reporter(progress),
        )
    )
    names, blobs = counted(len(saved.names), "name"), counted(saved.blobs, "blob")
    print(f"{names}, {blobs}, {size_of(saved.bytes)}", file=sys.stderr)
    if file != "-":
        out.answer(document("bundle", **saved.to_json()), saved.file)


@app.command("load")
@image_command
def load(
    at: Connection,
    out: Printing,
    progress: Progress,
    file: File,
    destination: Annotated[
        str, typer.Argument(metavar="REGISTRY[/PREFIX]", help="Where to, such as localhost:5000/mirror.")
    ],
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Only this image of the bundle (repeatable)."),
    ] = None,
) -> None:
    """Load a bundle into a registry. No other registry is contacted.

    Every digest is verified. After an interruption, the same command continues where it stopped.
    """
    from ocilot import bundle
    from ocilot.client.drive import run
    from ocilot.client.events import Reporter

    check_files_first("bundle load", [file], destination)
    host, prefix = split_place(destination)
    registry = at.registry(host)
    place = f"{registry.host}/{prefix}".rstrip("/")
    try:
        with _opened(file) as archive:
            loaded = run(
                bundle.load(
                    archive,
                    lambda name: registry.repository(name.removeprefix(f"{registry.host}/")).store,
                    place,
                    only=only or (),
                    report=Reporter(progress),
                )
            )
    except PartialError as problem:
        if problem.result is not None:
            _loaded(out, problem.result)
        raise
    _loaded(out, loaded)


def _loaded(out: Printing, loaded: Any) -> None:
    if out.as_text:
        out.rows([{"name": name} for name in loaded.names], {"name": "NAME"})
    else:
        out.document(document("load", **loaded.to_json()))


@app.command("ls")
@image_command
def ls(out: Printing, file: File) -> None:
    """List the images of a bundle, and what belongs to them."""
    from ocilot import bundle
    from ocilot.client.drive import run

    with _opened(file) as archive:
        found = run(bundle.describe(archive))
    columns = {"name": "NAME", "kind": "KIND", "platforms": "PLATFORMS", "size": "SIZE", "digest": "DIGEST"}
    out.rows([entry.to_json() for entry in found.entries], columns)
    print(f"{counted(found.blobs, 'blob')}, {size_of(found.bytes)}", file=sys.stderr)


@app.command("verify")
@image_command
def verify(out: Printing, file: File) -> None:
    """Verify every digest of a bundle. Exit code 7 if anything is wrong or missing."""
    from ocilot import bundle
    from ocilot.client.drive import run

    with _opened(file) as archive:
        found = run(bundle.verify(archive))
    counts = {"manifests": found.manifests, "blobs": found.blobs, "bytes": found.bytes}
    out.document(
        document("bundle_verify", file=file, **counts),
        [("Manifests", found.manifests), ("Blobs", found.blobs), ("Size", Size(found.bytes))],
    )


@contextmanager
def _opened(file: str) -> Iterator[LayoutReader]:
    from ocilot.archives import open_store
    from ocilot.client.drive import run

    store: Any = open_store("-" if file == "-" else f"bundle:{file}")
    try:
        yield store
    finally:
        run(store.close())
