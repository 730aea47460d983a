"""`ocilot hooks`: what the scripts are, whether they can be used, what they would answer."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from ocilot import text_file
from ocilot.counting import noun
from ocilot.errors import ConfigError

from .exit import Exit
from .foreground import unasked_points
from .location import Location, located, located_by_options, located_here
from .options import confirm
from .output import Output, OutputOption, print_data, print_table

app: typer.Typer = typer.Typer(no_args_is_help=True)


@app.command("list")
@located_here
def list_(at: Location, output: OutputOption = Output.TABLE) -> None:
    """List the scripts of a configuration, with their hook points, options and repositories."""
    from ocilot.hooks.loading import configured
    from ocilot.hooks.problem import Problem

    try:
        rows = [_row(spec) for spec in configured.specs_of(at.load())]
    except Problem as problem:
        raise ConfigError(str(problem)) from None
    print_data(rows, output, lambda: _print_scripts(rows))


def _print_scripts(rows: list[dict[str, Any]]) -> None:
    if not rows:
        _print_none()
    for row in rows:
        where = ", ".join(row["repositories"]) if row["repositories"] is not None else "everywhere"
        print(f"{row['script']}  {row['summary']}".rstrip())
        print(f"  points   {', '.join(row['points'])}")
        print(f"  applies  {where}")
        for name, value in row["options"].items():
            print(f"  option   {name} = {value}")


@app.command("check")
@located_by_options
def check(
    at: Location,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCRIPT...",
            help="Script files, or `ocilot:NAME`; default: the scripts of the configuration.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Load scripts and report errors. Calls no hook. Exit code 2 if a script cannot be used."""
    from ocilot.hooks.loading import configured, loader
    from ocilot.hooks.loading.spec import Spec
    from ocilot.hooks.problem import Problem

    if wrong := [name for name in paths or () if name.endswith((".yml", ".yaml"))]:
        raise ConfigError(
            f'invalid script "{wrong[0]}": expected a Python file; '
            f"for the scripts of a configuration, use --config {wrong[0]}"
        )
    loaded = None if paths else at.load()
    specs = [Spec(path) for path in paths or ()] if loaded is None else configured.specs_of(loaded)
    try:
        scripts = loader.load_all(specs)
    except Problem as problem:
        raise ConfigError(str(problem)) from None
    # As the start would say it.
    unasked = {} if loaded is None else unasked_points(loaded.settings)
    if never := [f"{one.spec.path}: {line}" for one in scripts for line in one.never_asked(unasked)]:
        raise ConfigError("\n".join(never))
    for script in scripts:
        print(f"{script.spec.path} is fine: {', '.join(script.points)}", file=sys.stderr)
    if not scripts:
        _print_none()


