"""The part of the walk that is about manifests: sets of them pushed, listed, pulled and deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import Any
from urllib.parse import quote

from .api import Answer
from .images import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, digest_of, to_json
from .test_lists import next_link
from .walk import (
    GET_DIGEST,
    GET_TAG,
    HEAD_DIGEST,
    HEAD_TAG,
    MANIFEST_DELETE,
    MANIFEST_GONE,
    ONE,
    PING,
    PUT_DIGEST,
    PUT_SUBJECT,
    PUT_TAG,
    PUT_TAGS,
    REFERRERS,
    TAG_DELETE,
    TAG_GONE,
    TAG_LIST,
    Unit,
    Walk,
)
from .walk_blobs import ALL_STYLES, Blob, blob_path, delete, push, read
from .walk_data import DATA_SETS, DataSet, Part, data_set, sparse_set

TYPES = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST)
ACCEPTS: Sequence[list[tuple[str, str]]] = (
    [("Accept", one) for one in TYPES],
    [("Accept", ", ".join(TYPES))],
    [("Accept", "*/*")],
    [],
)
"""Lines of their own, as Go programs send them; one list; anything; nothing."""

PIECE = 32768


def manifest_path(reference: str) -> str:
    return f"/v2/{ONE}/manifests/{reference}"


def referrers_path(digest: str) -> str:
    return f"/v2/{ONE}/referrers/{digest}"


def put(walk: Walk, reference: str, part: Part, media_type: str | None = None) -> Answer:
    """Chunked and without a length, in pieces."""
    pieces = (part.data[at : at + PIECE] for at in range(0, len(part.data), PIECE))
    headers = {"Content-Type": media_type or part.media_type}
    return walk("PUT", manifest_path(reference), pieces, headers, chunked=True)


def stored(walk: Walk, status: str, answer: Answer, part: Part, digest: str) -> None:
    """What every accepted push says, and that it is true."""
    walk.expect(status, answer, 201, told={"Docker-Content-Digest": digest})
    subject = part.fields.get("subject")
    if subject:
        walk.expect(PUT_SUBJECT, answer, 201, told={"OCI-Subject": subject["digest"]})
    else:
        assert "OCI-Subject" not in answer.headers, answer
    assert "Warning" not in answer.headers, answer
    headers = [("Accept", part.media_type)]
    walk.expect(status, walk("GET", answer["Location"], headers=headers), 200, body=part.data)


class Made:
    """A data set in the first repository."""

    def __init__(self, walk: Walk, made: DataSet) -> None:
        self._walk, self._made = walk, made
        self._manifests = list(made.manifests)
        self._tagged: dict[str, Part] = {}
        """What each tag leads to: the same bytes, but in the algorithm the tag was pushed with."""

    def push(self) -> None:
        for blob, style in zip(self._made.blobs, cycle(ALL_STYLES), strict=False):
            push(self._walk, style if len(blob.data) > 2 else "post+put", Blob(blob.data, blob.digest))
        for part in self._made.manifests:
            self._push_by_digest(part)
        if not self._made.by_parameter:
            for tag, part in self._made.tags.items():
                self._push_by_tag(tag, part)

    def _push_by_digest(self, part: Part) -> None:
        self._walk.expect(HEAD_DIGEST, self._walk("HEAD", manifest_path(part.digest)), 404)
        tags = [tag for tag, tagged in self._made.tags.items() if tagged == part]
        if not self._made.by_parameter:
            stored(self._walk, PUT_DIGEST, put(self._walk, part.digest, part), part, part.digest)
            return
        assert len(tags) >= 10
        query = "&".join(f"tag={tag}" for tag in tags)
        answer = put(self._walk, f"{part.digest}?{query}", part)
        stored(self._walk, PUT_TAGS, answer, part, part.digest)
        told = [tag.strip() for line in answer.headers.get_all("OCI-Tag", []) for tag in line.split(",")]
        self._walk.check(PUT_TAGS, sorted(told) == sorted(tags), answer)
        self._tagged |= dict.fromkeys(tags, part)

    def _push_by_tag(self, tag: str, part: Part) -> None:
        """Without `?digest=` the registry chooses the algorithm."""
        self._walk.expect(HEAD_TAG, self._walk("HEAD", manifest_path(tag)), 404)
        twin = Part(part.media_type, part.data)
        stored(self._walk, PUT_TAG, put(self._walk, tag, part), part, twin.digest)
        self._tagged[tag] = twin
        if twin not in self._manifests:
            self._manifests.append(twin)

    def list_tags(self) -> None:
        tags = sorted(self._tagged)
        self._tags_are("", tags)
        self._tags_are("?n=0", [])
        for at in {0, len(tags) // 2, len(tags) - 1} if tags else ():
            self._tags_are(f"?last={tags[at]}", tags[at + 1 :])
            self._tags_are(f"?n={len(tags)}&last={tags[at]}", tags[at + 1 :])
        for size in (1, 2, 5):
            pages = list(self._pages(f"/v2/{ONE}/tags/list?n={size}"))
            self._walk.check(TAG_LIST, [tag for page in pages for tag in page["tags"]] == tags, pages)
            self._walk.check(TAG_LIST, all(len(page["tags"]) == size for page in pages[:-1]), pages)

    def _tags_are(self, query: str, tags: list[str]) -> None:
        answer = self._walk("GET", f"/v2/{ONE}/tags/list{query}")
        self._walk.expect(TAG_LIST, answer, 200, told={"Content-Type": "application/json"})
        self._walk.check(TAG_LIST, answer.json == {"name": ONE, "tags": tags}, answer)
        assert next_link(answer) is None

    def _pages(self, target: str | None) -> Iterator[Any]:
        while target:
            answer = self._walk("GET", target)
            assert answer.status == 200, answer
            yield answer.json
            target = next_link(answer)

    def head(self) -> None:
        for part in self._manifests:
            self._read("HEAD", HEAD_DIGEST, part.digest, part)
        for tag, part in self._tagged.items():
            self._read("HEAD", HEAD_TAG, tag, part)

    def pull(self) -> None:
        for part in self._manifests:
            self._read("GET", GET_DIGEST, part.digest, part)
        for tag, part in self._tagged.items():
            self._read("GET", GET_TAG, tag, part)
        for blob in self._made.blobs:
            read(self._walk, Blob(blob.data, blob.digest))

    def _read(self, method: str, status: str, reference: str, part: Part) -> None:
        told = {"Docker-Content-Digest": part.digest, "Content-Length": str(len(part.data))}
        told["Content-Type"] = part.media_type
        body = part.data if method == "GET" else b""
        for accept in ACCEPTS[:1] if len(part.data) > PIECE else ACCEPTS:
            answer = self._walk(method, manifest_path(reference), headers=accept)
            self._walk.expect(status, answer, 200, told=told, body=body)

    def _referrers(self) -> dict[str, list[dict[str, Any]]]:
        """What each digest that is there, or is anybody's subject, must list."""
        listed: dict[str, list[dict[str, Any]]] = {part.digest: [] for part in self._manifests}
        for part in self._manifests:
            fields = part.fields
            if "subject" not in fields:
                continue
            kind = fields.get("artifactType", fields.get("config", {}).get("mediaType"))
            more = {"artifactType": kind} if kind else {}
            if fields.get("annotations"):
                more["annotations"] = fields["annotations"]
            listed.setdefault(fields["subject"]["digest"], []).append(part.descriptor(**more))
        return listed

    def list_referrers(self) -> None:
        for subject, expected in self._referrers().items():
            self._referrers_are(subject, "", expected)
            kinds = {one["artifactType"] for one in expected if "artifactType" in one}
            for kind in (*kinds, "application/vnd.example.none"):
                only = [one for one in expected if one.get("artifactType") == kind]
                for written in {kind, quote(kind, safe="")}:
                    self._referrers_are(subject, f"?artifactType={written}", only)
            if expected:
                self._referrers_are(subject, "?n=1", expected)

    def _referrers_are(self, subject: str, query: str, expected: list[dict[str, Any]]) -> None:
        listed: list[dict[str, Any]] = []
        target: str | None = referrers_path(subject) + query
        while target:
            answer = self._walk("GET", target)
            self._walk.expect(REFERRERS, answer, 200, told={"Content-Type": OCI_INDEX})
            assert len(answer.body) <= 4 * 1024 * 1024
            index = answer.json
            assert (index["schemaVersion"], index["mediaType"]) == (2, OCI_INDEX)
            listed += index["manifests"]
            applied = answer.headers.get_all("OCI-Filters-Applied", [])
            self._walk.check(REFERRERS, applied == ["artifactType"] * ("artifactType" in query), answer)
            target = next_link(answer)
        by_digest = {one["digest"]: one for one in expected}
        self._walk.check(REFERRERS, len(listed) == len(expected), [one["digest"] for one in listed])
        self._walk.check(REFERRERS, {one["digest"]: one for one in listed} == by_digest, query)

    def delete(self) -> None:
        for tag in sorted(self._tagged)[::2]:
            self._delete_tag(tag)
        while self._manifests:
            self._delete_newest()
        for blob in reversed(self._made.blobs):
            delete(self._walk, blob.digest)
        assert_empty(self._walk)

    def _delete_tag(self, tag: str) -> None:
        """Only the tag: what it led to stays."""
        digest = self._tagged.pop(tag).digest
        self._walk.expect(TAG_DELETE, self._walk("DELETE", manifest_path(tag)), 202)
        self._gone(TAG_GONE, tag)
        self._walk.expect(TAG_GONE, self._walk("HEAD", manifest_path(digest)), 200)
        self._walk.expect(TAG_DELETE, self._walk("DELETE", manifest_path(tag)), 404)
        self._tags_are("", sorted(self._tagged))

    def _delete_newest(self) -> None:
        """With all its tags, and out of the list of its subject."""
        part = self._manifests.pop()
        self._walk.expect(MANIFEST_DELETE, self._walk("DELETE", manifest_path(part.digest)), 202)
        tags = [tag for tag, tagged in self._tagged.items() if tagged == part]
        for reference in (part.digest, *tags):
            self._gone(MANIFEST_GONE, reference)
        self._walk.expect(MANIFEST_DELETE, self._walk("DELETE", manifest_path(part.digest)), 404)
        for tag in tags:
            del self._tagged[tag]
        if tags:
            self._tags_are("", sorted(self._tagged))
        if subject := part.fields.get("subject"):
            digest = subject["digest"]
            self._referrers_are(digest, "", self._referrers().get(digest, []))

    def _gone(self, status: str, reference: str) -> None:
        for method in ("HEAD", "GET"):
            self._walk.expect(status, self._walk(method, manifest_path(reference)), 404)


