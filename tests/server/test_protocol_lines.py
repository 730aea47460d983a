"""Lines of the protocol that a registry without accounts keeps, and the traps other registries fell into."""

from __future__ import annotations

import gzip
import json
import re
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle

import pytest

from ocilot import _core

from .api import Answer, Api, with_digest
from .conftest import FreshRegistry
from .images import (
    DOCKER_MANIFEST,
    MIB,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Content,
    digest_of,
    make_image,
    to_json,
)
from .programs import wait_until
from .registry import Registry
from .test_settings import config_of

NOTHING = digest_of(b"nothing")

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
"""A random one, or one of time and chance."""

STATUS = {
    "BLOB_UNKNOWN": {404},
    "BLOB_UPLOAD_INVALID": {400, 409},
    "BLOB_UPLOAD_UNKNOWN": {404},
    "DENIED": {403},
    "DIGEST_INVALID": {400},
    "MANIFEST_BLOB_UNKNOWN": {400},
    "MANIFEST_INVALID": {400, 413},
    "MANIFEST_UNKNOWN": {404},
    "NAME_INVALID": {400},
    "NAME_UNKNOWN": {404},
    "PAGINATION_NUMBER_INVALID": {400},
    "RANGE_INVALID": {416},
    "SIZE_INVALID": {400, 411},
    "TAG_INVALID": {400},
    "TOOMANYREQUESTS": {429},
    "UNAUTHORIZED": {401},
}
"""The statuses a client knows each code with; the others say what the server could not do."""


def test_every_code_comes_with_the_status_the_specification_gives_it() -> None:
    told: dict[str, set[int]] = {}
    for _, status, code, *_ in _core.errors():
        told.setdefault(code, set()).add(status)
    assert {code: statuses for code, statuses in told.items() if code in STATUS} == STATUS
    assert told["UNKNOWN"] >= {500}
    assert told["UNAVAILABLE"] >= {503}
    assert 405 in told["UNSUPPORTED"]


@dataclass(frozen=True)
class Line:
    """A request to a repository with the image `1`, what the answer says, and what it must not have."""

    method: str
    target: str
    status: int
    told: Mapping[str, str] = field(default_factory=dict)
    send: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    absent: tuple[str, ...] = ()


LINES = {
    "catalog-is-json": Line("GET", "/v2/_catalog?n=1", 200, {"Content-Type": "application/json"}),
    "upload-has-no-least-chunk": Line("POST", "{b}/uploads/", 202, absent=("OCI-Chunk-Min-Length",)),
    "upload-through-a-mirror": Line("POST", "{b}/uploads/?ns=docker.io", 202),
    "mirrored-namespace-is-not-claimed": Line("GET", "{m}/1?ns=docker.io", 200, absent=("OCI-Namespace",)),
    "mount-goes-before-a-digest-that-fits-not": Line(
        "POST", "{n}/x/blobs/uploads/?mount={blob}&from={name}&digest={image}", 201
    ),
    "blake3-is-not-stored": Line(
        "POST", "{b}/uploads/?digest=blake3:" + "a" * 64, 400, code="DIGEST_INVALID"
    ),
    "algorithm-of-two-parts": Line(
        "GET", "{b}/multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX", 400, code="DIGEST_INVALID"
    ),
    "digest-algorithm-blake3": Line(
        "POST", "{b}/uploads/?digest-algorithm=blake3", 400, code="DIGEST_INVALID"
    ),
    "known-manifest-keeps-its-tag": Line(
        "GET",
        "{m}/1",
        304,
        {"ETag": '"{image}"', "Cache-Control": "no-cache"},
        {"If-None-Match": '"{image}"'},
    ),
    "known-blob-keeps-its-tag": Line("GET", "{b}/{blob}", 304, {"ETag": '"{blob}"'}, {"If-None-Match": "*"}),
    "page-of-nothing-said": Line("GET", "{n}/tags/list?n=", 400, code="PAGINATION_NUMBER_INVALID"),
    "referrers-page-of-minus-one": Line(
        "GET", "{n}/referrers/{image}?n=-1", 400, code="PAGINATION_NUMBER_INVALID"
    ),
    "referrers-with-unknown-parameters": Line("GET", "{n}/referrers/{image}?ns=x&y=z", 200),
    "tag-with-unknown-parameters": Line("DELETE", "{m}/1?ns=docker.io", 202),
}


