"""`ocilot garbage-collect`: the command of distribution, for scripts that call it."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Annotated

import typer

from ocilot.errors import Error

from .gc import MOST_PLANNED, plan_of, print_plan, run_round, state_of, waiting_of
from .location import Location, located_here

ALONE = "`ocilot serve` collects garbage by itself"


@located_here
def garbage_collect(
    at: Location,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", "-d", help="Print what would be removed, as `ocilot gc plan`; remove nothing."
        ),
    ] = False,
    delete_untagged: Annotated[
        bool,
        typer.Option(
            "--delete-untagged",
            "-m",
            help="No effect: untagged manifests are always removed after the grace period.",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Run one round of the garbage collection, for scripts that call `registry garbage-collect`.

    Can run while the registry is running. Exit code 0 if no registry runs: it collects after its next start.
    """
    with ExitStack() as stack:
        try:
            control = stack.enter_context(at.control(start=False))
        except Error as problem:
            if problem.code != "unavailable":
                raise
            if not quiet:
                print(f"nothing to do: {ALONE}, and none is running ({problem})", file=sys.stderr)
            return
        if dry_run:
            print_plan(plan_of(control, now=False, count=MOST_PLANNED))
            return
        freed, state = run_round(control), state_of(control)
    if not quiet:
        print(f"{freed}{waiting_of(state, released=False)}", file=sys.stderr)
