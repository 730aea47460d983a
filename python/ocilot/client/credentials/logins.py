"""Login and logout: where credentials are written, and where they are removed from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from . import keys
from .files import AuthFile, Place, docker_place
from .helpers import IDENTITY
from .sources import Sources


class Written(NamedTuple):
    """Where a login went."""

    file: str
    """File that was written, or that names the helper."""
    helper: str
    """Helper that keeps the secret; empty: the file has it."""

    def __str__(self) -> str:
        return f"credential helper {self.helper} ({self.file})" if self.helper else self.file


def login(sources: Sources, host: str, username: str, secret: str, *, identity: bool = False) -> Written:
    """Keeps credentials where those of the host were read, else in the first file there is, else in docker's.

    `identity`: the secret is an identity token. Blocks. Raises ConfigError, StorageError.
    """
    file = _file_for(sources, host)
    named = file.helper_for(host, sources.environment)
    if named is None:
        file.set_entry(host, username, secret, identity)
        file.write()
        return Written(file.path, "")
    helper, key = named
    helper.store(key, IDENTITY if identity else username, secret)
    file.mark(host)
    file.write()
    return Written(file.path, helper.name)


def logout(sources: Sources, host: str) -> list[Written]:
    """Removes the credentials of a host from all files and their helpers; gives where there were some."""
    removed = []
    for place, _ in sources.places():
        file = AuthFile.read(place)
        if file is None:
            continue
        helper = ""
        named = file.helper_for(host, sources.environment)
        if named is not None and named[0].get(named[1]) is not None:
            named[0].erase(named[1])
            helper = named[0].name
        if file.remove(host):
            file.write()
        elif not helper:
            continue
        removed.append(Written(file.path, helper))
    return removed


def _file_for(sources: Sources, host: str) -> AuthFile:
    first: AuthFile | None = None
    for place, explicit in sources.places():
        file = AuthFile.read(place)
        if file is None:
            if explicit:
                return AuthFile(place)
            continue
        if place.legacy:
            continue
        if any(keys.same_host(key, host) for key in file.entries) or file.helper_for(host) is not None:
            return file
        first = first or file
    home = Path(sources.environment.get("HOME") or Path.home()) if sources.home is None else sources.home
    return first or AuthFile(Place(docker_place(sources.environment, home).path))
