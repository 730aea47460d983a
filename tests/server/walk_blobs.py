"""The part of the walk that is about blobs: every way in, every way out, and every wrong digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from .api import Answer, with_digest
from .images import digest_of, noise
from .walk import (
    ANONYMOUS,
    BLOB_DELETE,
    BLOB_GET,
    BLOB_GONE,
    BLOB_HEAD,
    BLOB_RANGE,
    CANCEL,
    CHUNKED,
    MOUNT,
    ONE,
    POST_ONLY,
    POST_PUT,
    PUSH,
    STREAM,
    TWO,
    Unit,
    Walk,
)

SIZE = 2048
BINARY = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True)
class Blob:
    """Bytes and the digest they are sent under, which may be a wrong one."""

    data: bytes
    digest: str

    @classmethod
    def of(cls, data: bytes, algorithm: str) -> Blob:
        return cls(data, digest_of(data, algorithm))


def blob_path(digest: str, repository: str = ONE) -> str:
    return f"/v2/{repository}/blobs/{digest}"


def pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), 700):
        yield data[at : at + 700]


class Upload:
    """One session, from the POST to the closing PUT, whose answer the caller judges."""

    def __init__(self, walk: Walk, status: str, blob: Blob, repository: str, query: str = "") -> None:
        self._walk, self._status, self.blob = walk, status, blob
        self.posts = f"/v2/{repository}/blobs/uploads/"
        self._query = query
        self.location = ""
        third = -(-len(blob.data) // 3)
        self.thirds = [(at, blob.data[at : at + third]) for at in range(0, len(blob.data), third or 1)]

    def open(self) -> Upload:
        answer = self._walk("POST", self.posts + self._query)
        self._walk.expect(self._status, answer, 202)
        assert answer["Location"] != self.location
        return self.go_on_at(answer)

    def go_on_at(self, answer: Answer) -> Upload:
        """An upload follows the `Location` of the newest answer."""
        assert answer["Docker-Upload-UUID"] in answer["Location"], answer
        self.location = answer["Location"]
        return self

    def _send(self, method: str, target: str, data: bytes, at: int | None, chunked: bool = False) -> Answer:
        ranged = {"Content-Range": f"{at}-{at + len(data) - 1}"} if at is not None and data else {}
        body = pieces(data) if chunked else data
        return self._walk(method, target, body, {**BINARY, **ranged}, chunked=chunked)

    def patch(self, at: int | None, data: bytes, end: int, *, chunked: bool = False) -> Upload:
        answer = self._send("PATCH", self.location, data, at, chunked)
        self._walk.expect(self._status, answer, 202, told={"Range": f"0-{max(end - 1, 0)}"})
        return self.go_on_at(answer)

    def chunk(self, number: int) -> Upload:
        at, data = self.thirds[number]
        return self.patch(at, data, at + len(data))

    def close(self, data: bytes = b"", at: int | None = None, *, chunked: bool = False) -> Answer:
        return self._send("PUT", with_digest(self.location, self.blob.digest), data, at, chunked)

    def post_whole(self, *, chunked: bool = False) -> Answer:
        target = with_digest(self.posts + self._query, self.blob.digest)
        return self._send("POST", target, self.blob.data, None, chunked)

    def refused(self, method: str, number: int, end: int) -> Upload:
        """A chunk that is not the next: 416, and the session says where to go on."""
        at, data = self.thirds[number]
        target = self.location
        if method == "PUT":
            target = with_digest(target, digest_of(self.blob.data))
        told = {"Range": f"0-{max(end - 1, 0)}"}
        answer = self._walk.expect(self._status, self._send(method, target, data, at), 416, told=told)
        self.go_on_at(answer)
        answer = self._walk.expect(self._status, self._walk("GET", self.location), 204, told=told)
        return self.go_on_at(answer)


def out_of_order(upload: Upload) -> Upload:
    """Too far ahead at the start and in the middle, and what is there already."""
    upload.open().refused("PATCH", 1, 0).chunk(0).refused("PATCH", 2, len(upload.thirds[0][1]))
    return upload.refused("PATCH", 0, len(upload.thirds[0][1]))


def out_of_order_closing(upload: Upload) -> Answer:
    """Also the closing PUT may come too early, and the upload lives on."""
    upload.open().chunk(0).refused("PUT", 2, len(upload.thirds[0][1])).chunk(1)
    at, last = upload.thirds[2]
    return upload.refused("PUT", 1, at).close(last, at)


def all_but_last(upload: Upload) -> Upload:
    upload.open()
    for number in range(len(upload.thirds) - 1):
        upload.chunk(number)
    return upload


def last_in_put(upload: Upload, *, ranged: bool = True, chunked: bool = False) -> Answer:
    at, data = all_but_last(upload).thirds[-1]
    return upload.close(data, at if ranged else None, chunked=chunked)


def every_chunk(upload: Upload) -> Upload:
    return all_but_last(upload).chunk(len(upload.thirds) - 1)


def whole(upload: Upload, *, ranged: bool = False, chunked: bool = False) -> Upload:
    data = upload.blob.data
    return upload.open().patch(0 if ranged else None, data, len(data), chunked=chunked)


def mixed(upload: Upload) -> Answer:
    """A stream, a chunk with its range, and the rest in the PUT without a range."""
    (_, first), (at, second), (_, third) = upload.thirds
    upload.open().patch(None, first, at, chunked=True).patch(at, second, at + len(second))
    return upload.close(third, chunked=True)


Send = Callable[[Upload], Answer]

STYLES: dict[str, tuple[str, Send]] = {
    "post only": (POST_ONLY, Upload.post_whole),
    "post+put": (POST_PUT, lambda up: up.open().close(up.blob.data)),
    "chunked single": (CHUNKED, lambda up: whole(up, ranged=True).close()),
    "stream": (STREAM, lambda up: whole(up, chunked=True).close()),
    "chunked single in pieces": (CHUNKED, lambda up: whole(up, ranged=True, chunked=True).close()),
    "post only in pieces": (POST_ONLY, lambda up: up.post_whole(chunked=True)),
    "post+put in pieces": (POST_PUT, lambda up: up.open().close(up.blob.data, chunked=True)),
    "stream with length": (STREAM, lambda up: whole(up).close()),
}
"""Those that any blob can be sent by."""

CHUNKED_STYLES: dict[str, tuple[str, Send]] = {
    "chunked multi": (CHUNKED, lambda up: every_chunk(up).close()),
    "chunked multi and put chunk": (CHUNKED, last_in_put),
    "chunked multi and put chunk in pieces": (CHUNKED, partial(last_in_put, chunked=True)),
    "chunked multi and put rest": (CHUNKED, partial(last_in_put, ranged=False)),
    "chunked out-of-order": (CHUNKED, lambda up: out_of_order(up).chunk(1).chunk(2).close()),
    "chunked out-of-order and put chunk": (CHUNKED, out_of_order_closing),
    "stream, chunk and put rest": (STREAM, mixed),
}
"""Those that want three bytes at least."""

ALL_STYLES = {**STYLES, **CHUNKED_STYLES}


def send(walk: Walk, style: str, blob: Blob, repository: str = ONE, query: str = "") -> Answer:
    status, run = ALL_STYLES[style]
    return run(Upload(walk, status, blob, repository, query))


def push(walk: Walk, style: str, blob: Blob, repository: str = ONE, query: str = "") -> None:
    """An upload that must succeed, up to the blob at the place it was told to be at."""
    status = ALL_STYLES[style][0]
    told = {"Docker-Content-Digest": blob.digest}
    answer = walk.expect(status, send(walk, style, blob, repository, query), 201, told=told)
    walk.expect(PUSH, walk("GET", answer["Location"]), 200, body=blob.data)


def read(walk: Walk, blob: Blob, repository: str = ONE) -> None:
    told = {"Docker-Content-Digest": blob.digest, "Content-Length": str(len(blob.data))}
    told |= {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    path = blob_path(blob.digest, repository)
    walk.expect(BLOB_HEAD, walk("HEAD", path), 200, told=told)
    walk.expect(BLOB_GET, walk("GET", path), 200, told=told, body=blob.data)


def assert_gone(walk: Walk, *digests: str, repository: str = ONE, status: str = BLOB_GONE) -> None:
    for digest in digests:
        for method in ("HEAD", "GET"):
            walk.expect(status, walk(method, blob_path(digest, repository)), 404)


def delete(walk: Walk, digest: str, repository: str = ONE) -> None:
    walk.expect(BLOB_DELETE, walk("DELETE", blob_path(digest, repository)), 202)
    assert_gone(walk, digest, repository=repository)
    walk.expect(BLOB_DELETE, walk("DELETE", blob_path(digest, repository)), 404)


def through(walk: Walk, style: str, blob: Blob, query: str = "") -> None:
    push(walk, style, blob, query=query)
    read(walk, blob)
    delete(walk, blob.digest)


def make(title: str, algorithm: str) -> Blob:
    return Blob.of(noise(SIZE, title), algorithm)


def get_missing(walk: Walk, algorithm: str) -> None:
    for status, method in ((BLOB_GET, "GET"), (BLOB_HEAD, "HEAD"), (BLOB_DELETE, "DELETE")):
        walk.expect(status, walk(method, blob_path(make("missing", algorithm).digest)), 404)


def mount(walk: Walk, algorithm: str, source: str, status: str) -> None:
    """From the second repository, named or to be found."""
    blob = make(f"mount{source}", algorithm)
    push(walk, "post+put", blob, TWO)
    answer = walk("POST", f"/v2/{ONE}/blobs/uploads/?mount={blob.digest}{source}")
    walk.expect(status, answer, 201, told={"Docker-Content-Digest": blob.digest})
    walk.expect(status, walk("GET", answer["Location"]), 200, body=blob.data)
    read(walk, blob)
    delete(walk, blob.digest)
    read(walk, blob, TWO)
    delete(walk, blob.digest, TWO)


def mount_missing(walk: Walk, algorithm: str) -> None:
    """What cannot be mounted becomes an upload, whatever the reason."""
    blob = make("mount-missing", algorithm)
    for source in (f"&from={TWO}", "&from=walk/none", "", f"&from={TWO}&digest-algorithm={algorithm}"):
        upload = Upload(walk, MOUNT, blob, ONE)
        answer = walk("POST", f"{upload.posts}?mount={blob.digest}{source}")
        done = upload.go_on_at(walk.expect(MOUNT, answer, 202)).close(blob.data)
        walk.expect(MOUNT, done, 201, told={"Docker-Content-Digest": blob.digest})
        read(walk, blob)
        delete(walk, blob.digest)


def cancel(walk: Walk, algorithm: str) -> None:
    for chunks in (0, 2):
        upload = Upload(walk, CANCEL, make(f"cancel{chunks}", algorithm), ONE).open()
        for number in range(chunks):
            upload.chunk(number)
        walk.expect(CANCEL, walk("GET", upload.location), 204)
        walk.expect(CANCEL, walk("DELETE", upload.location), 204)
        for method in ("GET", "PATCH", "DELETE"):
            walk.expect(CANCEL, walk(method, upload.location), 404)
        walk.expect(CANCEL, upload.close(upload.blob.data), 404)
        assert_gone(walk, upload.blob.digest)


RANGES: dict[str, tuple[int, int] | None] = {
    "500-1499": (500, 1500),
    "500-": (500, SIZE),
    "-500": (SIZE - 500, SIZE),
    "2000-5000": (2000, SIZE),
    "500-0": None,
    "5000-10000": None,
}


def byte_range(walk: Walk, algorithm: str, asked: str) -> None:
    blob = make(f"range{asked}", algorithm)
    push(walk, "post+put", blob)
    answer = walk("GET", blob_path(blob.digest), headers={"Range": f"bytes={asked}"})
    if served := RANGES[asked]:
        first, end = served
        told = {"Content-Range": f"bytes {first}-{end - 1}/{SIZE}", "Content-Length": str(end - first)}
        told["Docker-Content-Digest"] = blob.digest
        walk.expect(BLOB_RANGE, answer, 206, told=told, body=blob.data[first:end])
    else:
        told = {"Content-Range": f"bytes */{SIZE}", "Content-Length": str(len(answer.body))}
        walk.expect(BLOB_RANGE, answer, 416, told=told)
    delete(walk, blob.digest)


def small(walk: Walk, algorithm: str, data: bytes) -> None:
    for style in STYLES:
        through(walk, style, Blob.of(data, algorithm))


def wrong_digests(data: bytes, algorithm: str) -> list[tuple[str, str]]:
    """Well-formed digests that are not those of the bytes, each with the right one."""
    other = "sha512" if algorithm == "sha256" else "sha256"
    return [
        (digest_of(sent, named), digest_of(data, named))
        for sent, named in ((b"other", algorithm), (b"other", other), (b"", algorithm))
    ]


def bad_digest(walk: Walk, algorithm: str, style: str) -> None:
    data = noise(SIZE, f"bad digest {style}")
    status, run = ALL_STYLES[style]

    def refused(digest: str) -> None:
        upload = Upload(walk, status, Blob(data, digest), ONE)
        walk.expect(status, run(upload), 400)
        if upload.location:
            walk.expect(CANCEL, walk("DELETE", upload.location), 204, 404)

    for wrong, right in wrong_digests(data, algorithm):
        refused(wrong)
        assert_gone(walk, wrong, right, status=status)
    for malformed in (f"{algorithm}:bad", "bad", f"{algorithm}:", "md5:" + "0" * 32):
        refused(malformed)
    assert_gone(walk, digest_of(data, algorithm), status=status)


def blob_units(algorithm: str) -> dict[str, Unit]:
    units: dict[str, Callable[[Walk, str], None]] = {"get-missing": get_missing}

    def styled(walk: Walk, named: str, *, style: str) -> None:
        for query in ("", f"?digest-algorithm={named}"):
            through(walk, style, make(style + query, named), query)

    units |= {style: partial(styled, style=style) for style in ALL_STYLES}
    units |= {
        "mount": partial(mount, source=f"&from={TWO}", status=MOUNT),
        "mount anonymous": partial(mount, source="", status=ANONYMOUS),
        "mount missing": mount_missing,
        "post cancel": cancel,
        "empty": partial(small, data=b""),
        "emptyJSON": partial(small, data=b"{}"),
    }
    units |= {f"range {asked}": partial(byte_range, asked=asked) for asked in RANGES}
    units |= {f"bad digest {style}": partial(bad_digest, style=style) for style in ALL_STYLES}
    return {f"{algorithm} blobs/{title}": in_algorithm(unit, algorithm) for title, unit in units.items()}


def in_algorithm(unit: Callable[[Walk, str], None], algorithm: str) -> Unit:
    def run(walk: Walk) -> None:
        unit(walk, algorithm)

    return run
