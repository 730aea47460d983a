"""The section `ocilot.hooks`: which scripts are in force, and where."""

import re
from typing import Annotated, Any

from .section import Section
from .tree import Scalar
from .values import (
    COUNT,
    FLAG,
    PATTERNS,
    SIZE,
    TEXT,
    Kind,
    Raw,
    choice,
    expected,
    plain,
    read_duration,
    show_duration,
)


def _read_points(raw: Raw) -> list[str] | None:
    items = raw if isinstance(raw, list) else [raw]
    texts = [item.text for item in items if isinstance(item, Scalar) and re.fullmatch("[a-z_]+", item.text)]
    return texts if texts and len(texts) == len(items) else None


def _read_options(raw: Raw) -> dict[str, Any] | None:
    return plain(raw) if isinstance(raw, dict) else None


def _show_options(options: dict[str, Any]) -> dict[str, Any]:
    return {name: "(hidden)" if is_secret(name) else value for name, value in options.items()}


def is_secret(name: str) -> bool:
    """Whether the value of an option is hidden."""
    return any(word in name.lower() for word in ("password", "passwd", "secret", "token", "credential"))


POINTS = Kind("list of points", "a list of hook points such as [admit_tag]", _read_points, text_depth=1)
_LONGEST = 3600


def _read_time(raw: Raw) -> int | None:
    seconds = read_duration(raw)
    return seconds if seconds and seconds <= _LONGEST else None


SOME_TIME = Kind(
    "duration",
    "a number and a unit, above zero and at most 1h, such as 30s or 1m30s",
    _read_time,
    show_duration,
)


def _show_memory(size: int) -> str:
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size % (1 << power) == 0:
            return f"{size >> power}{unit}"
    return str(size)


def _read_variables(raw: Raw) -> list[str] | None:
    items = raw if isinstance(raw, list) else [raw]
    names = [item.text for item in items if isinstance(item, Scalar)]
    fit = all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) for name in names)
    return names if fit and len(names) == len(items) else None


def _read_caller(raw: Raw) -> str | None:
    named = isinstance(raw, Scalar) and re.fullmatch("(?:robot|user):[A-Za-z0-9][A-Za-z0-9._@-]*", raw.text)
    return named[0] if named else None


CALLER = Kind("caller", "an account such as robot:ci or user:alice", _read_caller)
VARIABLES = Kind("list of variables", "a list of environment variables such as [LDAP_URL]", _read_variables)
MEMORY = SIZE._replace(show=_show_memory)
OPTIONS = Kind(
    "options", "a section with the options of the script", _read_options, _show_options, text_depth=None
)


class HookScript(Section):
    """One entry of `ocilot.hooks.scripts`."""

    path: Annotated[str, TEXT] = ""
    """Script file, relative to the configuration file, or `ocilot:NAME` for a script that comes with
    ocilot."""
    repositories: Annotated[list[str], PATTERNS] | None = None
    """Repositories that the script applies to; default: all."""
    options: Annotated[dict[str, Any], OPTIONS] = {}
    """Options: values of the dataclass fields of its classes."""
    points: Annotated[list[str], POINTS] | None = None
    """Hook points of the script that are used; default: all."""
    isolation: Annotated[str, choice("thread", "process")] = "thread"
    """Whether the script runs in the registry's process or in a separate process, which can be killed."""
    environment: Annotated[list[str], VARIABLES] = []
    """Environment variables passed to an isolated script, besides `PATH`, `HOME`, `LANG` and the like."""
    deadline: Annotated[int, SOME_TIME] | None = None
    """Deadline of each hook of the script; default: `ocilot.hooks.deadline`."""
    on_error: Annotated[str, choice("deny", "allow")] = "deny"
    """Decision when a hook fails or exceeds its deadline; `allow` is possible for `admit_*` only."""

    caller: Annotated[str, CALLER] = ""
    """Account that `event.registry` of `on_*` hooks acts as; the script gets no events of what it does."""

    def _check_whole(self) -> None:
        if not self.path:
            raise expected("a path")


class HookSettings(Section):
    """Hook scripts, which decide about logins, access and pushes."""

    scripts: list[HookScript] = []
    """Hook scripts, called in this order."""
    threads: Annotated[int, COUNT] = 16
    """Maximum concurrent calls of plain functions of one script; further calls wait."""
    deadline: Annotated[int, SOME_TIME] = 5
    """Deadline of a hook."""
    memory: Annotated[int, MEMORY] = 1 << 30
    """Maximum growth of the process's memory while a hook runs; a hook that exceeds it is stopped."""
    watch: Annotated[bool, FLAG] = False
    """Whether scripts are reloaded when their files change, as with `ocilot serve --dev`."""
