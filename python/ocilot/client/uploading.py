"""Upload of a blob: small ones in one request, large ones as a stream that is resumed."""

from __future__ import annotations

import logging
import re
from typing import Final

from ocilot.counting import counted
from ocilot.errors import AuthError, IntegrityError, NetworkError, RegistryError
from ocilot.oci import Descriptor

from .calls import RepositoryCalls
from .endpoints import led_to
from .retries import RETRIED
from .session import Call
from .steps import Response, Steps, Stream, sleep
from .store import Opener, Outcome
from .tokens import read_up_to, retryable

LOG: Final = logging.getLogger("ocilot.client")
MONOLITHIC: Final = 4 << 20
"""Bytes up to which a blob is held in memory and sent whole, again if need be."""
_RANGE: Final = re.compile(r"(?:bytes=)?([0-9]+)-([0-9]+)")
_ACCEPTED: Final = (200, 201, 202, 204)


class Upload:
    """One upload session after another, until the blob is there."""

    def __init__(self, calls: RepositoryCalls, blob: Descriptor, source: Opener) -> None:
        self._calls = calls
        self._blob = blob
        self._source = source
        self._attempts = calls.session.attempts()
        self._furthest = 0
        self._resumed = False

    def run(self, mount_from: str) -> Steps[Outcome]:
        """Mounts the blob from another repository of the registry, or else sends it."""
        location = ""
        if mount_from and mount_from != self._calls.repository:
            mounted, location = yield from self._mount(mount_from)
            if mounted:
                return Outcome.MOUNTED
        if not location:
            location = yield from self._start()
        if self._blob.size <= MONOLITHIC:
            yield from self._whole(location)
        else:
            yield from self._streamed(location)
        return Outcome.RESUMED if self._resumed else Outcome.COPIED

    @property
    def _name(self) -> str:
        return f"blob {self._blob.digest} to {self._calls.location}"

    def _call(self, method: str, path: str, verb: str = "upload") -> Call:
        made = self._calls.call(method, "", f"{verb} {self._name}")
        made.path, made.expected = path, _ACCEPTED
        return made

    def _mount(self, mount_from: str) -> Steps[tuple[bool, str]]:
        """Whether the blob is mounted; otherwise the session that the registry began instead, if it did."""
        path = self._calls.path(f"blobs/uploads/?mount={self._blob.digest}&from={mount_from}")
        made = self._call("POST", path, "mount")
        made.scopes = self._calls.scopes(mount_from=mount_from)
        made.expected = (201, 202, *range(400, 500))
        try:
            response = yield from self._calls.session.request(self._calls.host, made)
        except AuthError as problem:
            # The token server refuses the source: the blob is sent instead.
            LOG.debug("not mounted from %s: %s", mount_from, problem)
            return False, ""
        yield from response.body.close()
        if response.status == 201:
            return True, ""
        LOG.debug("not mounted from %s: status %d", mount_from, response.status)
        if response.status == 202:
            return False, (yield from self._location(response, ""))
        return False, ""

    def _start(self) -> Steps[str]:
        made = self._call("POST", self._calls.path("blobs/uploads/"), "start the upload of")
        made.expected = (201, 202)
        response = yield from self._calls.session.request(self._calls.host, made)
        yield from response.body.close()
        location = yield from self._location(response, "")
        if not location:
            raise RegistryError(
                f"cannot upload {self._name}: the registry began an upload without a Location",
                status=response.status,
                url=response.url,
            )
        return location

    def _location(self, response: Response, before: str) -> Steps[str]:
        """Where the upload goes on: the last `Location` counts, with all of its query."""
        told = response.headers.get("location", "")
        if not told:
            return before
        endpoint = yield from self._calls.session.endpoint(self._calls.host)
        location = led_to(endpoint, response.url, told)
        if told.startswith("http://") and location.startswith("https://"):
            self._calls.session.warn(
                f"{self._calls.host} names uploads by http:// although it is reached by https:// "
                "(its proxy does not pass X-Forwarded-Proto on): https is kept"
            )
        return location

    def _closing(self, location: str) -> str:
        return f"{location}{'&' if '?' in location else '?'}digest={self._blob.digest}"

    # Small blobs

    def _whole(self, location: str) -> Steps[None]:
        data = yield from self._bytes()
        made = self._call("PUT", self._closing(location))
        made.headers, made.body = {"content-type": "application/octet-stream"}, data
        # A session that broke may be gone: the next attempt begins another one.
        made.retried = False
        while True:
            try:
                response = yield from self._calls.session.request(self._calls.host, made)
            except (NetworkError, RegistryError) as problem:
                yield from self._wait(problem)
                self._resumed = True
                made.path = self._closing((yield from self._start()))
                continue
            yield from self._check(response)
            return

    def _bytes(self) -> Steps[bytes]:
        stream = yield from self._source(0)
        pieces = []
        try:
            while data := (yield from stream.read(MONOLITHIC + 1)):
                pieces.append(data)
        finally:
            yield from stream.close()
        data = b"".join(pieces)
        if len(data) != self._blob.size:
            raise IntegrityError(
                f"cannot upload {self._name}: the source has {counted(len(data), 'byte')}, "
                f"expected {self._blob.size}"
            )
        return data

    # Large blobs

    def _streamed(self, location: str) -> Steps[None]:
        offset = 0
        while offset < self._blob.size:
            source = _Watched((yield from self._source(offset)), self._blob.size - offset)
            made = self._call("PATCH", location)
            made.headers, made.body, made.retried = (
                {"content-type": "application/octet-stream"},
                source,
                False,
            )
            if offset:
                made.headers = {**made.headers, "content-range": f"{offset}-{self._blob.size - 1}"}
            try:
                response = yield from self._calls.session.request(self._calls.host, made)
            except (NetworkError, RegistryError) as problem:
                if source.problem is not None:
                    raise source.problem from None
                yield from self._wait(problem)
                location, offset = yield from self._resumable(location)
                self._resumed = True
                continue
            finally:
                yield from source.close()
            yield from response.body.close()
            if response.status == 201 and response.headers.get("docker-content-digest") == self._blob.digest:
                # Some registries finish with the last byte.
                return
            location = yield from self._location(response, location)
            offset = self._blob.size
        yield from self._finish(location)

    def _finish(self, location: str) -> Steps[None]:
        made = self._call("PUT", self._closing(location))
        try:
            response = yield from self._calls.session.request(self._calls.host, made)
        except RegistryError as problem:
            # An answer that was lost: the session is finished, and the blob is there.
            if problem.status != 404 or not (yield from self._is_there()):
                raise
            return
        yield from self._check(response)

    def _is_there(self) -> Steps[bool]:
        made = self._call("HEAD", self._calls.path(f"blobs/{self._blob.digest}"))
        made.expected = (200, 404)
        response = yield from self._calls.session.request(self._calls.host, made)
        yield from response.body.close()
        return response.status == 200

    def _resumable(self, location: str) -> Steps[tuple[str, int]]:
        """Where an interrupted upload goes on, and from which byte; a new one if it is gone."""
        made = self._call("GET", location, "resume the upload of")
        made.expected = range(200, 500)
        response = yield from self._calls.session.request(self._calls.host, made)
        yield from response.body.close()
        found = _RANGE.match(response.headers.get("range", ""))
        if response.status >= 300 or not found:
            return (yield from self._start()), 0
        # `0-0` is also what an empty upload answers.
        last = int(found[2])
        offset = 0 if last == 0 else min(last + 1, self._blob.size)
        # What the registry has is progress, not what was sent to it.
        self._attempts.progressed(max(0, offset - self._furthest))
        self._furthest = max(offset, self._furthest)
        return (yield from self._location(response, location)), offset

    def _check(self, response: Response) -> Steps[None]:
        yield from read_up_to(response, 0)
        told = response.headers.get("docker-content-digest", "")
        if told.startswith(f"{self._blob.digest.algorithm}:") and told != self._blob.digest:
            raise IntegrityError(f"{self._calls.location} stored blob {self._blob.digest} as {told}")

    def _wait(self, problem: NetworkError | RegistryError) -> Steps[None]:
        """Until the next attempt; raises the problem if there is none."""
        told: float | None = None
        if isinstance(problem, NetworkError):
            again = retryable(problem)
        else:
            again = problem.status in RETRIED or problem.status in (401, 404, 409, 416)
            told = getattr(problem, "retry_after", None)
        delay = self._attempts.next_delay(told) if again else None
        if delay is None:
            raise problem
        yield from sleep(delay)


class _Watched:
    """A source that tells its own failures from those of the upload."""

    def __init__(self, source: Stream, size: int) -> None:
        self._source = source
        self.size: int | None = size
        self.problem: Exception | None = None

    def read(self, size: int) -> Steps[bytes]:
        try:
            return (yield from self._source.read(size))
        except Exception as problem:
            self.problem = problem
            raise

    def close(self) -> Steps[None]:
        yield from self._source.close()
