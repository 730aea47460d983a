"""The registry's protocol, spoken by hand."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from .images import Content, Image, digest_of
from .programs import wait_until

Body = bytes | Iterable[bytes] | None


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def __str__(self) -> str:
        return f"{self.status}\n{self.headers}{self.body[:2000].decode(errors='replace')}"

    def __getitem__(self, name: str) -> str:
        """A header that must be there, and once."""
        values = self.headers.get_all(name, [])
        assert len(values) == 1, f"header {name} is there {len(values)} times: {self}"
        return str(values[0])

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        """The codes of an error answer, whose form is checked."""
        assert self["Content-Type"].split(";")[0] == "application/json", self
        errors = self.json["errors"]
        assert errors, self
        assert all(error["code"] and error["message"] for error in errors), self
        return [error["code"] for error in errors]

    def assert_error(self, *statuses: int) -> None:
        """An error answer with one of these statuses."""
        assert self.status in statuses, self
        assert self.codes, self


class Api:
    """One kept-alive connection to a registry; opened again only if the server said that it closes."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._port = port
        self.origin = f"{'https' if tls else 'http'}://{host}:{port}"
        if tls:
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=60, context=tls
            )
        else:
            self._connection = http.client.HTTPConnection(host, port, timeout=60)

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def __call__(
        self,
        method: str,
        target: str,
        body: Body = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        *,
        chunked: bool = False,
    ) -> Answer:
        """One request with exactly these headers besides Host and those that tell the length of the body."""
        lines = list(headers.items() if isinstance(headers, Mapping) else headers)
        self._connection.putrequest(method, self.path(target), skip_accept_encoding=True)
        if chunked:
            lines.append(("Transfer-Encoding", "chunked"))
        elif isinstance(body, bytes) or method in ("POST", "PUT", "PATCH"):
            assert body is None or isinstance(body, bytes), "a body in pieces is sent chunked"
            lines.append(("Content-Length", str(len(body or b""))))
        for name, value in lines:
            self._connection.putheader(name, value)
        pieces = [body] if chunked and isinstance(body, bytes) else body
        try:
            self._connection.endheaders(pieces, encode_chunked=chunked)
        except (BrokenPipeError, ConnectionResetError):
            # A server may answer and hang up before it has read everything: the answer counts. But it must
            # have taken the connection.
            if self._connection.sock is None:
                raise
        return self._read()

    def _read(self) -> Answer:
        with self._connection.getresponse() as response:
            return Answer(response.status, response.headers, response.read())

    def raw(self) -> Raw:
        """Another connection, without any manners."""
        return Raw(self._port)

    def path(self, target: str) -> str:
        """Path and query of a `Location`, which must lead back to this registry."""
        if target.startswith("/"):
            return target
        assert target.startswith(self.origin + "/"), f"{target} leads away from {self.origin}"
        parts = urlsplit(target)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def local_port(self) -> int | None:
        """Which connection this is; None if there is none now."""
        open_socket: socket.socket | None = self._connection.sock
        return int(open_socket.getsockname()[1]) if open_socket else None

    # The conversations that most tests need on their way to the one they are about.

    def start_upload(self, name: str, query: str = "") -> str:
        answer = self("POST", f"/v2/{name}/blobs/uploads/{query}")
        assert answer.status == 202, answer
        return answer["Location"]

    def push_blob(self, name: str, data: bytes, algorithm: str = "sha256") -> str:
        digest = digest_of(data, algorithm)
        answer = self("PUT", with_digest(self.start_upload(name), digest), data)
        assert answer.status == 201, answer
        return digest

    def push_manifest(self, name: str, reference: str, manifest: Content) -> str:
        answer = self(
            "PUT", f"/v2/{name}/manifests/{reference}", manifest.data, {"Content-Type": manifest.media_type}
        )
        assert answer.status == 201, answer
        return answer["Docker-Content-Digest"]

    def push_image(self, name: str, image: Image, *tags: str) -> str:
        for blob in image.blobs:
            self.push_blob(name, blob.data)
        for reference in tags or (image.digest,):
            self.push_manifest(name, reference, image.manifest)
        return image.digest

    def tags(self, name: str) -> list[str]:
        answer = self("GET", f"/v2/{name}/tags/list")
        assert answer.status == 200, answer
        return list(answer.json["tags"])

    def has_blob(self, name: str, digest: str) -> bool:
        return self._has(f"/v2/{name}/blobs/{digest}")

    def has_manifest(self, name: str, reference: str) -> bool:
        return self._has(f"/v2/{name}/manifests/{reference}")

    def wait_for_offset(self, location: str, offset: int) -> None:
        """Waits until an upload has got so far: bytes of a client that left are still on their way."""

        def arrived() -> bool:
            answer = self("GET", location)
            return answer.status == 204 and answer["Range"] == f"0-{offset - 1}"

        wait_until(arrived, f"{offset} bytes of the upload", 10)

    def _has(self, target: str) -> bool:
        status = self("HEAD", target).status
        assert status in (200, 404), status
        return status == 200


def metric(api: Api, name: str) -> int:
    """The value of a sample of `/metrics`, by its name with its labels; 0 if it is not there."""
    lines = api("GET", "/metrics").body.decode().splitlines()
    return int(next((line.split()[-1] for line in lines if line.startswith(f"{name} ")), 0))


def with_digest(location: str, digest: str) -> str:
    """A `Location` with the parameter that closes the upload, beside those it has already."""
    return f"{location}{'&' if '?' in location else '?'}digest={quote(digest)}"


class Raw:
    """A bare connection, for what no HTTP library would send."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, method: str = "GET") -> Answer:
        """Reads one answer; `method` tells whether it has a body."""
        response = http.client.HTTPResponse(self.socket, method=method)
        response.begin()
        answer = Answer(response.status, response.headers, response.read())
        response.close()
        return answer

    def is_closed(self) -> bool:
        """Whether the server has nothing more to say; waits until it says so."""
        return self.rest() == b""

    def rest(self) -> bytes:
        """Everything until the server closes."""
        parts = []
        while part := self.socket.recv(65536):
            parts.append(part)
        return b"".join(parts)