def assert_empty(walk: Walk) -> None:
    answer = walk.expect(TAG_LIST, walk("GET", f"/v2/{ONE}/tags/list"), 200, 404)
    walk.check(TAG_LIST, answer.status == 404 or answer.json["tags"] == [], answer)


def every_step(walk: Walk, make: Callable[[], DataSet]) -> None:
    one = Made(walk, make())
    for step in (one.push, one.list_tags, one.head, one.pull, one.list_referrers, one.delete):
        step()


MALFORMED = (
    *("sha256:baddigeststring", "sha512:baddigeststring", "sha256:" + "A" * 64, "sha256:" + "a" * 63),
    *("sha256:" + "a" * 128, "sha512:" + "a" * 64, "md5:" + "0" * 32, "SHA256:" + "a" * 64),
)


def bad_digest_image(walk: Walk) -> None:
    """Bytes under a digest that is not theirs are refused, with the tags and the subject they came with."""
    made = DataSet("bad-digest-image")
    subject = made.image()
    made.artifact(subject=subject.descriptor())
    for blob in made.blobs:
        push(walk, "post+put", Blob(blob.data, blob.digest))
    for part in made.manifests:
        for algorithm in ("sha256", "sha512"):
            wrong, right = digest_of(b"other", algorithm), digest_of(part.data, algorithm)
            cut = Part(part.media_type, part.data[:-1] + b" }")
            for target, sent in ((wrong, part), (f"{wrong}?tag=bad", part), (f"{right}?tag=bad", cut)):
                walk.expect(PUT_DIGEST, put(walk, target, sent), 400)
            for reference in (wrong, right, "bad"):
                for status, method in ((HEAD_DIGEST, "HEAD"), (GET_DIGEST, "GET")):
                    walk.expect(status, walk(method, manifest_path(reference)), 404)
    answer = walk.expect(REFERRERS, walk("GET", referrers_path(subject.digest)), 200)
    walk.check(REFERRERS, answer.json["manifests"] == [], answer)
    for part in (made.manifests[0], Part(OCI_MANIFEST, made.manifests[0].data + b"\n")):
        answer = put(walk, f"{part.digest}?tag=ok&tag=-bad", part)
        walk.expect(PUT_TAGS, answer, 400)
    for blob in made.blobs:
        delete(walk, blob.digest)
    assert_empty(walk)


