"""The conversation about an upload, in any order, against a model of what the registry must know."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from .api import Answer, Api, with_digest
from .conftest import FreshRegistry
from .images import digest_of
from .registry import Registry

ALGORITHMS = st.sampled_from(["sha256", "sha512"])
# The large ones are longer than what the registry reads at a time.
LARGE = st.integers(0, 255).map(lambda byte: bytes([byte]) * 300_000)
PIECES = st.one_of(st.binary(max_size=20), st.binary(min_size=1, max_size=20), LARGE)
SOME = PIECES.filter(bool)
NOT_ZERO = st.integers(-20, 20).filter(bool)
MINE, YOURS = "mine", "yours"


@dataclass
class Upload:
    """What a client knows of a session it opened."""

    location: str
    id: str
    data: bytes = b""
    is_open: bool = True
    comes_again: bool = False
    """Whether a closing body failed that may have been all of the blob: the next one is, again."""

    @property
    def range(self) -> str:
        return f"0-{max(len(self.data) - 1, 0)}"


def content_range(first: int, length: int) -> dict[str, str]:
    return {"Content-Range": f"{first}-{first + length - 1}"}


def assert_unknown(answer: Answer) -> None:
    assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"]), answer


class Conversation(RuleBasedStateMachine):
    """Any number of uploads to one repository at once."""

    sessions: Bundle[Upload] = Bundle("sessions")

    def __init__(self, registry: Registry, name: str) -> None:
        super().__init__()
        self.registry = registry
        self.name = name
        self.api: Api = registry.connect()
        self.uploads: list[Upload] = []
        self.blobs: dict[str, bytes] = {}

    def send(
        self, method: str, target: str, data: bytes, chunked: bool, headers: dict[str, str] | None = None
    ) -> Answer:
        return self.api(method, target, data, headers or {}, chunked=chunked)

    def assert_told(self, answer: Answer, upload: Upload, status: int) -> None:
        """An answer about a session says where it is and how far it has come."""
        assert answer.status == status, answer
        assert answer["Range"] == upload.range, answer
        assert answer["Docker-Upload-UUID"] == upload.id
        assert self.api.path(answer["Location"]) == upload.location

    def assert_stored(self, answer: Answer, digest: str, data: bytes) -> None:
        assert (answer.status, answer["Docker-Content-Digest"]) == (201, digest), answer
        self.blobs[digest] = data
        assert self.api("GET", answer["Location"]).body == data

    @rule(
        target=sessions,
        algorithm=st.sampled_from(["", "?digest-algorithm=sha256", "?digest-algorithm=sha512"]),
    )
    def post(self, algorithm: str) -> Upload:
        answer = self.api("POST", f"/v2/{self.name}/{MINE}/blobs/uploads/{algorithm}")
        upload = Upload(self.api.path(answer["Location"]), answer["Docker-Upload-UUID"])
        self.assert_told(answer, upload, 202)
        assert upload.id not in [other.id for other in self.uploads]
        self.uploads.append(upload)
        return upload

    @rule(data=PIECES, algorithm=ALGORITHMS, right=st.booleans(), chunked=st.booleans())
    def post_all(self, data: bytes, algorithm: str, right: bool, chunked: bool) -> None:
        digest = digest_of(data if right else data + b"!", algorithm)
        target = f"/v2/{self.name}/{MINE}/blobs/uploads/?digest={digest}"
        answer = self.send("POST", target, data, chunked)
        if right:
            self.assert_stored(answer, digest, data)
        else:
            assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"]), answer

    @rule(upload=sessions, data=PIECES, chunked=st.booleans(), ranged=st.booleans())
    def patch(self, upload: Upload, data: bytes, chunked: bool, ranged: bool) -> None:
        headers = content_range(len(upload.data), len(data)) if ranged and data else {}
        answer = self.send("PATCH", upload.location, data, chunked, headers)
        if not upload.is_open:
            assert_unknown(answer)
            return
        upload.data += data
        upload.comes_again = False
        self.assert_told(answer, upload, 202)

    @rule(
        upload=sessions,
        data=SOME,
        chunked=st.booleans(),
        shift=NOT_ZERO,
        method=st.sampled_from(["PATCH", "PUT"]),
    )
    def out_of_order(self, upload: Upload, data: bytes, chunked: bool, shift: int, method: str) -> None:
        """Bytes that overlap what is there, or leave a hole."""
        first = max(len(upload.data) + shift, 0)
        if first == len(upload.data):
            first += 1
        target = upload.location if method == "PATCH" else with_digest(upload.location, digest_of(data))
        answer = self.send(method, target, data, chunked, content_range(first, len(data)))
        if not upload.is_open:
            assert_unknown(answer)
            return
        self.assert_told(answer, upload, 416)
        assert answer.codes

    @rule(upload=sessions, data=SOME, chunked=st.booleans(), more=NOT_ZERO)
    def not_as_long_as_promised(self, upload: Upload, data: bytes, chunked: bool, more: int) -> None:
        first, promised = len(upload.data), max(len(data) + more, 1)
        if promised == len(data):
            promised += 1
        answer = self.send("PATCH", upload.location, data, chunked, content_range(first, promised))
        if chunked and not upload.is_open:
            assert_unknown(answer)
            return
        assert answer.codes == ["SIZE_INVALID"], answer
        if chunked:  # Noticed only when bytes had come: none of them were kept.
            self.assert_told(answer, upload, 400)

    @rule(
        upload=sessions,
        last=PIECES,
        chunked=st.booleans(),
        ranged=st.booleans(),
        algorithm=ALGORITHMS,
        right=st.booleans(),
    )
    def put(
        self, upload: Upload, last: bytes, chunked: bool, ranged: bool, algorithm: str, right: bool
    ) -> None:
        headers = content_range(len(upload.data), len(last)) if ranged and last else {}
        may_be_whole = bool(last) and not headers
        whole = last if may_be_whole and upload.comes_again else upload.data + last
        digest = digest_of(whole if right else whole + b"!", algorithm)
        answer = self.send("PUT", with_digest(upload.location, digest), last, chunked, headers)
        if not upload.is_open:
            assert_unknown(answer)
            return
        upload.data = whole
        if last:
            upload.comes_again = may_be_whole
        if right:
            upload.is_open = False
            self.assert_stored(answer, digest, whole)
        else:
            assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"]), answer

    @rule(upload=sessions, digest=st.sampled_from(["", "?digest=", "?digest=md5:00", "?digest=sha256:00"]))
    def put_without_a_good_digest(self, upload: Upload, digest: str) -> None:
        answer = self.send("PUT", upload.location + digest, b"more", False)
        assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"]), answer

    @rule(upload=sessions)
    def delete(self, upload: Upload) -> None:
        answer = self.api("DELETE", upload.location)
        if upload.is_open:
            upload.is_open = False
            assert answer.status == 204, answer
        else:
            assert_unknown(answer)

    @rule(upload=sessions, data=PIECES, method=st.sampled_from(["GET", "PATCH", "PUT", "DELETE"]))
    def through_another_repository(self, upload: Upload, data: bytes, method: str) -> None:
        foreign = upload.location.replace(f"/{MINE}/", f"/{YOURS}/")
        target = with_digest(foreign, digest_of(upload.data + data)) if method == "PUT" else foreign
        assert_unknown(self.api(method, target, data if method in ("PATCH", "PUT") else None))

    @rule(dice=st.integers(0, 7), kill=st.booleans())
    def restart(self, dice: int, kill: bool) -> None:
        if dice != 6:
            return
        if kill:
            self.registry.kill()
        else:
            self.registry.stop()
        self.registry.start()
        for upload in self.uploads:
            upload.comes_again = False
        self.api.close()
        self.api = self.registry.connect()
        if kill:
            for upload in self.uploads:
                if upload.is_open and not upload.data:
                    # Nobody was promised that a session without bytes outlives a kill.
                    upload.is_open = self.api("GET", upload.location).status != 404

    @invariant()
    def every_upload_is_as_told(self) -> None:
        for upload in self.uploads:
            answer = self.api("GET", upload.location)
            if upload.is_open:
                self.assert_told(answer, upload, 204)
            else:
                assert_unknown(answer)

    def teardown(self) -> None:
        for upload in self.uploads:
            if upload.is_open:
                digest = digest_of(upload.data)
                answer = self.api("PUT", with_digest(upload.location, digest))
                self.assert_stored(answer, digest, upload.data)
        for digest, data in self.blobs.items():
            assert self.api("GET", f"/v2/{self.name}/{MINE}/blobs/{digest}").body == data
            assert not self.api.has_blob(f"{self.name}/{YOURS}", digest)
        self.api.close()


def test_uploads_keep_to_their_model(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    numbers = count()

    class OneOfMany(Conversation):
        def __init__(self) -> None:
            super().__init__(registry, f"model{next(numbers)}")

    run_state_machine_as_test(
        OneOfMany,
        settings=settings(
            derandomize=True, database=None, deadline=None, max_examples=30, stateful_step_count=25
        ),
    )
