"""`ocilot retention`: plans of what retention deletes, and their application."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from ocilot.counting import counted, noun
from ocilot.errors import ConfigError

from . import retention_policies
from .exit import Exit
from .gc import BETWEEN_LOOKS
from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data, print_table, size_of
from .registry_api import RegistryApi, failure
from .stored_image import ImageName

JOB = "apply-retention"

app: typer.Typer = typer.Typer(
    help="Plan and apply the deletion of tags by the policies of ocilot.retention.", no_args_is_help=True
)
app.add_typer(retention_policies.app, name="policies")

AllOption = Annotated[
    bool, typer.Option("--all", help="Print kept tags, too, each with the rule that keeps it.")
]


@app.command("plan")
@located
def plan(at: Location, everything: AllOption = False, output: OutputOption = Output.TABLE) -> None:
    """Make a plan of what the policies delete now, and print it. Deletes nothing."""
    with at.control(start=False) as control:
        made = control.ask("POST", path("retention", "plan"), {})
        rows = rows_of(control, made["id"], None if everything else "delete")
    print_data({**made, "rows": rows}, output, lambda: _print_rows(rows))
    print(summary_of(made), file=sys.stderr)


@app.command("show")
@located
def show(
    at: Location,
    number: Annotated[int, typer.Argument(metavar="PLAN", min=1, help="Number of the plan.")],
    everything: AllOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Print a plan with its rows."""
    with at.control(start=False) as control:
        found = control.ask("GET", path("retention", "plans", str(number)))
        rows = rows_of(control, number, None if everything else "delete")
    print_data({**found, "rows": rows}, output, lambda: _print_rows(rows))
    print(summary_of(found), file=sys.stderr)


@app.command("ls")
@located
def ls(at: Location, output: OutputOption = Output.TABLE) -> None:
    """List the stored plans, newest first, and when each policy makes its next one."""
    with at.control(start=False) as control:
        plans = list(control.ask_all(path("retention", "plans"), "plans"))
        state = control.ask("GET", path("retention"))
    rows = [
        {
            **one,
            "deletes": ", ".join(counted(one["delete"][f"{name}s"], name) for name in ("tag", "manifest")),
            "frees": size_of(one["bytes"]),
            "reason": one["waits"] or one["error"],
        }
        for one in plans
    ]
    columns = {"id": "PLAN", "made_at": "MADE", "made_by": "BY", "state": "STATE", "deletes": "DELETES"}
    print_data(plans, output, lambda: print_table(rows, {**columns, "frees": "FREES", "reason": "REASON"}))
    for one in state["schedules"]:
        print(f"{one['policy']}: {one['schedule']}, next plan {one['next_at']}", file=sys.stderr)
    for one in state.get("unreadable", []):  # None of an older registry.
        print(f"{one['policy']}: not readable, so nothing is deleted: {one['error']}", file=sys.stderr)


