"""`ocilot webhooks`: receivers of events of a running registry."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from ocilot.counting import counted

from .location import Location, located
from .options import confirm, path
from .output import Output, OutputOption, print_data, print_table
from .registry_api import failure

app: typer.Typer = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Webhook name, as in `ocilot webhooks ls`.")]
Change = Annotated[
    int | None,
    typer.Option(
        metavar="ID", min=1, help="Change, as in `ocilot webhooks parked`; default: all.", show_default=False
    ),
]


@app.command("ls")
@located
def ls(at: Location, output: OutputOption = Output.TABLE) -> None:
    """List the webhooks with their state and how far they are behind."""
    with at.control(start=False) as control:
        found = control.ask("GET", path("webhooks"))["webhooks"]
    titles = ("NAME", "STATE", "FORMAT", "URL", "LAG", "WAITING", "PARKED", "LAST SUCCESS", "ERROR")
    print_data(
        found, output, lambda: print_table([_row(one) for one in found], {title: title for title in titles})
    )


@app.command("status")
@located
def status(at: Location, name: Name, output: OutputOption = Output.TABLE) -> None:
    """Print the state of a webhook, its failures and its last answer."""
    with at.control(start=False) as control:
        found = control.ask("GET", path("webhooks", name))
    print_data(found, output, lambda: print_table(_details(found), {"KEY": "KEY", "VALUE": "VALUE"}))


@app.command("test")
@located
def test(at: Location, name: Name) -> None:
    """Send a test event to a webhook now, also if it is disabled or rests. Exit code 6 if it fails."""
    with at.control(start=False) as control:
        told = control.ask("POST", path("webhooks", "test", name))
    last = told["last"] or {}
    if not told["delivered"]:
        raise failure("unavailable", f"{name} did not take the test event: {told['error']}")
    answer = f": {last['answer']}" if last.get("answer") else ""
    print(
        f"{name} took the test event in {last.get('milliseconds')} ms (status {last.get('status')}){answer}",
        file=sys.stderr,
    )


@app.command("parked")
@located
def parked(at: Location, name: Name, output: OutputOption = Output.TABLE) -> None:
    """List the changes that a webhook did not take, oldest first."""
    with at.control(start=False) as control:
        found = list(control.ask_all(path("webhooks", "parked", name), "parked"))
    titles = ("CHANGE", "EVENTS", "SUBJECT", "PARKED", "ATTEMPTS", "ERROR")
    print_data(
        found,
        output,
        lambda: print_table([_parked_row(one) for one in found], {title: title for title in titles}),
    )


@app.command("replay")
@located
def replay(at: Location, name: Name, change: Change = None) -> None:
    """Deliver the parked changes of a webhook again."""
    with at.control(start=False) as control:
        told = control.ask("POST", path("webhooks", "replay", name) + _query(change))
    wait = "waits" if told["replayed"] == 1 else "wait"
    print(f"{counted(told['replayed'], 'change')} {wait} for delivery to {name}", file=sys.stderr)


@app.command("discard")
@located
def discard(
    at: Location,
    name: Name,
    change: Change = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Discard the parked changes of a webhook."""
    if not yes:
        what = "all parked changes" if change is None else f"the parked change {change}"
        confirm(f"Discard {what} of {name}?")
    with at.control(start=False) as control:
        told = control.ask("DELETE", path("webhooks", "parked", name) + _query(change))
    print(f"{counted(told['discarded'], 'parked change')} of {name} discarded", file=sys.stderr)


def _query(change: int | None) -> str:
    return "" if change is None else "?" + urlencode({"change": change})


def _row(webhook: dict[str, Any]) -> dict[str, Any]:
    return {
        "NAME": webhook["name"],
        "STATE": webhook["state"],
        "FORMAT": webhook["format"],
        "URL": webhook["url"],
        "LAG": webhook["lag_entries"],
        "WAITING": webhook["waiting"],
        "PARKED": webhook["parked"],
        "LAST SUCCESS": _second(webhook["last_success_at"]),
        "ERROR": webhook["last_error"] if webhook["failures"] else None,
    }


def _details(webhook: dict[str, Any]) -> list[dict[str, Any]]:
    last = webhook["last"] or {}
    flat = {key: value for key, value in webhook.items() if key != "last"}
    flat |= {f"last {key}": value for key, value in last.items()}
    return [{"KEY": key.replace("_", " "), "VALUE": value} for key, value in flat.items()]


def _parked_row(one: dict[str, Any]) -> dict[str, Any]:
    # The last one names the most: of a first push the events are those of its repository, manifest and tag.
    last = one["events"][-1] if one["events"] else {}
    tag, digest = last.get("tag"), last.get("digest")
    subject = one["repository"] + (f":{tag}" if tag else f"@{digest}" if digest else "")
    return {
        "CHANGE": one["change"],
        "EVENTS": ", ".join(event["action"] for event in one["events"]),
        "SUBJECT": subject,
        "PARKED": _second(one["parked_at"]),
        "ATTEMPTS": one["attempts"],
        "ERROR": one["error"],
    }


def _second(moment: str | None) -> str | None:
    """Without the fraction of the second."""
    return moment and moment.partition(".")[0] + "Z"
