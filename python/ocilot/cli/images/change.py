"""`ocilot tag` and `ocilot rm`: names of what a repository has."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

import typer

from ocilot.cli.options import confirm
from ocilot.cli.output import shown
from ocilot.counting import counted
from ocilot.errors import Error, InvalidReference, PartialError

from .connection import Connection
from .printing import Printing
from .shared import YesOption, image_command
from .values import document

COLUMNS: Final = {"kind": "KIND", "name": "NAME", "digest": "DIGEST", "repository": "REPOSITORY"}

Reference = Annotated[str, typer.Argument(metavar="REF", help="Image, such as localhost:5000/team/app:v1.")]


@image_command
def tag(
    at: Connection,
    out: Printing,
    reference: Reference,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Tag, such as stable.")],
) -> None:
    """Give an image another tag.

    Prints the digest. Nothing is transferred; `ocilot cp` copies to another repository.
    """
    found = at.reference(reference, writes=True)
    repo = at.repository(found)
    name = _tag_in(at, new, f"{found.registry}/{found.repository}", reference)
    digest = repo.tag(found.digest or found.tag or "latest", name)
    data = document("tag", repository=repo.location, tag=name, digest=str(digest))
    out.answer(data, str(digest))


def _tag_in(at: Connection, new: str, place: str, reference: str) -> str:
    from ocilot.references import names_registry, parse_tag

    if "/" not in new and ":" not in new:
        return parse_tag(new)
    target = at.reference(new)
    if f"{target.registry}/{target.repository}" != place or target.digest:
        raise InvalidReference(
            f'invalid tag "{shown(new)}": expected a tag of {place}',
            hint=f"write ocilot tag {shown(new)} {shown(reference)}"
            if names_registry(new) and not names_registry(reference)
            else "use `ocilot cp` for other repositories",
        )
    return target.tag or "latest"


@image_command
def rm(
    at: Connection,
    out: Printing,
    references: Annotated[
        list[str],
        typer.Argument(
            metavar="REF...", help="Tags or digests, such as localhost:5000/team/app:v1 or …/app@sha256:…."
        ),
    ],
    manifest: Annotated[
        bool, typer.Option("--manifest", help="Delete the manifest of a tag, and with it all its tags.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")] = False,
    yes: YesOption = False,
) -> None:
    """Delete tags or manifests, after showing a plan.

    A tag is removed alone and its manifest stays; a digest removes the manifest with all its tags.
    """
    plans = [_plan(at, text, manifest) for text in references]
    if dry_run or not yes:
        for plan in plans:
            print(plan, file=sys.stderr)
    if dry_run:
        out.rows((row for plan in plans for row in _rows(plan, plan.removes)), COLUMNS)
        return
    if not yes:
        confirm(f"Delete {'this' if len(plans) == 1 else f'these {len(plans)}'}?")
    _apply_all(out, plans)


def _apply_all(out: Printing, plans: list[Any]) -> None:
    removed: list[dict[str, Any]] = []
    failed: list[Error] = []
    for plan in plans:
        try:
            removed += _rows(plan, plan.apply().removed)
        except Error as problem:
            failed.append(problem)
    if removed or not failed:
        out.rows(removed, COLUMNS)
    if len(failed) == len(plans):
        raise failed[0]
    for one in failed:
        print(one, file=sys.stderr)
    if failed:
        raise PartialError(f"{len(failed)} of {counted(len(plans), 'deletion')} failed")


def _rows(plan: Any, items: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for item in items:
        yield {"repository": plan.where, **item.to_json()}


def _plan(at: Connection, text: str, manifest: bool) -> Any:
    found = at.reference(text, writes=True)
    repo = at.repository(found)
    if found.digest:
        return repo.delete(str(found.digest))
    if ":" not in text.rpartition("/")[2]:
        raise InvalidReference(
            f'invalid reference "{shown(text)}" to delete: expected a tag or a digest',
            hint=f"write {found.location}:TAG",
        )
    return repo.delete(found.tag) if manifest else repo.untag(found.tag)