@app.command("apply")
@located
def apply(
    at: Location,
    number: Annotated[
        int | None,
        typer.Option("--plan", metavar="PLAN", min=1, help="Number of the plan; default: a new plan."),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Delete nothing if a row has changed since the plan was made.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Apply a plan: delete the tags and manifests in it. Rows that have changed since are skipped.

    Deleted tags can be restored while the grace period lasts. Exit code 8 if a row was skipped or denied.
    """
    with at.control(start=False) as control:
        found = (
            control.ask("POST", path("retention", "plan"), {})
            if number is None
            else control.ask("GET", path("retention", "plans", str(number)))
        )
        if number is None and _deletions(found) == 0:
            rules = len(control.ask("GET", path("retention"))["policies"])
            looked_at = f"{counted(rules, 'policy')}, {counted(found['tags'], 'tag')}"
            print(f"nothing to delete: {looked_at}", file=sys.stderr)
            return
        if not yes:
            _confirm(found)
        done = run_apply(control, found["id"], exact=exact)
    _report(done)


@app.command("explain")
@located
def explain(
    at: Location,
    image: Annotated[str, typer.Argument(metavar="REPO:TAG", help="Tag, such as team/app:v1.")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Explain whether the policies keep a tag, and which rules select it."""
    name = ImageName.of(image)
    if name.tag is None:
        raise ConfigError(f'invalid tag "{image}": expected REPOSITORY:TAG, such as team/app:v1')
    query = urlencode({"repository": name.repository, "tag": name.tag})
    with at.control(start=False) as control:
        found = control.ask("GET", f"{path('retention', 'explain')}?{query}")
    print_data(found, output, lambda: _print_explanation(image, found))


def rows_of(control: RegistryApi, number: int, verdict: str | None) -> list[dict[str, Any]]:
    """All rows of a plan, or those of one verdict."""
    query = f"?{urlencode({'verdict': verdict})}" if verdict else ""
    return list(control.ask_all(path("retention", "plans", str(number)) + query, "rows"))


def run_apply(control: RegistryApi, number: int, *, exact: bool = False) -> dict[str, Any]:
    """Applies a plan, and answers it with its result. Raises Error if it was not applied."""
    # A round that runs already may have passed the request.
    while True:
        asked = control.ask("POST", path("retention", "apply"), {"plan": number, "exact": exact})
        _wait(control, asked["round"])
        done: dict[str, Any] = control.ask("GET", path("retention", "plans", str(number)))
        if done["state"] == "applied" or done["error"] is not None or not asked["already_running"]:
            break
    if done["state"] != "applied":
        problem = done["error"] or f"it is {done['state']}"
        raise failure("conflict", f"retention plan {number} not applied: {problem}")
    return done


def _wait(control: RegistryApi, number: int) -> None:
    """Waits for the end of a round."""
    while control.ask("GET", path("jobs", JOB))["rounds"] < number:
        time.sleep(BETWEEN_LOOKS)


def _deletions(found: dict[str, Any]) -> int:
    deletions: dict[str, int] = found["delete"]
    return deletions["tags"] + deletions["manifests"]


def _confirm(found: dict[str, Any]) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise typer.BadParameter(
            "the confirmation prompt needs a terminal; in a script, use --yes", param_hint="apply"
        )
    print(summary_of(found), file=sys.stderr)
    try:
        typer.confirm("Apply it?", abort=True, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def summary_of(found: dict[str, Any]) -> str:
    """A plan in one sentence."""
    deleted = found["delete"]
    text = f"plan {found['id']}: {deleted['tags']} of {counted(found['tags'], 'tag')} in "
    text += f"{counted(found['repositories'], 'repository')} and {deleted['manifests']} of "
    text += f"{found['untagged']} untagged {noun(found['untagged'], 'manifest')} are deleted"
    text += f", {size_of(found['bytes'])} become free"
    return f"{text}; it waits: {found['waits']}" if found["state"] == "waiting" else text


def _report(done: dict[str, Any]) -> None:
    result = done["applied"]
    tags, manifests = counted(result["tags"], "tag"), counted(result["manifests"], "manifest")
    text = f"plan {done['id']} applied: {tags} and {manifests} deleted"
    if result["skipped"] or result["denied"]:
        text += f", {result['skipped']} skipped because they have changed, {result['denied']} denied by hooks"
    print(text, file=sys.stderr)
    if result["skipped"] or result["denied"]:
        raise typer.Exit(Exit.PARTIAL)


def _print_rows(rows: list[dict[str, Any]]) -> None:
    shown = [{**row, "what": row["tag"] or row["digest"]} for row in rows]
    columns = {"repository": "REPOSITORY", "what": "TAG", "verdict": "VERDICT", "rule": "RULE", "why": "WHY"}
    print_table(shown, columns)


def _print_explanation(image: str, found: dict[str, Any]) -> None:
    print(f"{image}: {found['verdict']}, {found['why']}")
    if found["pulled_at"]:
        print(f"last pulled {found['pulled_at']}, {counted(found['pulls'], 'pull')} by this tag")
    if found["rules"]:
        print_table(found["rules"], {"rule": "RULE", "selects": "SELECTS", "text": "TEXT"})
