"""`ocilot gc`: the garbage collection of a running registry."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from ocilot.config.values import show_duration
from ocilot.counting import counted
from ocilot.errors import ConfigError, Error

from .location import Location, located
from .options import confirm, path
from .output import Output, OutputOption, print_data, print_table, size_of
from .registry_api import RegistryApi, failure
from .stored_image import ImageName

JOB = "collect-garbage"
MOST_PLANNED = 1000
BETWEEN_LOOKS = 0.2
"""Seconds."""

REASONS = {
    "tag": "tag {}",
    "in_use": "named by a list or a hook as in use",
    "manifest": "named by {}",
    "subject": "refers to {}",
    "removed_manifest": "named by {}, which was deleted and can be restored",
    "removed_subject": "refers to {}, which was deleted and can be restored",
}

app: typer.Typer = typer.Typer(
    help="Manage the garbage collection of a running registry.", no_args_is_help=True
)


@app.command("status")
@located
def status(at: Location, output: OutputOption = Output.TABLE) -> None:
    """Print what waits for the end of its grace period, what is due, and what was removed since the start."""
    with at.control(start=False) as control:
        found = state_of(control)
    print_data(found, output, lambda: print_state(found))


@app.command("run")
@located
def run(
    at: Location,
    now: Annotated[
        bool,
        typer.Option(
            "--now", help="End the grace period of deleted and untagged content: it cannot be restored."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation of --now.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end of the round; exit code 1 if it fails.")
    ] = False,
) -> None:
    """Start a round of the garbage collection."""
    if now and not yes:
        confirm("Remove deleted and untagged content for good?", hint="--now")
    with at.control(start=False) as control:
        if not wait:
            start_round(control, now=now)
            print("garbage collection started", file=sys.stderr)
            return
        freed, state = run_round(control, now=now), state_of(control)
    waits = waiting_of(state, released=now)
    print(f"garbage collection done: {freed}{waits}", file=sys.stderr)


@app.command("plan")
@located
def plan(
    at: Location,
    now: Annotated[
        bool, typer.Option("--now", help="Print what `ocilot gc run --now` would remove.")
    ] = False,
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, max=MOST_PLANNED, help="Most removals.")
    ] = 100,
    output: OutputOption = Output.TABLE,
) -> None:
    """Print what a round would remove, and the bytes that become free; remove nothing."""
    with at.control(start=False) as control:
        found = plan_of(control, now=now, count=count)
    print_data(found, output, lambda: print_plan(found))


@app.command("purge")
@located
def purge(
    at: Location,
    manifest: Annotated[
        str, typer.Argument(metavar="REPO@DIGEST", help="Manifest that was deleted or untagged.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until its space is freed; exit code 1 if the round fails.")
    ] = False,
) -> None:
    """Remove a deleted or untagged image for good, whatever its grace period, and free its space.

    Exit code 3 if there is none, 5 if something needs it.
    """
    name = ImageName.of(manifest)
    if name.digest is None:
        raise ConfigError(
            f'invalid manifest "{manifest}": expected REPOSITORY@DIGEST, such as team/app@sha256:...'
        )
    with at.control(start=False) as control:
        if not yes:
            confirm(f"Remove {manifest} for good? It cannot be restored.")
        before = state_of(control)["since_start"]
        control.ask("POST", path("gc", "purge"), {"repository": name.repository, "digest": name.digest})
        freed = "; a round of the garbage collection frees its space"
        if wait:
            freed = f": {run_round(control, before=before)}"
    print(f"purged {manifest}{freed}", file=sys.stderr)


@app.command("why")
@located
def why(
    at: Location,
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="Of a manifest or a blob: sha256:...")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Print which repositories hold a manifest or a blob, and for each why, or when it is removed.

    Exit code 3 if it is unknown.
    """
    with at.control(start=False) as control:
        found = control.ask("GET", f"{path('gc', 'why')}?{urlencode({'digest': digest})}")
    if found["size"] is None and not found["repositories"]:
        raise failure("not_found", f"{digest} is unknown: it was never pushed, or is removed")
    print_data(found, output, lambda: _print_reasons(found))


