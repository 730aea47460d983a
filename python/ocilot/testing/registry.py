"""A registry in memory, with what tests ask of one: users, images, a record of requests, failures."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from ocilot.errors import Error
from ocilot.local_connection import LocalConnection
from ocilot.server import Server

from .content import Content, chart, image
from .proxy import Failure, Proxy, Recorded

SECONDS = 30.0
"""Of silence after which a request fails."""


class User(NamedTuple):
    """A user account: also a pair for `ocilot.connect(auth=…)`."""

    name: str
    password: str


class RegistryForTests:
    """A registry on a port of its own; everything in it is in memory and gone at the end.

    Without `accounts` all callers may do everything. With them, all users may pull, push and delete, those of
    the group `admins` administer, and no other caller may do anything, unless `access` has other rules.

    >>> with RegistryForTests() as registry:
    ...     digest = registry.seed("team/app:v1")
    ...     [one.method for one in registry.requests]
    []
    """

    def __init__(
        self,
        *,
        accounts: bool = False,
        access: Sequence[tuple[Sequence[str], Sequence[tuple[str, Sequence[str]]]]] | None = None,
        **options: Any,
    ) -> None:
        self._directory: Path | None = Path(tempfile.mkdtemp(prefix="ocilot-test-"))
        self._control = str(self._directory / "control.sock")
        self._has_accounts = accounts
        if accounts:
            options["accounts"] = True
            options["access"] = access or [(["**"], [("everyone", ["pull", "push", "delete"])])]
            options.setdefault("groups", [("admins", ["admin"])])
        try:
            self._server: Server | None = Server(control_socket=self._control, relative_urls=True, **options)
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        self._target = self._server.address
        self._proxy = Proxy(self._target)

    @classmethod
    def joined(cls, handle: Sequence[str]) -> Self:
        """The registry of another process, by its `handle`, with a port, record and failures of its own.

        `stop` leaves the other process's registry running.

        >>> with RegistryForTests() as one, RegistryForTests.joined(one.handle) as other:
        ...     one.seed("team/app:v1") == other.seed("team/app:v1")
        True
        """
        made = cls.__new__(cls)
        made._target, made._control = handle
        made._directory, made._server, made._has_accounts = None, None, True
        made._proxy = Proxy(made._target)
        return made

    @property
    def handle(self) -> list[str]:
        """What another process needs to join it: plain data."""
        return [self._target, self._control]

    @property
    def host(self) -> str:
        """Host and port, such as `127.0.0.1:40123`: the first part of an image reference."""
        return self._proxy.address

    @property
    def url(self) -> str:
        """URL of the registry."""
        return f"http://{self.host}"

    @property
    def requests(self) -> list[Recorded]:
        """Requests so far, in order, without those of `seed` and of `add_user`."""
        return self._proxy.requests

    def add_user(self, name: str, password: str = "", *, admin: bool = False) -> User:
        """Creates a user account. Without a password: `NAME-password`. Raises Error."""
        if not self._has_accounts:
            raise Error(f"{self.host} has no accounts: use RegistryForTests(accounts=True)")
        user = User(name, password or f"{name}-password")
        self._ask("POST", "/api/v1/accounts", {"name": name, "kind": "user", "password": user.password})
        if admin:
            self._ask("PATCH", f"/api/v1/accounts/{name}", {"admin": True})
        return user

    def seed(
        self,
        reference: str,
        *,
        files: Mapping[str, bytes] | None = None,
        layers: Sequence[Mapping[str, bytes]] | None = None,
        platforms: Sequence[str] = ("linux/amd64",),
        labels: Mapping[str, str] | None = None,
        env: Sequence[str] = (),
    ) -> str:
        """Pushes a small image `REPOSITORY:TAG`, an index if there are several platforms; its digest.

        `files`: content by path, for an image with one layer; `layers`: the same for each layer, the lowest
        first. Equal arguments give equal digests.
        """
        repository, _, tag = reference.partition(":")
        made = image(layers or [files or {"hello.txt": b"hello\n"}], platforms, labels or {}, env)
        return self.push(made, repository, tag or "latest")

    def seed_chart(self, reference: str, *, files: Mapping[str, str] | None = None) -> str:
        """Pushes a Helm chart `REPOSITORY/NAME:VERSION`; its digest."""
        repository, _, version = reference.partition(":")
        made = chart(repository.rpartition("/")[2], version or "0.1.0", files or {})
        return self.push(made, repository, (version or "0.1.0").replace("+", "_"))

    def push(self, content: Content, repository: str, tag: str) -> str:
        """Pushes blobs and manifests as they are; the digest of the last manifest."""
        for digest, data in content.blobs.items():
            self._ask("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", data)
        for media_type, digest, data in content.manifests:
            last = digest == content.manifests[-1][1]
            name = tag if last else digest
            self._ask("PUT", f"/v2/{repository}/manifests/{name}", data, media_type)
        return content.manifests[-1][1]

    def fail_next(
        self,
        status: int = 503,
        times: int = 1,
        *,
        method: str = "*",
        path: str = "*",
        retry_after: str = "",
        drop_after: int | None = None,
    ) -> None:
        """Has the next requests fail whose method and path match (patterns as in a shell).

        They are answered with `status`, or, with `drop_after`, as usual but cut after so many bytes.
        """
        self._proxy.fail(Failure(status, times, method, path, retry_after, drop_after))

    def reset(self) -> None:
        """Forgets the record of requests and the failures to come; the content stays."""
        self._proxy.reset()

    def stop(self) -> None:
        """Stops the registry. A second call has no effect."""
        self._proxy.stop()
        if self._server is not None:
            self._server.stop()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _ask(self, method: str, path: str, body: bytes | dict[str, Any], media_type: str = "") -> None:
        connection = LocalConnection(self._control, SECONDS)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = media_type or ("application/octet-stream" if isinstance(body, bytes) else "application/json")
        try:
            connection.request(method, path, data, {"Content-Type": kind})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        if answer.status >= 300:
            raise Error(f"{method} {path} failed with {answer.status}: {text.strip()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<RegistryForTests {self.url}>"
