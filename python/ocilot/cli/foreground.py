"""The registry in the foreground, as `ocilot serve` runs it.

Loads nothing that only other commands need: it stays in memory as long as the registry runs, and nobody is
served before it is loaded.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self

from ocilot import _core
from ocilot import config as configuration
from ocilot.config import host_checks
from ocilot.errors import ConfigError, Error

from .console import Console
from .exit import Exit
from .greeting import asks_who, greeting

if TYPE_CHECKING:
    from ocilot.hooks.running.service import Hooks

_ENDING = (signal.SIGTERM, signal.SIGINT)
_IGNORED = (signal.SIGUSR1, signal.SIGUSR2)
_HEARD = (*_ENDING, signal.SIGHUP, *_IGNORED)
HIGHEST_PORT = 65535
_PATIENCE = 3.0
"""Seconds for which the threads of scripts may keep a process whose work is done."""


class LogFormat(StrEnum):
    """Forms of a log line."""

    TEXT = "text"
    JSON = "json"
    LOGSTASH = "logstash"


class LogLevel(StrEnum):
    """Levels of the log."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Wanted(NamedTuple):
    """What the command line asks for; None for what it leaves to the configuration."""

    config: str | None = None
    root: str | None = None
    addr: str | None = None
    port: int | None = None
    debug_addr: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    log_format: LogFormat | None = None
    log_level: LogLevel | None = None
    dev: bool = False

    @classmethod
    def of_words(cls, words: Sequence[str]) -> Self | None:
        """What plain words say: values, each option at most once.

        None for what needs an answer instead of a registry, help or a mistake, and for any unusual way to
        write it: all that is typer's.
        """
        options = {"--" + name.replace("_", "-"): name for name in cls._fields}
        del options["--dev"]
        given: dict[str, str] = {}
        rest = iter(words)
        is_dev = False
        for word in rest:
            if word == "--dev" and not is_dev:
                is_dev = True
                continue
            name, equals, value = word.partition("=")
            if name in options:
                key, value = options[name], value if equals else next(rest, "")
            else:
                key, value = "config", word
            if key in given or not value or value.startswith("-"):
                return None
            given[key] = value
        try:
            return cls._of_texts(is_dev, **given)
        except ValueError:
            return None

    @classmethod
    def _of_texts(
        cls,
        dev: bool,
        port: str | None = None,
        log_format: str | None = None,
        log_level: str | None = None,
        **others: str,
    ) -> Self:
        return cls(
            **others,
            port=_port_of(port) if port else None,
            dev=dev,
            log_format=LogFormat(log_format) if log_format else None,
            log_level=LogLevel(log_level) if log_level else None,
        )


def _port_of(text: str) -> int:
    """A port in plain digits. Raises ValueError for anything else."""
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= HIGHEST_PORT:
        raise ValueError(text)
    return port


def serve(wanted: Wanted) -> None:
    """Serves what is wanted, over the variables, over the file, until a signal ends it."""
    try:
        loaded = configuration.load(wanted.config)
    except Error as problem:
        form = wanted.log_format or configuration.wanted_log_format(wanted.config)
        raise Console(form).end(problem) from problem
    if wanted.root is not None:
        loaded = loaded.with_root(wanted.root)
    settings = loaded.settings
    _apply(wanted, settings)
    console = Console.of(settings)
    for note in loaded.notes:
        console.say(note, f"note: {note}", level="warn")
    own = loaded.config.ocilot.hooks
    try:
        if wanted.addr is not None and wanted.port is not None:
            raise ConfigError("--addr and --port cannot be combined: write the port in --addr")
        if problems := host_checks.htpasswd_problems(settings):
            raise ConfigError("\n".join(problems))
        run(settings, loaded.path, has_hooks=bool(own.scripts), watches_hooks=wanted.dev or own.watch)
    except SystemExit:
        raise
    except BaseException as problem:
        raise console.end(problem) from problem


def _apply(wanted: Wanted, settings: _core.Settings) -> None:
    """Options win over the configuration."""
    settings.address = wanted.addr or settings.address
    if wanted.port is not None:
        settings.address = f"{settings.address.rpartition(':')[0]}:{wanted.port}"
    settings.debug_address = wanted.debug_addr or settings.debug_address
    settings.tls_certificate = wanted.tls_cert or settings.tls_certificate
    settings.tls_key = wanted.tls_key or settings.tls_key
    if wanted.log_format is not None:
        is_text = wanted.log_format is LogFormat.TEXT
        settings.log_format = _core.LogFormat.text if is_text else _core.LogFormat.json
        settings.logstash = wanted.log_format is LogFormat.LOGSTASH
    if wanted.log_level is not None:
        settings.log_level = _core.LogLevel[wanted.log_level.value]