def invalid_digest(walk: Walk, method: str) -> None:
    for malformed in MALFORMED:
        if method == "PUT":
            part = Part(OCI_INDEX, to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}))
            walk.expect(PUT_DIGEST, put(walk, malformed, part), 400)
        else:
            status = {"GET": GET_DIGEST, "HEAD": HEAD_DIGEST, "DELETE": MANIFEST_DELETE}[method]
            walk.expect(status, walk(method, manifest_path(malformed)), 400, 404)
            walk.expect(REFERRERS, walk("GET", referrers_path(malformed)), 400)
            walk.expect(status, walk(method, blob_path(malformed)), 400, 404)


def missing_manifest(walk: Walk, references: tuple[str, ...]) -> None:
    for reference in references:
        for status, method in ((HEAD_TAG, "HEAD"), (GET_TAG, "GET"), (MANIFEST_DELETE, "DELETE")):
            walk.expect(status, walk(method, manifest_path(reference)), 404)


def empty_lists(walk: Walk) -> None:
    assert_empty(walk)
    for digest in ("sha256:" + "0" * 64, digest_of(b"", "sha512")):
        for query in ("", "?artifactType=application%2Fvnd.none"):
            answer = walk("GET", referrers_path(digest) + query)
            walk.expect(REFERRERS, answer, 200, told={"Content-Type": OCI_INDEX})
            walk.check(REFERRERS, answer.json["manifests"] == [], answer)


