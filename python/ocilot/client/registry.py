"""A registry: its repositories, and requests to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from ocilot.arguments import check_text
from ocilot.display import table
from ocilot.references import Reference, parse_repository

from . import catalog, registry_store, usage
from .catalog import Identity, RawResponse
from .context import Context
from .drive import run
from .listing import Listing
from .named import NamedReference
from .pages import Walk
from .registry_store import RegistryStore
from .repository import Repository
from .session import Session
from .steps import Steps
from .store import Page
from .usage import Usage


class RegistryAuth:
    """Where the credentials of a registry come from. No method shows a secret."""

    def __init__(self, session: Session, host: str) -> None:
        self._session = session
        self._host = host

    def origin(self, repository: str = "") -> str:
        """Where the credentials for a repository were found, such as a file or a helper; `anonymous` without.

        >>> ocilot.connect(host, auth=ocilot.ANONYMOUS).auth.origin()
        'anonymous'
        """
        return run(catalog.origin(self._session, self._host, repository))


class Registry:
    """A registry. Made by `ocilot.connect`, which does no I/O; use it in a `with` block, or close it.

    >>> with ocilot.connect(host) as registry:
    ...     registry.ping()
    """

    def __init__(self, session: Session, host: str, context: Context) -> None:
        self._session = session
        self._context = context
        self.host = host
        """Host with its port, as it is written in references; `docker.io` for Docker Hub."""
        self.auth: RegistryAuth = RegistryAuth(session, host)
        """Where credentials come from."""

    def ping(self) -> None:
        """Reaches the registry with the credentials for it.

        Raises AuthError if it refuses them, TLSError, NetworkError.

        >>> registry.ping()
        """
        run(registry_store.ping(self._session, self.host))

    def whoami(self) -> Identity:
        """Who the registry accepts the client as. Raises AuthError, TLSError, NetworkError.

        >>> registry.whoami().host == registry.host
        True
        """
        return run(catalog.whoami(self._session, self.host))

    def repositories(self, prefix: str = "") -> Listing[Repository]:
        """Its repositories whose names begin with `prefix`, fetched page by page while they are read.

        Reading it raises CatalogUnsupported where a registry does not list them, as Docker Hub, GHCR and most
        hosted registries; AuthError, NetworkError.

        >>> [repository.name for repository in registry.repositories(prefix="team/")]
        ['team/app']
        """
        pages = catalog.repository_pages(self._session, self.host, prefix)

        def fetch(after: str) -> Steps[Page[Repository]]:
            page = yield from pages(after)
            return Page([self.repository(name) for name in page.items], page.next)

        return Listing(f"repositories of {self.host}", fetch, lambda one: {"name": one.name})

    def usage(self, prefix: str = "") -> Usage:
        """What the images of its repositories take together, each blob once. Reads the manifests of all tags.

        Raises CatalogUnsupported where a registry does not list its repositories, AuthError, NetworkError.

        >>> registry.usage(prefix="team/").total == registry.repository("team/app").usage().total
        True
        """
        return run(self._usage(prefix))

    def _usage(self, prefix: str) -> Steps[Usage]:
        names: list[str] = []
        after, walk = "", Walk(f"repositories of {self.host}")
        while True:
            page = yield from catalog.repository_pages(self._session, self.host, prefix)(after)
            walk.begin(page)
            names += page.items
            after = walk.go_on(page)
            if not after:
                break
        stores = {name: self._open(name) for name in names}
        return (yield from usage.of_registry(stores, self.host, self._context.limits))

    def repository(self, name: str) -> Repository:
        """A repository by name, without I/O; it need not exist. Raises InvalidReference.

        >>> registry.repository("team/app").name
        'team/app'
        """
        # On Docker Hub `alpine` is `library/alpine`.
        found = self / parse_repository(name)
        return Repository(found.open(found.repository), self._context, found)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> RawResponse:
        """Any request to the registry, with its credentials; the answer is at most 16 MiB.

        Its status is whatever the registry answered. Raises AuthError, TLSError, NetworkError.

        >>> registry.request("GET", "/v2/team/app/tags/list").json()["name"]
        'team/app'
        """
        return run(catalog.answer(self._session, self.host, method, path, headers or {}, body))

    def close(self) -> None:
        """Closes its connections; may be called again."""
        run(catalog.close(self._session))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __truediv__(self, text: str) -> NamedReference:
        """A reference on this registry, without I/O: `registry / "team/app:v1"`."""
        check_text("reference", text, "a text such as team/app:v1")
        parsed = Reference.parse(f"{self.host}/{text}")
        return NamedReference(parsed.registry, parsed.repository, parsed.tag, parsed.digest, open=self._open)

    def _open(self, repository: str) -> RegistryStore:
        return RegistryStore(self._session, self.host, repository)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Registry) and other.host == self.host

    def __hash__(self) -> int:
        return hash(self.host)

    def _repr_html_(self) -> str:
        return table("registry", ("host",), [(self.host,)], "repositories() and usage() show what it has")

    def __repr__(self) -> str:
        return f"<Registry {self.host}>"
