"""`ocilot sync`: repositories and tags from one registry to another, after a plan."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final

import typer

from ocilot.cli.options import confirm
from ocilot.cli.output import shown
from ocilot.counting import counted
from ocilot.errors import Error, InvalidReference, NotFound, PartialError

from .connection import Connection
from .cp import Ends, NondistributableOption, PlatformsOption, Referrers, ReferrersOption, SourceAuthOption
from .ls import split_place
from .printing import Printing
from .progress import Progress
from .shared import YesOption, image_command

WILD: Final = frozenset("*?[")
COLUMNS: Final = {
    "action": "ACTION",
    "tag": "TAG",
    "source": "SOURCE",
    "destination": "DESTINATION",
    "digest": "DIGEST",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One tag: what is done with it."""

    action: str
    """`copy`, `update`, `delete` or `same`."""
    tag: str
    source: str
    """Repository with its registry; empty for `delete`."""
    destination: str
    digest: str
    """What the tag names afterwards; for `delete`, before."""

    def row(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "action": self.action,
            "tag": self.tag,
            "source": self.source or None,
            "destination": self.destination,
            "digest": self.digest,
        }


@image_command
def sync(
    at: Connection,
    out: Printing,
    progress: Progress,
    source: Annotated[
        str,
        typer.Argument(
            metavar="REGISTRY/PATTERN",
            help="Repositories, such as registry.example/team/**; * is within a component, ** any number.",
        ),
    ],
    destination: Annotated[
        str, typer.Argument(metavar="REGISTRY[/PREFIX]", help="Where to, such as localhost:5000/mirror.")
    ],
    tags: Annotated[
        list[str] | None,
        typer.Option("--tags", metavar="GLOB", help="Only tags that match, such as `v1.*` (repeatable)."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="GLOB", help="Tags that are left out (repeatable)."),
    ] = None,
    platforms: PlatformsOption = None,
    referrers: ReferrersOption = Referrers.NO,
    nondistributable: NondistributableOption = False,
    delete: Annotated[
        bool,
        typer.Option(
            "--delete", help="Delete the matching tags that the source does not have, after confirmation."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")] = False,
    source_auth_file: SourceAuthOption = None,
    yes: YesOption = False,
) -> None:
    """Copy the repositories and tags that match a pattern to another registry.

    The plan is made first; tags that are the same already are not in it. A tag that fails does not stop the
    others: exit code 8.
    """
    chooses = _Tags(tags or ["*"], exclude or [])
    ends = Ends(at.with_credentials(source_auth_file), at)
    steps = list(_plan(ends, source, destination, chooses, delete))
    deletions = [step for step in steps if step.action == "delete"]
    print(_summary(steps), file=sys.stderr)
    if dry_run:
        out.rows([step.row() for step in steps if step.action != "same"], COLUMNS)
        return
    if deletions and not yes:
        for step in deletions:
            print(f"deletes {step.destination}:{step.tag} ({step.digest})", file=sys.stderr)
        confirm(f"Delete {counted(len(deletions), 'tag')}?")
    _carry_out(
        _Work(ends, progress, platforms, referrers, nondistributable),
        out,
        [step for step in steps if step.action != "same"],
    )


@dataclass(frozen=True, slots=True)
class _Tags:
    wanted: Sequence[str]
    unwanted: Sequence[str]

    def __call__(self, tag: str) -> bool:
        matches = any(fnmatchcase(tag, glob) for glob in self.wanted)
        return matches and not any(fnmatchcase(tag, glob) for glob in self.unwanted)


def _plan(at: Ends, source: str, destination: str, chooses: _Tags, delete: bool) -> Iterator[Step]:
    host, pattern = split_place(source)
    if not pattern:
        raise InvalidReference(
            f'invalid source "{shown(source)}": expected REGISTRY/PATTERN',
            hint=f"write {host}/** for all repositories",
        )
    into, prefix = split_place(destination)
    registry = at.source.registry(host).host
    found = False
    for repo in _repositories(at.source, host, pattern):
        found = True
        name = f"{prefix.strip('/')}/{repo.name}" if prefix.strip("/") else repo.name
        target = at.destination.registry(into).repository(name)
        try:
            here = {tag.name for tag in repo.tags() if chooses(tag.name)}
        except NotFound:
            if WILD & set(pattern):
                raise
            hint = f"write {registry}/{shown(pattern)}/** for all repositories below it"
            raise NotFound(f"no repository {shown(pattern)} on {registry}", hint=hint) from None
        yield from _steps(repo, here, target, chooses, delete)
    if not found:
        print(f"no repository of {registry} matches {shown(pattern)}", file=sys.stderr)


def _repositories(at: Connection, host: str, pattern: str) -> Iterator[Any]:
    registry = at.registry(host)
    if not WILD & set(pattern):
        # The list of all repositories is not asked for: many registries have none.
        yield registry.repository(pattern)
        return
    from ocilot._core import RepositoryPattern

    matches = RepositoryPattern(pattern).matches
    literal = pattern[: min(pattern.index(sign) for sign in WILD & set(pattern))]
    for repo in registry.repositories(prefix=literal.rpartition("/")[0]):
        if matches(repo.name):
            yield repo


def _steps(repo: Any, here: set[str], target: Any, chooses: _Tags, delete: bool) -> Iterator[Step]:
    there = _digests(target, chooses)
    for tag in sorted(here):
        digest = str(repo.resolve(tag).digest)
        action = "same" if there.get(tag) == digest else "update" if tag in there else "copy"
        yield Step(action, tag, repo.location, target.location, digest)
    if delete:
        for tag in sorted(there.keys() - here):
            yield Step("delete", tag, "", target.location, there[tag])


def _digests(target: Any, chooses: _Tags) -> dict[str, str]:
    try:
        names = [tag.name for tag in target.tags() if chooses(tag.name)]
    except NotFound:
        return {}
    return {name: str(target.resolve(name).digest) for name in names}


def _summary(steps: Sequence[Step]) -> str:
    counts = {"copy": "to copy", "update": "to update", "delete": "to delete", "same": "the same already"}
    return ", ".join(
        f"{sum(step.action == action for step in steps)} {text}" for action, text in counts.items()
    )


@dataclass(frozen=True, slots=True)
class _Work:
    at: Ends
    progress: Progress
    platforms: list[str] | None
    referrers: Referrers
    nondistributable: bool

    def do(self, step: Step) -> None:
        from .cp import copy

        target = f"{step.destination}:{step.tag}"
        if step.action == "delete":
            reference = self.at.destination.reference(target)
            self.at.destination.repository(reference).untag(step.tag).apply()
        else:
            origin = f"{step.source}:{step.tag}@{step.digest}"
            copy(
                self.at,
                origin,
                target,
                self.progress,
                self.platforms,
                self.referrers,
                self.nondistributable,
            )


def _carry_out(work: _Work, out: Printing, steps: Sequence[Step]) -> None:
    failed = 0

    def done() -> Iterator[dict[str, Any]]:
        nonlocal failed
        for step in steps:
            try:
                work.do(step)
            except Error as problem:
                failed += 1
                print(f"{step.destination}:{step.tag}: {problem}", file=sys.stderr)
            else:
                yield step.row()

    out.rows(done(), COLUMNS)
    if failed:
        raise PartialError(
            f"{failed} of {counted(len(steps), 'tag')} failed",
            hint="run it again: what is there is not copied again",
        )