def parameters_of_a_type(walk: Walk) -> None:
    made = DataSet("parameters-of-a-type")
    index = made.index([], "index")
    answer = put(walk, "index", index, f"{index.media_type}; charset=utf-8")
    stored(walk, PUT_TAG, answer, index, index.digest)
    told = {"Content-Type": index.media_type}
    walk.expect(GET_TAG, walk("GET", manifest_path("index")), 200, told=told, body=index.data)
    walk.expect(MANIFEST_DELETE, walk("DELETE", manifest_path(index.digest)), 202)
    assert_empty(walk)


def tag_moves(walk: Walk) -> None:
    """What is pushed again is taken again; a tag leads to what was pushed last."""
    made = DataSet("tag-moves")
    parts = [made.index([]), made.image(label="amd64"), made.image(label="arm64")]
    for blob in made.blobs:
        push(walk, "post+put", Blob(blob.data, blob.digest))
    for part in (*parts, *parts, parts[0]):
        stored(walk, PUT_DIGEST, put(walk, part.digest, part), part, part.digest)
        stored(walk, PUT_TAG, put(walk, "moves", part), part, part.digest)
        told = {"Docker-Content-Digest": part.digest, "Content-Type": part.media_type}
        walk.expect(GET_TAG, walk("GET", manifest_path("moves")), 200, told=told, body=part.data)
    for part in reversed(parts[1:]):
        walk.expect(MANIFEST_DELETE, walk("DELETE", manifest_path(part.digest)), 202)
        walk.expect(MANIFEST_GONE, walk("HEAD", manifest_path("moves")), 200)
    walk.expect(MANIFEST_DELETE, walk("DELETE", manifest_path(parts[0].digest)), 202)
    walk.expect(MANIFEST_GONE, walk("HEAD", manifest_path("moves")), 404)
    for blob in made.blobs:
        delete(walk, blob.digest)
    assert_empty(walk)


def children_go_first(walk: Walk) -> None:
    """What others name can be deleted too, and pushed anew under what is left of them."""
    made = DataSet("children-go-first")
    image, index = made.image(), made.index([made.manifests[0]], "index")
    for blob in (*made.blobs, *made.blobs):
        push(walk, "post+put", Blob(blob.data, blob.digest))
    for part in made.manifests:
        stored(walk, PUT_DIGEST, put(walk, part.digest, part), part, part.digest)
    for blob in made.blobs:
        delete(walk, blob.digest)
    walk.expect(MANIFEST_DELETE, walk("DELETE", manifest_path(image.digest)), 202)
    walk.expect(MANIFEST_GONE, walk("HEAD", manifest_path(image.digest)), 404)
    walk.expect(GET_DIGEST, walk("GET", manifest_path(index.digest)), 200, body=index.data)
    walk.expect(MANIFEST_DELETE, walk("DELETE", manifest_path(index.digest)), 202)
    every_step(walk, lambda: made)


def refused_sparse(walk: Walk) -> None:
    """Where manifests may not be sparse, nothing of the set is taken that names what is not there."""
    made = sparse_set()
    for part in made.manifests[1:]:
        answer = walk.expect(PUT_DIGEST, put(walk, part.digest, part), 400)
        assert set(answer.codes) == {"MANIFEST_BLOB_UNKNOWN"}
        walk.expect(HEAD_DIGEST, walk("HEAD", manifest_path(part.digest)), 404)


def first_units() -> dict[str, Unit]:
    return {"ping": lambda walk: void(walk.expect(PING, walk("GET", "/v2/"), 200)), "empty": empty_lists}


def void(_: object) -> None:
    """A check is all that is wanted."""


def manifest_units(*, may_be_sparse: bool) -> dict[str, Unit]:
    units: dict[str, Unit] = {
        title: partial(every_step, make=partial(data_set, title)) for title in DATA_SETS
    }
    units["sparse"] = partial(every_step, make=sparse_set) if may_be_sparse else refused_sparse
    digests = (digest_of(b"missing"), digest_of(b"missing", "sha512"))
    units |= {
        "bad-digest-image": bad_digest_image,
        "missing-manifest/by-digest": partial(missing_manifest, references=digests),
        "missing-manifest/by-tag": partial(missing_manifest, references=("missing", "m" * 128)),
        "parameters-of-a-type": parameters_of_a_type,
        "tag-moves": tag_moves,
        "children-go-first": children_go_first,
    }
    for method in ("PUT", "GET", "HEAD", "DELETE"):
        units[f"invalid-digest-format/{method.lower()}"] = partial(invalid_digest, method=method)
    return units
