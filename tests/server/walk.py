"""A walk through the whole protocol on one kept-alive connection, every answer judged and counted."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from .api import Answer, Body
from .registry import Registry

ONE, TWO = "walk/one", "walk/two"
"""The repositories of a walk: everything happens in the first, blobs are mounted from the second."""

AGENT = (("User-Agent", "Go-http-client/1.1"), ("Accept-Encoding", "gzip"))
"""What every Go program sends: nothing may come back compressed for it."""

PING, TAG_LIST, REFERRERS = "ping", "tag list", "referrers"
TAG_DELETE, TAG_GONE = "tag delete", "tag delete atomic"
CANCEL, PUSH, POST_ONLY, POST_PUT = "blob cancel", "blob push", "blob post only", "blob post put"
CHUNKED, STREAM, MOUNT, ANONYMOUS = "blob chunked", "blob stream", "blob mount", "blob mount anonymous"
BLOB_GET, BLOB_RANGE, BLOB_HEAD = "blob get", "blob get range", "blob head"
BLOB_DELETE, BLOB_GONE = "blob delete", "blob delete atomic"
PUT_DIGEST, PUT_TAG, PUT_TAGS = "manifest put by digest", "manifest put by tag", "manifest put with tags"
PUT_SUBJECT = "manifest put with subject"
GET_DIGEST, GET_TAG = "manifest get by digest", "manifest get by tag"
HEAD_DIGEST, HEAD_TAG = "manifest head by digest", "manifest head by tag"
MANIFEST_DELETE, MANIFEST_GONE = "manifest delete", "manifest delete atomic"

STATUSES = (
    *(PING, TAG_LIST, REFERRERS, TAG_DELETE, TAG_GONE, CANCEL, PUSH, POST_ONLY, POST_PUT, CHUNKED, STREAM),
    *(MOUNT, ANONYMOUS, BLOB_GET, BLOB_RANGE, BLOB_HEAD, BLOB_DELETE, BLOB_GONE, PUT_DIGEST, PUT_TAG),
    *(PUT_TAGS, PUT_SUBJECT, GET_DIGEST, GET_TAG, HEAD_DIGEST, HEAD_TAG, MANIFEST_DELETE, MANIFEST_GONE),
)


class Walk:
    """One connection, no second try: every request is answered on the socket of the first."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._api = registry.connect()
        self._port: int | None = None
        self.passed: Counter[str] = Counter()
        self.requests = 0

    def __call__(
        self,
        method: str,
        target: str,
        body: Body = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        *,
        chunked: bool = False,
    ) -> Answer:
        lines = [*AGENT, *(headers.items() if isinstance(headers, Mapping) else headers)]
        answer = self._api(method, target, body, lines, chunked=chunked)
        self.requests += 1
        self._port = self._port or self._api.local_port
        assert self._api.local_port == self._port, f"{method} {target} cost the connection: {answer}"
        assert method != "HEAD" or not answer.body, answer
        for name in ("Transfer-Encoding", "Content-Encoding", "Set-Cookie"):
            assert name not in answer.headers, answer
        assert answer["Docker-Distribution-Api-Version"] == "registry/2.0"
        if answer.status >= 400 and method != "HEAD":
            assert answer.codes
        return answer

    def check(self, status: str, passed: bool, *why: object) -> None:
        """One check of an API that has this status in the report."""
        assert passed, " ".join(map(str, (f"{status}:", *why)))
        self.passed[status] += 1

    def expect(
        self,
        status: str,
        answer: Answer,
        *codes: int,
        told: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Checks the code of an answer, headers that must say exactly this, and its bytes."""
        self.check(status, answer.status in codes, codes, answer)
        for name, value in (told or {}).items():
            self.check(status, answer[name] == value, name, value, answer)
        if body is not None:
            self.check(status, answer.body == body, "other bytes", answer)
        return answer

    def reopen(self) -> None:
        """After a failure: what came before must not be taken for what comes next."""
        self._api.close()
        self._api, self._port = self._registry.connect(), None

    def close(self) -> None:
        self._api.close()


Unit = Callable[[Walk], None]


@dataclass(frozen=True)
class Report:
    """What came of the units of a walk; the units that failed with the reason."""

    failed: Mapping[str, str] = field(repr=False)
    passed: Counter[str] = field(repr=False)
    requests: int


def walk_through(registry: Registry, units: Mapping[str, Unit]) -> Report:
    """Every unit in order, each counting on a repository that is as empty as it found it."""
    walk = Walk(registry)
    failed: dict[str, str] = {}
    for title, unit in units.items():
        try:
            unit(walk)
        except Exception:  # Whatever it was: it is this unit's result, and the walk goes on.
            failed[title] = traceback.format_exc()
            walk.reopen()
    walk.close()
    return Report(failed, walk.passed, walk.requests)
