"""What commands talk to: the registry that a reference names, with the options of the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocilot.cli.output import shown
from ocilot.cli.reaching import Reaching
from ocilot.errors import AuthError, InvalidReference

from . import default_registry
from .official_images import is_official

if TYPE_CHECKING:
    from ocilot.client.credentials.sources import Sources
    from ocilot.client.registry import Registry
    from ocilot.client.repository import Repository
    from ocilot.client.store import Store
    from ocilot.references import Reference


class Connection:
    """Registries by name, each opened once."""

    def __init__(self, reaching: Reaching | None = None) -> None:
        self.on_event: Any = None
        """Reads the events of transfers."""
        self._reaching = reaching or Reaching()
        self._reaching.check()
        self._schemes: dict[str, str] = {}
        """Schemes that were written before the names of registries."""
        self._registries: dict[str, Registry] = {}
        self._opened: dict[str, Repository] = {}
        self._named: set[str] = set()
        self._others: list[Connection] = []

    def reference(self, text: str, *, writes: bool = False, quiet: bool = False) -> Reference:
        """The reference that a text means, with its registry. Raises InvalidReference.

        `writes`: refuses a short name that every other tool takes for an official image of Docker Hub.
        """
        from ocilot.references import Reference, is_address, is_host_by_case, names_registry

        if names_registry(text):
            found = Reference.parse(text)
            if is_host_by_case(found.registry):
                name = f"{found.registry.lower()}/{found.repository}"
                means = f"{found.repository} on the registry {found.registry}"
                self._say(text, f"{shown(text)} is {means}; for a repository, write {name}", quiet)
            return found
        host = default_registry.chosen() or default_registry.HUB
        if is_address(text):
            raise InvalidReference(
                f'invalid reference "{shown(text)}": the repository is missing',
                hint=f"write {shown(text)}/NAME, or {Reference.parse(text, host)} for that image",
            )
        full = Reference.parse(text, default_registry=host)
        if writes and full.registry != default_registry.HUB and is_official(full.repository):
            raise InvalidReference(
                f'ambiguous reference "{shown(text)}": {full.repository} is also an official image of '
                "Docker Hub",
                hint=f"write {full} or docker.io/{full.repository}",
            )
        other = ", not the file or directory of this name" if Path(text).exists() else ""
        self._say(text, f"{shown(text)} is {full}{other}", quiet)
        return full

    def _say(self, text: str, what: str, quiet: bool) -> None:
        """Says once what a reference means."""
        if not quiet and text not in self._named:
            self._named.add(text)
            print(what, file=sys.stderr)

    def end(self, text: str, *, writes: bool = False) -> Reference | str:
        """One end of a verb; a reference remembers how its registry is reached."""
        from ocilot.references import Location

        if Location.parse(text).kind != "registry":
            return text
        found = self.reference(text, writes=writes)
        named = str(found).removeprefix(f"{found.registry}/")
        return self.registry(found.registry) / named

    def host(self, text: str) -> str:
        """The registry that an argument names, without its scheme. For none: the default one, named."""
        from ocilot.references import parse_host

        found = parse_host(text or default_registry.named())
        if found.scheme:
            self._schemes[found.name] = found.scheme
        return found.name

    def sources(self) -> Sources:
        """Where credentials are searched, and stored."""
        from ocilot.client.credentials.sources import Sources

        return Sources(auth_file=self._reaching.auth_file)

    def check_login(self, host: str, user: str, password: str) -> bool:
        """Asks a registry whether it accepts credentials, False if it asks for none. Raises AuthError."""
        from ocilot.verbs import connect

        with connect(self._url(host), **self.options(host) | {"auth": (user, password)}) as registry:
            try:
                return registry.whoami().asked
            except AuthError as problem:
                if problem.status != 401:
                    raise
                # Its hint is to log in, which this is.
                what = str(problem).removesuffix(f"; {problem.hint}")
                hint = "check the user name and the password"
                raise AuthError(what, hint=hint, status=401, url=problem.url, errors=problem.errors) from None

    def registry(self, host: str) -> Registry:
        """The registry of a host, with the credentials and certificates for it."""
        from ocilot.verbs import connect

        if host not in self._registries:
            self._registries[host] = connect(self._url(host), **self.options(host))
        return self._registries[host]

    def _url(self, host: str) -> str:
        """A registry with its scheme, where one was written."""
        return f"{self._schemes[host]}://{host}" if host in self._schemes else host

    def options(self, host: str) -> dict[str, Any]:
        """What `connect` takes for a host."""
        return {
            "auth_file": self._reaching.auth_file,
            "tls": self._reaching.tls(host),
            "on_event": self.on_event,
        }

    def opened(self, text: str, *, writes: bool = False) -> tuple[Repository, str]:
        """The repository, layout or archive of a location, and the tag or digest in it."""
        from ocilot.references import Location
        from ocilot.verbs import open as open_location

        location = Location.parse(text)
        if location.kind != "registry":
            if text not in self._opened:
                self._opened[text] = open_location(text)
            return self._opened[text], location.name
        reference = self.reference(text, writes=writes)
        return self.repository(reference), reference.target

    def source(self, text: str) -> tuple[Store, str]:
        """The same as a store, for builders."""
        repository, name = self.opened(text)
        return repository.store, name

    @contextmanager
    def target(self, text: str) -> Iterator[tuple[Store, str]]:
        """A store to write to, and the tag in it; an archive is whole afterwards, or absent."""
        from ocilot.archives import create_store
        from ocilot.client.drive import run
        from ocilot.references import Location

        location = Location.parse(text)
        if location.kind == "registry":
            reference = self.reference(text, writes=True)
            yield self.repository(reference).store, reference.tag
            return
        store: Any = create_store(text)
        try:
            yield store, location.name
        except BaseException:
            getattr(store, "discard", lambda: None)()
            raise
        run(store.close())

    def name_of(self, text: str) -> str:
        """A location as data have it: a reference with its registry, everything else as it is."""
        from ocilot.references import Location

        location = Location.parse(text)
        return text if location.kind != "registry" else str(self.reference(text, quiet=True))

    def full_name(self, text: str) -> str:
        """The name of an image in a bundle."""
        from ocilot.references import Location

        location = Location.parse(text)
        return location.name if location.kind != "registry" else str(self.reference(text, quiet=True))

    def repository(self, reference: Reference) -> Repository:
        """The repository of a reference."""
        return self.registry(reference.registry).repository(reference.repository)

    def with_credentials(self, auth_file: str | None) -> Connection:
        """The same registries with the credentials of another file, as the source of a copy may need.

        For None this one. Closed with it.
        """
        if auth_file is None:
            return self
        other = Connection(self._reaching._replace(auth_file=auth_file))
        other.on_event, other._schemes, other._named = self.on_event, self._schemes, self._named
        self._others.append(other)
        return other

    def close(self) -> None:
        """Closes the connections."""
        for other in self._others:
            other.close()
        for opened in (self._opened, self._registries):
            while opened:
                opened.popitem()[1].close()
