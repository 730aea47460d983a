"""`ocilot push` and `ocilot pull`: files as artifacts, archives of images."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocilot.cli.output import shown
from ocilot.errors import InvalidReference

from .connection import Connection
from .cp import Ends, copy
from .order import check_files_first
from .printing import Printing
from .progress import Progress
from .shared import PlatformOption, image_command
from .values import document, is_image

if TYPE_CHECKING:
    from ocilot.client.repository import Repository
    from ocilot.oci import Manifest

ARCHIVES = ("oci:", "oci-archive:", "docker-archive:", "bundle:")


@image_command
def push(
    at: Connection,
    out: Printing,
    progress: Progress,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Files, each with its media type if there is one: FILE[:TYPE]; or one "
            "archive of images, such as docker-archive:FILE.",
        ),
    ],
    reference: Annotated[
        str, typer.Argument(metavar="REF", help="Where to, such as localhost:5000/team/app:v1.")
    ],
    artifact_type: Annotated[
        str,
        typer.Option(
            "--artifact-type",
            metavar="TYPE",
            help="Artifact type, such as application/spdx+json.",
            show_default=False,
        ),
    ] = "",
    annotation: Annotated[
        list[str] | None,
        typer.Option(
            "--annotation", "-a", metavar="NAME=VALUE", help="Annotation of the manifest (repeatable)."
        ),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(
            "--subject",
            metavar="TAG|DIGEST",
            help="Image in the same repository that the artifact refers to; REF then needs no tag.",
        ),
    ] = None,
) -> None:
    """Push files as an artifact, or an archive of images.

    Prints the digest. An archive is pushed image by image: to REF if there is one image, else below the
    registry and path of REF, each by its own name.
    """
    del progress  # The registry reports to it.
    if len(files) == 1 and files[0].startswith(ARCHIVES):
        _push_archive(at, out, files[0], reference)
        return
    check_files_first("push", map(_path, files), reference)
    found = at.reference(reference, writes=True)
    repo = at.repository(found)
    tag = found.tag if subject is None else _written_tag(reference)
    notes = dict(pairs(annotation, "--annotation"))
    digest = repo.push(
        *map(_file, files), artifact_type=artifact_type, annotations=notes, subject=subject, tag=tag
    )
    data = document("push", repository=repo.location, tag=tag or None, digest=str(digest))
    out.answer(data, str(digest))


def _written_tag(reference: str) -> str:
    """The tag of what refers to an image, which as `latest` would take the place of one: none is meant."""
    return reference.partition("@")[0].rpartition("/")[2].partition(":")[2]


def _file(text: str) -> Any:
    """FILE, or FILE:TYPE if TYPE is a media type and no file has the whole name."""
    path, colon, media_type = text.rpartition(":")
    if not colon or "/" not in media_type or Path(text).exists():
        return Path(text)
    return Path(path), media_type


def _path(text: str) -> str:
    """FILE of the same."""
    found = _file(text)
    return str(found[0] if isinstance(found, tuple) else found)


def pairs(texts: list[str] | None, option: str) -> list[tuple[str, str]]:
    """`NAME=VALUE` of a repeatable option."""
    found = []
    for text in texts or []:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f'invalid value "{shown(text)}": expected NAME=VALUE', param_hint=option)
        found.append((name, value))
    return found


def _push_archive(at: Connection, out: Printing, archive: str, reference: str) -> None:
    repo, name = at.opened(archive)
    names = [name] if name else [tag.name for tag in repo.tags()]
    if len(names) < 2:
        result = copy(Ends(at, at), archive, reference, at.on_event)
        out.answer(document("copy", **result.to_json()), str(result.digest))
        return
    place = at.reference(reference, writes=True)
    if place.tag not in ("", "latest") or place.digest:
        raise InvalidReference(
            f"invalid destination {shown(reference)} of {len(names)} images: "
            "expected a repository without a tag",
            hint=f"write {place.location}, or choose one image: {archive}:{names[0]}",
        )
    targets: dict[str, str] = {}
    for name in names:
        target = place.location + _below(name)
        if target in targets:
            raise InvalidReference(
                f"{targets[target]} and {name} of {archive} would both be {target}",
                hint=f"push them one by one: ocilot push {archive}:{name} REF",
            )
        targets[target] = name
    results = [
        copy(Ends(at, at), f"{archive}:{name}", target, at.on_event) for target, name in targets.items()
    ]
    rows = [document("copy", **result.to_json()) for result in results]
    out.rows(rows, {"digest": "DIGEST", "destination": "DESTINATION"})


def _below(name: str) -> str:
    """What is added to a repository for an image of an archive: its tag, or its name without the registry."""
    from ocilot.references import Reference

    if "/" not in name and ":" not in name:
        return f":{name}"
    found = Reference.parse(name)
    return f"/{found.repository.removeprefix('library/')}:{found.tag or 'latest'}"


@image_command
def pull(
    at: Connection,
    out: Printing,
    progress: Progress,
    reference: Annotated[
        str, typer.Argument(metavar="REF", help="Artifact or image, such as localhost:5000/team/app:v1.")
    ],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory.")] = Path(),
    platform: PlatformOption = None,
    unpack: Annotated[
        bool,
        typer.Option(
            "--unpack",
            help="Unpack the root file system of an image into the directory, which must be new or empty.",
        ),
    ] = False,
) -> None:
    """Pull the files of an artifact, or an image as an OCI layout.

    Prints the paths of the files. No file is written outside of the directory.
    """
    repo, name = at.opened(reference)
    manifest = repo.manifest(name)
    if unpack:
        _unpack(repo, repo.get(name, platform=platform).manifest, directory)
        paths = [directory]
    elif manifest.is_index or is_image(manifest):
        if directory == Path():
            raise typer.BadParameter("is missing: expected the directory of an OCI layout", param_hint="DIR")
        wanted = None if platform is None else [platform]
        tag = "" if ":" in name else name
        copy(Ends(at, at), reference, f"oci:{directory}:{tag}".rstrip(":"), progress, wanted)
        paths = [directory]
    else:
        paths = repo.pull(name, directory)
    out.rows([{"path": str(path)} for path in paths], {"path": "PATH"})
    print(f"pulled {manifest.digest}", file=sys.stderr)


def _unpack(repo: Repository, manifest: Manifest, directory: Path) -> None:
    from ocilot.client.files import sources_of
    from ocilot.client.options import Limits
    from ocilot.layers import unpack_whole

    if not is_image(manifest):
        raise typer.BadParameter(
            "expected an image: an artifact has no root file system", param_hint="--unpack"
        )
    done = unpack_whole(sources_of(repo.store, manifest, Limits()), directory)
    for warning in done.warnings:
        print(f"warning: {shown(warning)}", file=sys.stderr)
