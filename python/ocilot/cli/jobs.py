"""`ocilot jobs`: background jobs of a running registry."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from ocilot.counting import counted
from ocilot.errors import Error

from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data, print_table
from .registry_api import failure

BETWEEN_LOOKS = 0.2
"""Seconds."""

app: typer.Typer = typer.Typer(help="Manage the background jobs of a running registry.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Job name, as in `ocilot jobs ls`.")]


@app.command("ls")
@located
def ls(at: Location, output: OutputOption = Output.TABLE) -> None:
    """List the jobs with their state, last result and next round."""
    with at.control(start=False) as control:
        found = control.ask("GET", path("jobs"))["jobs"]
    titles = ("NAME", "STATE", "EVERY", "ROUNDS", "LAST", "STARTED", "TOOK", "ITEMS", "NEXT", "ERROR")
    columns = {title: title for title in titles}
    print_data(found, output, lambda: print_table([_row(job) for job in found], columns))


@app.command("run")
@located
def run(
    at: Location,
    name: Name,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end of the round; exit code 1 if it fails.")
    ] = False,
) -> None:
    """Start a round of a job now, or join the running one."""
    with at.control(start=False) as control:
        asked = control.ask("POST", path("jobs", name))
        if not wait:
            print(
                f"{name} {'is already running' if asked['already_running'] else 'started'}", file=sys.stderr
            )
            return
        while (job := control.ask("GET", path("jobs", name)))["rounds"] < asked["round"]:
            time.sleep(BETWEEN_LOOKS)
    last = job["last"]
    if last["outcome"] == "failed":
        raise Error(f"{name} failed: {last['error']}")
    if last["outcome"] != "ok":
        raise failure("conflict", f"{name} was {last['outcome']}")
    print(f"{name} done: {counted(last['items'], 'item')} in {_seconds(last['seconds'])}", file=sys.stderr)


@app.command("cancel")
@located
def cancel(at: Location, name: Name) -> None:
    """Cancel the running round of a job. The next round starts as scheduled."""
    with at.control(start=False) as control:
        told = control.ask("DELETE", path("jobs", name))
    print(f"{name} {'is being cancelled' if told['cancelled'] else 'is not running'}", file=sys.stderr)


def _row(job: dict[str, Any]) -> dict[str, Any]:
    last = job["last"] or {}
    return {
        "NAME": job["name"],
        "STATE": job["state"],
        "EVERY": None if job["state"] == "disabled" else _duration(job["interval_seconds"]),
        "ROUNDS": job["rounds"],
        "LAST": last.get("outcome"),
        "STARTED": _second(job["running_since"] or last.get("started_at")),
        "TOOK": _seconds(last["seconds"]) if last else None,
        "ITEMS": last.get("items"),
        "NEXT": _second(job["next_at"]),
        "ERROR": last.get("error"),
    }


def _second(moment: str | None) -> str | None:
    """Without the fraction of the second."""
    return moment and moment.partition(".")[0] + "Z"


def _seconds(count: float) -> str:
    return f"{count:.3f}s" if count < 60 else _duration(int(count))


def _duration(count: int) -> str:
    """`1h30m`."""
    parts = []
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        number, count = divmod(count, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
