"""Requests of one client, and how real clients make an image of them."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ocilot.cli.control import Control
from ocilot.errors import Error

from ..api import Answer, Api, with_digest
from ..images import Content
from ..kill_client import CONNECTION_LOST
from .content import Artifact

RETRIES = 50
"""Of a push that took longer than the pending time, which is short here."""


class Lost(Exception):
    """The registry was killed before it answered."""


class Connection:
    """Speaks to the registry that runs now. The trace has each request, and stays if something is wrong."""

    def __init__(self, connect: Callable[[], Api], root: Path, trace: Path, source: random.Random) -> None:
        self.counts: Counter[str] = Counter()
        self.holders: dict[str, str] = {}
        """The repositories to mount blobs from: those that any client pushed them to last."""
        self.uploads: set[str] = set()
        """Sessions that may be open."""
        self._connect = connect
        self._root = root
        self._trace_path = trace
        self._random = source

    @contextmanager
    def open(self) -> Iterator[None]:
        """Until the end of the process. Raises Lost when that comes."""
        try:
            with self._trace_path.open("a", buffering=1) as self._trace, self._connect() as self._api:
                yield
        except CONNECTION_LOST as problem:
            raise Lost from problem
        except Error as problem:
            if problem.code != "unavailable":
                raise
            raise Lost from problem

    def note(self, text: str) -> None:
        self._trace.write(f"{time.strftime('%H:%M:%S')}.{time.time_ns() // 1000 % 1_000_000:06} {text}\n")

    def __call__(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        self.counts["requests"] += 1
        self.note(f"{method} {target}")
        answer = self._api(method, target, body, headers or {})
        code = ""
        if answer.status >= 400 and method != "HEAD":
            code = " ".join([*answer.codes, *(str(e.get("detail", "")) for e in answer.json["errors"])])
        self.note(f"    {answer.status} {code}")
        return answer

    def expect(self, status: int, *request: Any) -> Answer:
        answer = self(*request)
        assert answer.status == status, f"{request[0]} {request[1]}: {status} was expected: {answer}"
        return answer

    def ask(self, method: str, path: str, content: Any = None, allowed: str = "not_found") -> Any:
        """The administration API. None: there was no such thing, or it was refused as `allowed` says."""
        self.counts["requests"] += 1
        self.note(f"{method} {path} {json.dumps(content) if content else ''}")
        try:
            with Control.of(None, self._root, start=False) as control:
                answer = control.ask(method, path, content)
        except Error as problem:
            if problem.code not in ("not_found", allowed):
                raise
            answer = None
        self.note(f"    {json.dumps(answer)}")
        return answer

    # Blobs.

    def need_blob(self, repository: str, blob: Content, *, asks: bool) -> None:
        """As docker does: only what is not there is mounted, and what cannot be mounted is pushed."""
        if asks and self.has(f"/v2/{repository}/blobs/{blob.digest}"):
            return
        source = self.holders.get(blob.digest, repository)
        if self._random.random() < 0.5 and source != repository:
            self.mount(repository, blob, source)
        else:
            self.push_blob(repository, blob)
        self.holders[blob.digest] = repository

    def mount(self, repository: str, blob: Content, source: str) -> None:
        answer = self("POST", f"/v2/{repository}/blobs/uploads/?mount={blob.digest}&from={source}")
        if answer.status == 201:
            self.counts["mounts"] += 1
            return
        assert answer.status == 202, answer
        self.uploads.add(answer["Location"])
        self._finish(answer["Location"], blob.data, blob.digest)

    def push_blob(self, repository: str, blob: Content) -> None:
        target = f"/v2/{repository}/blobs/uploads/"
        if self._random.random() < 0.3:
            self.expect(201, "POST", f"{target}?digest={blob.digest}", blob.data)
            return
        location = self.start_upload(repository)
        half = len(blob.data) // 2 if self._random.random() < 0.4 else 0
        if half > 1:
            self.expect(202, "PATCH", location, blob.data[:half])
        self._finish(location, blob.data[half:] if half > 1 else blob.data, blob.digest)

    def start_upload(self, repository: str) -> str:
        location = self.expect(202, "POST", f"/v2/{repository}/blobs/uploads/")["Location"]
        self.uploads.add(location)
        return location

    def cancel(self, location: str) -> None:
        answer = self("DELETE", location)
        assert answer.status in (204, 404), answer
        self.uploads.discard(location)

    def _finish(self, location: str, data: bytes, digest: str) -> None:
        self.expect(201, "PUT", with_digest(location, digest), data)
        self.uploads.discard(location)

    # Manifests.

    def push(self, repository: str, artifact: Artifact, reference: str) -> bool:
        """With all that it names, again if some was collected meanwhile. False: it is abandoned."""
        for _ in range(RETRIES):
            asks = self._random.random() < 0.8
            if not self._push_children(repository, artifact):
                return False
            for blob in artifact.blobs:
                self.need_blob(repository, blob, asks=asks)
            if self.put(repository, artifact, reference):
                return True
            self.counts["repeated"] += 1
        self.counts["abandoned"] += 1
        return False

    def put(self, repository: str, artifact: Artifact, reference: str) -> bool:
        """Whether all that it names is there."""
        headers = {"Content-Type": artifact.content.media_type}
        answer = self("PUT", f"/v2/{repository}/manifests/{reference}", artifact.content.data, headers)
        if answer.status == 201:
            return True
        assert answer.status in (400, 404), answer
        assert set(answer.codes) == {"MANIFEST_BLOB_UNKNOWN"}, answer
        return False

    def _push_children(self, repository: str, artifact: Artifact) -> bool:
        for child in artifact.children:
            if self._random.random() < 0.5 and self.has(f"/v2/{repository}/manifests/{child.digest}"):
                continue  # As containerd: a manifest that is there has all that it names.
            if not self.push(repository, child, child.digest):
                return False
        return True

    def has(self, target: str) -> bool:
        answer = self("HEAD", target)
        assert answer.status in (200, 404), answer
        return answer.status == 200

    def pull(self, repository: str, reference: str, artifact: Artifact) -> None:
        """All of it, compared byte for byte."""
        name = f"{repository}:{reference}" if ":" not in reference else f"{repository}@{reference}"
        answer = self("GET", f"/v2/{repository}/manifests/{reference}")
        assert answer.status == 200, f"{name} is lost: {answer}"
        assert answer.body == artifact.content.data, f"{name} is not {artifact.digest}: {answer}"
        for child in artifact.children:
            self.pull(repository, child.digest, child)
        for blob in artifact.blobs:
            answer = self("GET", f"/v2/{repository}/blobs/{blob.digest}")
            assert answer.status == 200, f"{name} names {blob.digest}, which is lost: {answer}"
            assert answer.body == blob.data, f"{name} names {blob.digest}, which has other bytes"
        self.counts["pulled"] += 1
