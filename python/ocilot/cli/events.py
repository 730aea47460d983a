"""`ocilot events`: what happened in a registry, and what happens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from ocilot.errors import Error

from .event_messages import read_messages
from .location import Location, located
from .options import only, path
from .output import Output, OutputOption, json_of, print_data, print_table
from .registry_api import RegistryApi, failure

LONGEST_PAGE: Final = 1000
STREAM: Final = "text/event-stream"
TITLES: Final = {
    "time": "TIME",
    "action": "ACTION",
    "repository": "REPOSITORY",
    "tag": "TAG",
    "digest": "DIGEST",
    "by": "BY",
}


@located
def events(
    at: Location,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print events as they happen, until interrupted.")
    ] = False,
    after: Annotated[
        int | None,
        typer.Option(
            metavar="ID",
            min=0,
            help="Start after the event with this `sequence`; 0: with the oldest that is kept.",
            show_default="the last --count entries; with --follow, what comes next",
        ),
    ] = None,
    repository: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Repositories, such as team/app or team/** (repeatable)."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Tags, such as v* (repeatable).")
    ] = None,
    action: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACTION",
            help="Action, such as manifest.pushed or `tag.*`; `*`: all (repeatable).",
            show_default="those that webhooks are sent",
        ),
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Maximum number of events.")] = 100,
    output: OutputOption = Output.TABLE,
) -> None:
    """List events, oldest first, or print them as they happen."""
    given = {"repository": repository, "tag": tag, "action": action}
    query = [(name, value) for name, values in given.items() for value in only(values)]
    if follow:
        if output in {Output.JSON, Output.YAML}:
            raise typer.BadParameter("--follow prints table or jsonl", param_hint="--output")
        _follow(at, query, after, output)
        return
    with at.control() as control:
        start = _start(control, count) if after is None else after
        asked = [*query, ("after", str(start)), ("n", str(min(count, LONGEST_PAGE)))]
        found = list(islice(control.ask_all(f"{path('events')}?{urlencode(asked)}", "events"), count))
    print_data(found, output, lambda: print_table([_row(event) for event in found], TITLES))


def _start(control: RegistryApi, count: int) -> int:
    """The place before the newest entries of the log."""
    newest: int = control.ask("GET", f"{path('events')}?n=0")["newest"]
    start = max(newest - count, 0)
    try:
        control.ask("GET", f"{path('events')}?n=0&after={start}")
    except Error as problem:
        if problem.code != "gone":
            raise
        return 0
    return start


def _follow(at: Location, query: list[tuple[str, str]], after: int | None, output: Output) -> None:
    """Prints what comes. A stream that the registry ends is opened again at the place where it ended."""
    place = None if after is None else str(after)
    while True:
        try:
            with at.control(start=False) as control:
                for message in read_messages(_lines(control, query, place)):
                    place = message.id or place
                    if message.event == "reset":
                        print("some events have expired: continuing with the oldest kept", file=sys.stderr)
                    elif message.data is not None:
                        _print_event(message.data, output)
        except Error as problem:
            if problem.code != "unavailable" or place is None:
                raise
            raise failure("unavailable", f"{problem}; continue with --after {place}") from None


def _lines(control: RegistryApi, query: list[tuple[str, str]], place: str | None) -> Iterator[str]:
    headers = {"Accept": STREAM} if place is None else {"Accept": STREAM, "Last-Event-ID": place}
    target = path("events") + (f"?{urlencode(query)}" if query else "")
    return control.lines(target, headers)


def _print_event(event: dict[str, Any], output: Output) -> None:
    if output is Output.JSONL:
        print(json_of(event), flush=True)
        return
    text = "  ".join(str(value) for value in _row(event).values() if value)
    print("".join(c if c.isprintable() else "?" for c in text), flush=True)


def _row(event: dict[str, Any]) -> dict[str, Any]:
    actor = event.get("actor", {})
    return {
        "time": event["time"],
        "action": event["action"],
        "repository": event.get("repository"),
        "tag": event.get("tag"),
        "digest": event.get("digest"),
        "by": actor.get("name") or actor.get("kind"),
    }
