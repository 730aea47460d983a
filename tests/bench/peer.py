"""Fills a registry that somebody else runs, through its API: the only door there is."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from .content import Blob, Manifest, Repository
from .servers import Peer

T = TypeVar("T")

CLIENTS = 8
AT_ONCE = 10_000
"""Items that wait for a client."""


class PeerRefused(Exception):
    """The peer did not take what it was to be asked for later."""


class Filler:
    """Pushes what is not there yet."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._mine = threading.local()
        self._open: list[http.client.HTTPConnection] = []

    def fill(self, repositories: Iterable[Repository]) -> None:
        """Of those that everybody is asked for."""
        with ExitStack() as stack, ThreadPoolExecutor(CLIENTS) as pool:
            stack.callback(self._close)
            for repository in repositories:
                if repository.only_ocilot:
                    continue
                name = repository.name
                for blobs in batches(repository.blobs()):
                    list(pool.map(lambda blob, name=name: self._blob(name, blob), blobs))
                for manifests in batches(repository.manifests()):
                    list(pool.map(lambda one, name=name: self._manifest(name, one), manifests))

    def _close(self) -> None:
        for connection in self._open:
            connection.close()
        self._open, self._mine = [], threading.local()

    def _blob(self, repository: str, blob: Blob) -> None:
        digest = blob.digest()
        if self._ask("HEAD", f"/v2/{repository}/blobs/{digest}")[0] == 200:
            return
        status, location = self._ask("POST", f"/v2/{repository}/blobs/uploads/")
        if status != 202 or not location:
            raise PeerRefused(
                f"{self._peer.name} answered {status} to the start of an upload to {repository}"
            )
        path = location[location.index("/v2/") :]
        joined = f"{path}{'&' if '?' in path else '?'}digest={quote(digest)}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(blob.size)}
        status, _ = self._ask("PUT", joined, headers, blob.chunks())
        if status != 201:
            raise PeerRefused(f"{self._peer.name} answered {status} to a blob for {repository}")

    def _manifest(self, repository: str, manifest: Manifest) -> None:
        for tag in manifest.tags or (manifest.digest,):
            path = f"/v2/{repository}/manifests/{tag}"
            if self._ask("HEAD", path, {"Accept": manifest.media_type})[0] == 200:
                continue
            headers = {"Content-Type": manifest.media_type, "Content-Length": str(len(manifest.data))}
            status, _ = self._ask("PUT", path, headers, [manifest.data])
            if status != 201:
                raise PeerRefused(f"{self._peer.name} answered {status} to a manifest for {repository}")

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: Iterable[bytes] | None = None,
    ) -> tuple[int, str]:
        connection = self._connection()
        connection.request(method, path, body, headers or {"Content-Length": "0"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Location", "")

    def _connection(self) -> http.client.HTTPConnection:
        """This thread's own."""
        found: http.client.HTTPConnection | None = getattr(self._mine, "connection", None)
        if found is None:
            host, port = self._peer.host, self._peer.port
            if self._peer.tls:
                found = http.client.HTTPSConnection(host, port, context=ssl.create_default_context())
            else:
                found = http.client.HTTPConnection(host, port)
            self._mine.connection = found
            self._open.append(found)
        return found


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """A million items are never held at once."""
    rest = iter(items)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
