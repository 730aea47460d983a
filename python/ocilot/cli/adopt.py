"""`ocilot adopt`: what distribution has stored becomes the registry's own, where it lies."""

from __future__ import annotations

import http.client
import os
import pwd
import shlex
import ssl
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

import typer

from ocilot.adoption import Adopted, LeftBehind, adopt_distribution
from ocilot.config import host_checks
from ocilot.counting import counted
from ocilot.errors import ConfigError

from .exit import Exit
from .location import Location, located_here
from .output import Output, OutputOption, json_of, print_data
from .registry_api import failure

SECONDS: Final = 5
"""That a registry may take to answer."""


@located_here
def adopt(at: Location, output: OutputOption = Output.TABLE) -> None:
    """Adopt a data directory of CNCF distribution in place; exit code 8 if something was left behind.

    Moves no blob and changes nothing of distribution's. No registry may be running on it: refuses while one
    answers at `http.addr`. May be run again. As root, it works as the owner of the directory.
    """
    loaded = at.load()
    root = at.data_directory(loaded)
    settings = loaded.settings
    if url := registry_at(settings.address, settings.prefix, is_tls=bool(settings.tls_certificate)):
        raise failure(
            "conflict",
            f"a registry answers at {url}: stop it before its data is adopted, such as with `docker stop` or "
            "`systemctl stop`; if it has other data, set another http.addr",
        )
    user = _become_owner(root)
    left: list[LeftBehind] = []

    def tell(what: LeftBehind) -> None:
        left.append(what)
        if output is Output.TABLE:
            print(f"{what.repository} {what.subject}".strip(), what.message, sep="  ", flush=True)
        elif output is Output.JSONL:
            print(json_of(asdict(what)), flush=True)

    try:
        done = adopt_distribution(root, on_left_behind=tell)
    except KeyboardInterrupt:
        print("interrupted; run it again, it continues where it stopped", file=sys.stderr)
        raise typer.Exit(Exit.INTERRUPTED) from None
    _report(done, left, output)
    for problem in host_checks.htpasswd_problems(settings):
        print(f"note: `ocilot serve` does not start yet: {problem}", file=sys.stderr)
    print(f"next: {_next_command(at, user)}", file=sys.stderr)
    if not done.complete:
        raise typer.Exit(Exit.PARTIAL)


def _report(done: Adopted, left: list[LeftBehind], output: Output) -> None:
    if output in (Output.JSON, Output.YAML):
        counts = {name: value for name, value in asdict(done).items() if name != "left"}
        print_data({"counts": counts, "left_behind": [asdict(what) for what in left]}, output, lambda: None)
        return
    parts = [counted(getattr(done, f"{name}s"), name) for name in ("manifest", "tag", "blob")]
    found = f"{counted(done.repositories, 'repository')}: {', '.join(parts)}"
    print(f"{found}; {done.left_behind} left behind", file=sys.stderr)


def _become_owner(root: str) -> str | None:
    """As root: continues as the owner of the directory, who serves it later, and answers the name."""
    try:
        owner = Path(root).stat()
    except OSError:
        return None  # There is nothing to adopt, which is said later.
    if os.geteuid() != 0 or owner.st_uid == 0:
        return None
    name, groups = f"#{owner.st_uid}", [owner.st_gid]
    with suppress(KeyError):
        name = pwd.getpwuid(owner.st_uid).pw_name
        groups = os.getgrouplist(name, owner.st_gid)
    os.setgroups(groups)
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(
            f"user {name} owns {root} but cannot open it: allow that user to pass the directories above it"
        )
    return name


def _next_command(at: Location, user: str | None) -> str:
    """What serves the directory, as the user whom it belongs to."""
    words = ["ocilot", "serve"]
    if user is not None:
        words = ["sudo", "-u", user, *words]
    if at.config is not None:
        words += ["--config", at.config]
    if at.root is not None:
        words += ["--root", at.root]
    return shlex.join(words)


def registry_at(address: str, prefix: str = "", *, is_tls: bool) -> str | None:
    """The URL of the registry that answers at an address to listen on; None if there is none."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or int(port) == 0:
        return None
    name = {"": "localhost", "0.0.0.0": "localhost", "[::]": "localhost"}.get(host, host)
    place = f"{name}:{port}"
    connection: http.client.HTTPConnection
    if is_tls:
        # Whose certificate it is does not matter: nothing secret is sent.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(place, timeout=SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(place, timeout=SECONDS)
    try:
        connection.request("GET", f"{prefix.rstrip('/')}/v2/")
        is_registry = connection.getresponse().getheader("Docker-Distribution-Api-Version") is not None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return f"{'https' if is_tls else 'http'}://{place}" if is_registry else None
