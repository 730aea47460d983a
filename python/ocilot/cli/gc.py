"""`ocilot gc`: the garbage collection of a running registry."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from ocilot.config.values import show_duration
from ocilot.errors import Error

from .control import Control, failure
from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data, print_table

JOB = "collect-garbage"
BETWEEN_LOOKS = 0.2
"""Seconds."""

app = typer.Typer(help="Manage the garbage collection of a running registry.", no_args_is_help=True)


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
        _confirm()
    with at.control(start=False) as control:
        if not wait:
            start_round(control, now=now)
            print("garbage collection started", file=sys.stderr)
            return
        freed, state = run_round(control, now=now), state_of(control)
    waits = waiting_of(state, released=now)
    print(f"garbage collection done: {freed}{waits}", file=sys.stderr)


def _confirm() -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise typer.BadParameter(
            "the confirmation prompt needs a terminal; in a script, use --yes", param_hint="--now"
        )
    try:
        typer.confirm("Remove deleted and untagged content for good?", abort=True, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def state_of(control: Control) -> dict[str, Any]:
    """The state of the garbage collection, as the API has it."""
    found: dict[str, Any] = control.ask("GET", path("gc"))
    return found


def start_round(control: Control, *, now: bool = False) -> dict[str, Any]:
    """Starts a round, or joins the one that runs."""
    asked: dict[str, Any] = control.ask("POST", path("gc", "run") + ("?now=true" if now else ""))
    return asked


def run_round(control: Control, *, now: bool = False) -> str:
    """Runs a whole round, and says what was removed meanwhile. Raises Error if it fails."""
    before = state_of(control)["since_start"]
    # A round that runs already may have passed the newest changes.
    while _finished(control, asked := start_round(control, now=now)) and asked["already_running"]:
        pass
    after = state_of(control)["since_start"]
    done = {name: after[name] - before[name] for name in after}
    text = f"{done['manifests']} manifests, {done['links']} links and {done['blobs']} blobs removed"
    text += f", {size_of(done['bytes'])} freed"
    if done["failed"]:
        raise Error(f"{text}, {done['failed']} blobs not removed: see the log")
    return text


def waiting_of(state: dict[str, Any], *, released: bool) -> str:
    """What a round left for later, and why; `released` if it ended all grace periods."""
    count = state["waiting"]
    if released:
        pending = show_duration(state["pending_seconds"])
        return f"; {count} objects pushed or requested in the last {pending} wait"
    return f"; {count} objects wait for their grace period of {show_duration(state['grace_seconds'])}"


def _finished(control: Control, asked: dict[str, Any]) -> bool:
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


def size_of(count: int) -> str:
    """`12.5MiB`."""
    size, units = float(count), ["B", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{count}B" if units[0] == "B" else f"{size:.1f}{units[0]}"