@pytest.mark.parametrize("title", LINES)
def test_a_line_of_the_protocol(api: Api, name: str, title: str) -> None:
    line, image = LINES[title], make_image(name)
    api.push_image(name, image, "1")
    words = {"n": f"/v2/{name}", "m": f"/v2/{name}/manifests", "b": f"/v2/{name}/blobs", "name": name}
    words |= {"image": image.digest, "blob": image.config.digest}
    send = {key: value.format(**words) for key, value in line.send.items()}
    answer = api(line.method, line.target.format(**words), None, send)
    assert answer.status == line.status, answer
    for key, value in line.told.items():
        assert answer[key] == value.format(**words), answer
    assert not line.code or answer.codes == [line.code], answer
    assert not set(line.absent) & set(answer.headers), answer


def test_an_upload_is_named_by_a_uuid_of_its_own(api: Api, name: str) -> None:
    told = [api("POST", f"/v2/{name}/blobs/uploads/") for _ in range(20)]
    uuids = {answer["Docker-Upload-UUID"] for answer in told}
    assert len(uuids) == len(told)
    assert all(re.fullmatch(UUID, uuid) for uuid in uuids), uuids
    for answer in told:
        assert answer["Location"].startswith(("/", "http")), answer
        assert answer["Docker-Upload-UUID"] in answer["Location"], answer
        assert "=&" not in answer["Location"] + "&", "some clients drop parameters without a value"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /v2/ HTTP/1.1\r\n\r\n",
        b"GET /v2/" + b"a" * 65_600 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\nHost: x\r\nAccept: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
    ids=["no-host", "long-target", "long-head", "two-lengths"],
)
def test_what_every_answer_says_is_said_to_a_request_that_is_none(api: Api, request_: bytes) -> None:
    with api.raw() as raw:
        raw.send(request_)
        answer = raw.answer()
    assert 400 <= answer.status < 500, answer
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/json", "nosniff")
    assert answer["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_the_base_answers_in_time_whatever_uploads_are_open(api: Api, name: str) -> None:
    """Clients give it fifteen seconds."""
    with ExitStack() as stack:
        for _ in range(30):
            raw = stack.enter_context(api.raw())
            head = f"PATCH {api.path(api.start_upload(name))} HTTP/1.1\r\nHost: x\r\n"
            raw.send(head.encode() + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1000)
        started = time.monotonic()
        answer = api("GET", "/v2/")
        assert (answer.status, answer.body) == (200, b"{}")
        assert time.monotonic() - started < 15


def test_a_mount_that_cannot_be_takes_the_blob_that_comes_with_it(api: Api, name: str) -> None:
    target = f"/v2/{name}/blobs/uploads/?mount={NOTHING}&from={name}/none&digest={NOTHING}"
    done = api("POST", target, b"nothing")
    assert (done.status, done["Docker-Content-Digest"]) == (201, NOTHING), done
    assert api("GET", done["Location"]).body == b"nothing"


def test_tags_beside_a_tag_are_told_if_they_are_set(api: Api, name: str) -> None:
    """The specification has `?tag=` for pushes by digest only."""
    image = make_image(name)
    api.push_image(name, image)
    put = api(
        "PUT", f"/v2/{name}/manifests/1?tag=2&tag=2", image.manifest.data, {"Content-Type": OCI_MANIFEST}
    )
    assert put.status in (201, 400), put
    told = {tag.strip() for line in put.headers.get_all("OCI-Tag", []) for tag in line.split(",")}
    tags = set(api.tags(name))
    assert tags - {"1"} <= told <= tags, (put, tags)


def test_a_tag_named_twice_is_set_once(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image)
    target = f"/v2/{name}/manifests/{image.digest}?tag=a&tag=a&tag=b"
    put = api("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST})
    assert put.status == 201, put
    told = {tag.strip() for line in put.headers.get_all("OCI-Tag", []) for tag in line.split(",")}
    assert (told, api.tags(name)) == ({"a", "b"}, ["a", "b"])


def test_a_page_of_no_referrers_leads_nowhere(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image)
    body = json.loads(image.manifest.data) | {"subject": image.manifest.descriptor()}
    api.push_manifest(name, "about", Content(OCI_MANIFEST, to_json(body)))
    answer = api("GET", f"/v2/{name}/referrers/{image.digest}?n=0")
    assert (answer.status, answer["Content-Type"]) == (200, OCI_INDEX), answer
    assert "Link" not in answer.headers, "a client that follows it never ends"


def test_an_upload_over_the_age_is_gone(fresh_registry: FreshRegistry) -> None:
    purging = {"enabled": True, "age": "1s", "interval": "1s"}
    config = config_of(storage={"filesystem": {}, "maintenance": {"uploadpurging": purging}})
    with fresh_registry(config).connect() as api:
        location = api.start_upload("app")
        wait_until(lambda: api("GET", location).status == 404, "the end of the upload")
        closing = with_digest(location, digest_of(b"abandoned"))
        for method, target in (("PATCH", location), ("PUT", closing), ("DELETE", location)):
            answer = api(method, target)
            assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"]), answer
        assert not api.has_blob("app", digest_of(b"abandoned"))


def test_two_content_ranges_change_nothing(api: Api, name: str) -> None:
    location = api("PATCH", api.start_upload(name), b"0123456789")["Location"]
    closing = with_digest(location, digest_of(b"0123456789abc"))
    for lines in (["10-12", "10-12"], ["10-12", "0-2"], ["0-2", "10-12"]):
        headers = [("Content-Range", line) for line in lines]
        for method, target in (("PATCH", location), ("PUT", closing)):
            api(method, target, b"abc", headers).assert_error(400, 416)
    assert api("GET", location)["Range"] == "0-9"


def test_a_blob_that_a_manifest_names_may_be_deleted(api: Api, name: str) -> None:
    """As all registries allow; the manifest stays as it was."""
    image = make_image(name)
    api.push_image(name, image, "1")
    for blob in image.blobs:
        assert api("DELETE", f"/v2/{name}/blobs/{blob.digest}").status == 202
        assert not api.has_blob(name, blob.digest)
    assert api("GET", f"/v2/{name}/manifests/1").body == image.manifest.data


def test_one_digest_is_never_served_under_two_types(api: Api, name: str) -> None:
    """Bytes that name no type themselves have the type they were pushed with, wherever they are read."""
    config = Content("application/vnd.example.config+json", b"{}")
    api.push_blob(name, config.data)
    body = to_json({"schemaVersion": 2, "config": config.descriptor(), "layers": []})
    statuses = []
    for tag, media_type in (("a", OCI_MANIFEST), ("b", DOCKER_MANIFEST), ("c", OCI_INDEX)):
        target = f"/v2/{name}/manifests/{tag}"
        statuses.append(api("PUT", target, body, {"Content-Type": media_type}).status)
    assert statuses[0] == 201
    assert statuses[2] == 400, "a config and layers are no index"
    types = {
        api(method, f"/v2/{name}/manifests/{reference}", headers={"Accept": "*/*"})["Content-Type"]
        for reference in (*api.tags(name), digest_of(body))
        for method in ("GET", "HEAD")
    }
    assert len(types) == 1, (statuses, types)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_fallback_tag_that_clients_keep_is_a_tag_like_any_other(
    api: Api, name: str, algorithm: str
) -> None:
    """As oras does it: the tag is read, moved to a longer index, and the old index deleted by digest."""
    subject = make_image(name)
    digest = digest_of(subject.manifest.data, algorithm)
    tag = f"{algorithm}-{digest.partition(':')[2][:64]}"
    assert not api.has_manifest(name, tag)
    api.push_image(name, subject)
    entries = [subject.manifest.descriptor(annotations={"n": str(number)}) for number in range(2)]
    indexes = [
        Content(
            OCI_INDEX, to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries[:count]})
        )
        for count in (1, 2)
    ]
    for index in indexes:
        api.push_manifest(name, tag, index)
        assert api("GET", f"/v2/{name}/manifests/{tag}").body == index.data
    assert api("DELETE", f"/v2/{name}/manifests/{indexes[0].digest}").status == 202
    assert api("GET", f"/v2/{name}/manifests/{tag}").body == indexes[1].data
    assert tag in api.tags(name)