@app.command("try")
@located_by_options
def try_(
    at: Location,
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="A file, or `ocilot:NAME`.")],
    what: Annotated[
        str,
        typer.Argument(
            metavar="POINT|IMAGE",
            help="Hook point with a made-up value, such as `admit_tag`, "
            "or image in the registry, such as `team/app:v1`.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Field of the value, in YAML (repeatable)."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="JSON object with fields of the value.")
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="Option of the script, in YAML (repeatable)."),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Call the hooks of a script for a made-up value or a stored image, and print their answers.

    A made-up value has the fields of the functions in ocilot.hooks.testing; `caller` is a name or an object:
    `--set tag=v1 --set caller=alice --set labels='{a: b}'`. For `retain` that is `--set tags='\\[v2, v1]'`,
    and the answer is a list of tags. `images_in_use` needs no field, and the answer is a list of references.

    An image is read from the registry at --config or --root, and the hooks of a push are called for it, also
    those of its events. Only `caller` can be set then. Nothing is written: what the hooks would store is
    printed.

    Options of the script come from --option only, not from the configuration. No deadline applies.
    """
    from ocilot.hooks.problem import Problem
    from ocilot.hooks.testing import Harness

    from . import hook_trials

    fields = {**_of_file(file), **_pairs(settings or (), "--set")}
    try:
        with Harness(script, **_pairs(options or (), "--option")) as hook:
            if any(mark in what for mark in ":@/"):
                hook_trials.try_image(at, hook, what, fields, output)
            else:
                hook_trials.try_value(hook, what, fields, output)
    except (Problem, ValueError) as problem:
        raise ConfigError(str(problem)) from None


@app.command("status")
@located
def status(at: Location, output: OutputOption = Output.TABLE) -> None:
    """List the active scripts of the running registry, with the calls, denials and failures of each hook."""
    with at.control(start=False) as control:
        _print_status(control.ask("GET", "/api/v1/hooks"), output)


@app.command("reload")
@located
def reload(at: Location, output: OutputOption = Output.TABLE) -> None:
    """Reload the scripts of the running registry. Exit code 2 if that fails; the old ones stay active."""
    with at.control(start=False) as control:
        told = control.ask("POST", "/api/v1/hooks/reload")
    _print_status(told, output)
    if not told["ok"]:
        raise typer.Exit(Exit.USAGE)


ScriptArgument = Annotated[
    str, typer.Argument(metavar="SCRIPT", help="Script, as `ocilot hooks status` lists it.")
]
ChangeOption = Annotated[
    int | None, typer.Option("--change", metavar="ID", min=1, help="Only this change; default: all.")
]


@app.command("parked")
@located
def parked(at: Location, script: ScriptArgument, output: OutputOption = Output.TABLE) -> None:
    """List the changes that a script has failed at for good, with the error of the last call."""
    with at.control(start=False) as control:
        found = list(control.ask_all(f"/api/v1/hooks/parked?{urlencode({'script': script})}", "parked"))
    titles = {
        "change": "CHANGE",
        "parked_at": "PARKED AT",
        "repository": "REPOSITORY",
        "attempts": "ATTEMPTS",
        "error": "ERROR",
    }
    print_data(found, output, lambda: print_table(found, titles))


@app.command("replay")
@located
def replay(at: Location, script: ScriptArgument, change: ChangeOption = None) -> None:
    """Call the hooks of a script again for its parked changes."""
    print(f"{_ask_parked(at, 'POST', script, change)['replayed']} replayed", file=sys.stderr)


@app.command("discard")
@located
def discard(
    at: Location,
    script: ScriptArgument,
    change: ChangeOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Forget parked changes of a script."""
    if not yes:
        what = "all parked changes" if change is None else f"the parked change {change}"
        confirm(f"Forget {what} of {script}?")
    print(f"{_ask_parked(at, 'DELETE', script, change)['discarded']} discarded", file=sys.stderr)


def _ask_parked(at: Location, method: str, script: str, change: int | None) -> Any:
    query = {"script": script} if change is None else {"script": script, "change": str(change)}
    with at.control(start=False) as control:
        return control.ask(method, f"/api/v1/hooks/parked?{urlencode(query)}")


def _print_none() -> None:
    print("no scripts are configured; name a config.yml whose ocilot.hooks.scripts has some", file=sys.stderr)


def _row(spec: Any) -> dict[str, Any]:
    from ocilot.hooks.loading import loader

    script = loader.load(replace(spec, isolation="thread"))
    script.forget()
    return {
        "script": spec.path,
        "path": str(script.path),
        "summary": script.summary,
        "points": list(script.points),
        "repositories": None if spec.repositories is None else list(spec.repositories),
        "options": {option.name: option.shown(spec.options) for option in script.options},
        "isolation": spec.isolation,
        "deadline": spec.deadline,
        "on_error": spec.on_error,
    }


def _of_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    fields = text_file.read_json(path, "fields of --json")
    if not isinstance(fields, dict):
        raise ConfigError(f"{path}: expected a JSON object with the fields of a value")
    return fields


def _pairs(words: Iterable[str], option: str) -> dict[str, Any]:
    import yaml

    pairs = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"{option} {word}: write NAME=VALUE")
        try:
            pairs[name] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ConfigError(f"{option} {word}: the value is not YAML") from None
    return pairs


def _print_status(told: dict[str, Any], output: Output) -> None:
    print_data(told, output, lambda: _print_generation(told))
    for problem in told["problems"]:
        print(f"not loaded: {problem}", file=sys.stderr)
    if told["problems"]:
        print(f"generation {told['generation']} stays in force", file=sys.stderr)


def _print_generation(told: dict[str, Any]) -> None:
    print(f"generation {told['generation']}, loaded {told['loaded']}")
    for script in told["scripts"]:
        busy = [f"{script[key]} {key}" for key in ("running", "waiting", "stuck") if script[key]]
        print(f"{script['script']}  {', '.join(busy)}".rstrip())
        for point, tally in script["points"].items():
            counts = f" {tally['calls']:8} {noun(tally['calls'], 'call'):5}"
            counts += "".join(f" {tally[key]:8} {key}" for key in ("denied", "failed"))
            print(f"  {point:15}{counts} {tally['seconds']:10.3f} s")
        if (place := script["events"]) is not None:
            words = {"behind": "lag_entries", "waiting": "waiting", "parked": "parked"}
            counts = "".join(f" {place[key]:8} {word}" for word, key in words.items())
            print(f"  {'events':15}{counts}")
            if place["failures"]:
                print(f"  failing: {place['last_error']}")