def _print_reasons(found: dict[str, Any]) -> None:
    rows = [
        {"REPOSITORY": holding["repository"], "KIND": holding["kind"], "REASON": _reason(holding)}
        for holding in found["repositories"]
    ]
    if not rows:
        rows = [{"REPOSITORY": "-", "KIND": "bytes", "REASON": "no repository holds it: removed soon"}]
    print_table(rows, {title: title for title in rows[0]})


def _reason(holding: dict[str, Any]) -> str:
    holder = holding["holder"]
    if holding["deleted_at"] is not None:
        return f"deleted at {holding['deleted_at']}, can be restored"
    if holding["held_by"] != "nothing":
        return REASONS[holding["held_by"]].format(holder)
    if holding["due_at"] is None:
        return "needed by nothing, not in the queue yet"
    return f"needed by nothing since {holding['released_at']}, removed after {holding['due_at']}"


def state_of(control: RegistryApi) -> dict[str, Any]:
    """The state of the garbage collection, as the API has it."""
    found: dict[str, Any] = control.ask("GET", path("gc"))
    return found


def plan_of(control: RegistryApi, *, now: bool, count: int) -> dict[str, Any]:
    """What a round would remove, as the API has it."""
    query = urlencode({"n": count, **({"now": "true"} if now else {})})
    found: dict[str, Any] = control.ask("GET", f"{path('gc', 'plan')}?{query}")
    return found


def print_plan(found: dict[str, Any]) -> None:
    """A table, and a summary on standard error."""
    columns = {"kind": "KIND", "repository": "REPOSITORY", "digest": "DIGEST", "size": "SIZE"}
    print_table(found["removals"], columns)
    more = ", and more: see --count" if found["more"] else ""
    print(
        f"{counted(len(found['removals']), 'removal')}, {size_of(found['bytes'])} become free{more}",
        file=sys.stderr,
    )


def start_round(control: RegistryApi, *, now: bool = False) -> dict[str, Any]:
    """Starts a round, or joins the one that runs."""
    asked: dict[str, Any] = control.ask("POST", path("gc", "run") + ("?now=true" if now else ""))
    return asked


def run_round(control: RegistryApi, *, now: bool = False, before: dict[str, int] | None = None) -> str:
    """Runs a whole round. Says what was removed meanwhile, or since `before`. Raises Error if it fails."""
    before = before or state_of(control)["since_start"]
    # A round that runs already may have passed the newest changes.
    while _finished(control, asked := start_round(control, now=now)) and asked["already_running"]:
        pass
    after = state_of(control)["since_start"]
    done = {name: after[name] - before[name] for name in after}
    manifests, links = counted(done["manifests"], "manifest"), counted(done["links"], "link")
    text = f"{manifests}, {links} and {counted(done['blobs'], 'blob')} removed"
    text += f", {size_of(done['bytes'])} freed"
    if done["failed"]:
        raise Error(f"{text}, {counted(done['failed'], 'blob')} not removed: see the log")
    return text


def waiting_of(state: dict[str, Any], *, released: bool) -> str:
    """What a round left for later, and why; `released` if it ended all grace periods."""
    count = state["waiting"]
    objects, wait, its = counted(count, "object"), "wait", "their"
    if count == 1:
        wait, its = "waits", "its"
    if released:
        return f"; {objects} pushed or requested in the last {show_duration(state['pending_seconds'])} {wait}"
    return f"; {objects} {wait} for {its} grace period of {show_duration(state['grace_seconds'])}"


def _finished(control: RegistryApi, asked: dict[str, Any]) -> bool:
    """Waits for the end of a round."""
    while (job := control.ask("GET", path("jobs", JOB)))["rounds"] < asked["round"]:
        time.sleep(BETWEEN_LOOKS)
    last = job["last"]
    if last["outcome"] == "failed":
        raise Error(f"garbage collection failed: {last['error']}")
    if last["outcome"] != "ok":
        raise failure("conflict", f"garbage collection was {last['outcome']}")
    return True


def print_state(found: dict[str, Any]) -> None:
    """A table with one row."""
    removed = found["since_start"]
    row = {
        "ENABLED": found["enabled"],
        "GRACE": show_duration(found["grace_seconds"]),
        "WAITING": found["waiting"],
        "DUE": found["due"],
        "MANIFESTS": removed["manifests"],
        "LINKS": removed["links"],
        "BLOBS": removed["blobs"],
        "FREED": size_of(removed["bytes"]),
        "FAILED": removed["failed"],
    }
    print_table([row], {title: title for title in row})