def test_what_a_descriptor_says_is_elsewhere_is_never_fetched(api: Api, name: str) -> None:
    """Neither when it is pushed nor when it is asked for."""
    config = Content("application/vnd.example.config+json", b"{}")
    api.push_blob(name, config.data)
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/layer"
        layer = Content(OCI_LAYER, b"not here").descriptor(urls=[url])
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor()}
        api.push_manifest(name, "1", Content(OCI_MANIFEST, to_json(manifest | {"layers": [layer]})))
        for method in ("GET", "HEAD"):
            assert api(method, f"/v2/{name}/blobs/{layer['digest']}").status == 404
        with pytest.raises(TimeoutError):
            elsewhere.accept()


def test_a_moving_tag_is_never_unknown_to_head(registry: Registry, name: str) -> None:
    images = [make_image(f"{name} {side}") for side in ("left", "right")]
    with registry.connect() as api:
        for image in images:
            api.push_image(name, image, "moving")

    def move() -> None:
        with registry.connect() as api:
            for image, _ in zip(cycle(images), range(50), strict=False):
                api.push_manifest(name, "moving", image.manifest)

    with ThreadPoolExecutor(1) as pool, registry.connect() as api:
        moves = pool.submit(move)
        while not moves.done():
            head = api("HEAD", f"/v2/{name}/manifests/moving")
            assert head.status == 200, head
            assert head["Docker-Content-Digest"] in {image.digest for image in images}
        moves.result()