def run(
    settings: _core.Settings, path: str | None = None, *, has_hooks: bool = False, watches_hooks: bool = False
) -> None:
    """Serves until a signal ends it. `path` is the file of the configuration, if there is one."""
    # Before anything starts threads: they inherit the mask, so that only sigwait below hears signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    hooks = _begun_hooks(settings, path) if has_hooks else None
    if hooks is None:
        settings.hook_listeners = []  # Scripts that were removed have no place in the change log.
    try:
        server = _core.Server.start(settings)
    except Error:
        if hooks is not None:
            hooks.stop()
        raise
    if hooks is not None:
        hooks.attach(server.hooks, server.control_socket)
        if watches_hooks:
            hooks.watch()
    console = Console.of(settings)
    # Nothing is printed by Python from here on: a reader of the output that is stuck would keep the registry.
    server.print(greeting(console, server, settings, hooks) + "\n")
    rules = _Rules(server, path) if path is not None and asks_who(settings) else None
    while (heard := _next_signal(rules)) not in _ENDING:
        if heard in _IGNORED:
            server.print(console.line("signal ignored", f"{heard.name} ignored") + "\n")
            continue
        _reload(server, hooks)
        if rules is not None:
            rules.read_again()
    if settings.shutdown_delay > 0:
        server.leave(f"{heard.name}: the port stays open; another signal ends that")
        heard = signal.Signals(_signal_within(settings.shutdown_delay) or heard)
    threading.Thread(target=_end_at_once, daemon=True).start()
    server.stop(f"{heard.name}: requests under way may end; another signal ends at once")
    if hooks is None:
        return
    # A thread that never lets go would keep the process: one in a hook, or one that a script has started.
    if not hooks.stop():
        os._exit(Exit.OK)
    last = threading.Timer(_PATIENCE, os._exit, (Exit.OK,))
    last.daemon = True
    last.start()


def _begun_hooks(settings: _core.Settings, path: str | None) -> Hooks:
    """The scripts, loaded and started. Nothing of all that is imported by a registry without them."""
    from ocilot.hooks.loading.configured import reader
    from ocilot.hooks.running.service import Hooks

    hooks = Hooks(reader(path), unasked_points(settings))
    # A hook that computes gives way to others after a millisecond instead of five.
    sys.setswitchinterval(0.001)
    settings.hook_points = hooks.points
    settings.hook_listeners = hooks.listeners
    return hooks


def unasked_points(settings: _core.Settings) -> dict[str, str]:
    """The points that a registry with these settings would never ask, and why.

    Everything else is always asked: `authorize` in an open registry, too, about callers without a name.
    """
    unasked = {}
    if settings.retention_policies == "[]":
        unasked["retain"] = "no retention policy deletes tags; set ocilot.retention.policies"
    if settings.pull_events == "off":
        unasked["on_pulled"] = "pulls are not events; set ocilot.events.pulls: sampled or all"
    if not settings.accounts and not settings.auth_htpasswd:
        unasked["authenticate"] = _why_no_passwords(settings)
    return unasked


def _why_no_passwords(settings: _core.Settings) -> str:
    why = "passwords are not accepted"
    if settings.auth_token:
        why += "; callers log in with a token of the token server in auth.token"
    elif settings.auth_silly:
        why += "; auth.silly accepts every login"
    else:
        why += "; set ocilot.accounts.enabled: true"
    return why


class _Rules:
    """The rules of access, put in force again when the file changes that they are in."""

    def __init__(self, server: _core.Server, path: str) -> None:
        self._server = server
        self._path = path
        self._version = self._look()

    def read_if_changed(self) -> None:
        version = self._look()
        if version not in (self._version, None):
            self._version = version
            self.read_again()

    def read_again(self) -> None:
        try:
            settings = configuration.load(self._path).settings
        except Error as problem:
            self._server.note_failed_reload(str(problem))
            return
        with suppress(Error):  # It is in the log already.
            self._server.reload_access(settings)

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - pathlib takes longer to load than all of this.
        except OSError:
            return None  # It is being replaced.
        return found.st_mtime_ns, found.st_size, found.st_ino


def _next_signal(rules: _Rules | None) -> signal.Signals:
    """Waits for a signal, and looks after the rules meanwhile."""
    if rules is None:
        return signal.Signals(signal.sigwait(_HEARD))
    while True:
        heard = signal.sigtimedwait(_HEARD, 1)
        # A debugger that attaches ends the wait without a signal.
        if heard is not None and heard.si_signo in _HEARD:
            return signal.Signals(heard.si_signo)
        rules.read_if_changed()


def _signal_within(seconds: int) -> int | None:
    """The next signal that ends the registry; None if none comes in that time."""
    found = signal.sigtimedwait(_ENDING, seconds)
    return found.si_signo if found is not None else None


def _reload(server: _core.Server, hooks: Hooks | None) -> None:
    with suppress(Error):  # It is in the log already.
        server.reload_tls()
    if hooks is not None:
        # Scripts may take their time, and the next signal may be the one to end.
        threading.Thread(target=hooks.reload, name="hooks-reload", daemon=True).start()


def _end_at_once() -> None:
    heard = signal.sigwait(_ENDING)
    os._exit(Exit.INTERRUPTED if heard == signal.SIGINT else Exit.OTHER)