@contextmanager
def flat(registry: Registry, most: int) -> Iterator[None]:
    """What happens here takes no more than so many bytes of memory, at any moment."""
    before = registry.process.most_memory()
    yield
    grown = registry.process.most_memory() - before
    assert grown < most, f"{grown} bytes more"


@pytest.fixture
def warm(fresh_registry: FreshRegistry) -> Registry:
    """A registry that has served every kind of request once."""
    registry = fresh_registry()
    with registry.connect() as api:
        api.push_image("warm", make_image("warm", size=2 * MIB), "1")
        body = b"[" + b" " * (4 * MIB) + b"]"
        for target in ("/v2/_catalog", "/v2/warm/tags/list", "/v2/warm/manifests/1"):
            assert api("GET", target).status == 200
        assert api("PUT", "/v2/warm/manifests/2", body, {"Content-Type": OCI_MANIFEST}).status == 413
    return registry


def test_a_page_of_two_thousand_million_takes_no_memory(warm: Registry) -> None:
    with warm.connect() as api, flat(warm, 8 * MIB):
        for target in ("/v2/_catalog", "/v2/warm/tags/list"):
            for number in (2**31 - 1, 2**32 - 1, 2**62):
                assert api("GET", f"{target}?n={number}").status == 200


def manifest_of_a_gigabyte(api: Api, chunked: bool) -> Answer:
    """Sent until the server answers."""
    size = 1024 * MIB
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    with api.raw() as raw:
        head = f"PUT /v2/warm/manifests/bad HTTP/1.1\r\nHost: x\r\nContent-Type: {OCI_MANIFEST}\r\n"
        raw.send(f"{head}{length}\r\n\r\n".encode())
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n" if chunked else b" " * 65536
        raw.socket.setblocking(False)
        sent = 0
        with_answer = False
        while not with_answer and sent < size:
            try:
                sent += raw.socket.send(piece[sent % len(piece) :])
            except BlockingIOError:
                time.sleep(0.001)
            except ConnectionError:
                break
            try:
                with_answer = bool(raw.socket.recv(1, socket.MSG_PEEK))
            except BlockingIOError:
                continue
        assert sent < 64 * MIB, "it reads on and on"
        raw.socket.settimeout(30)
        return raw.answer("PUT")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_manifest_of_a_gigabyte_takes_no_memory(warm: Registry, chunked: bool) -> None:
    with warm.connect() as api:
        with flat(warm, 16 * MIB):
            answer = manifest_of_a_gigabyte(api, chunked)
        assert (answer.status, answer.codes) == (413, ["MANIFEST_INVALID"]), answer
        assert answer["Connection"] == "close"
        assert not api.has_manifest("warm", "bad")


def test_a_layer_is_never_unpacked(warm: Registry) -> None:
    """A small one that would be large: it comes back as it is, and costs what it is."""
    bomb = Content(OCI_LAYER, gzip.compress(bytes(128 * MIB), 6, mtime=0))
    assert bomb.size < MIB
    with warm.connect() as api:
        manifest = json.loads(api("GET", "/v2/warm/manifests/1").body) | {"layers": [bomb.descriptor()]}
        with flat(warm, 16 * MIB):
            api.push_blob("warm", bomb.data)
            api.push_manifest("warm", "bomb", Content(OCI_MANIFEST, to_json(manifest)))
            assert api("GET", f"/v2/warm/blobs/{bomb.digest}").body == bomb.data
