"""Whatever was acknowledged survives the end of the process, however it ends."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from functools import partial

import pytest

from .api import Api, with_digest
from .conftest import FreshRegistry
from .images import MIB, digest_of, make_image, noise
from .programs import wait_until
from .registry import Registry


def after_sigterm(registry: Registry) -> None:
    registry.restart()


def after_kill(registry: Registry) -> None:
    registry.kill()
    registry.start()


HOWEVER = pytest.mark.parametrize("end", [after_sigterm, after_kill])
End = Callable[[Registry], None]


@HOWEVER
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_an_upload_goes_on_from_the_offset_that_was_told(
    fresh_registry: FreshRegistry, end: End, algorithm: str
) -> None:
    registry = fresh_registry()
    data = noise(3 * MIB + 17, "upload")
    half = len(data) // 2
    with registry.connect() as api:
        patched = api("PATCH", api.start_upload("team/app"), data[:half])
        assert patched["Range"] == f"0-{half - 1}"
    end(registry)
    with registry.connect() as api:
        status = api("GET", patched["Location"])
        assert (status.status, status["Range"]) == (204, f"0-{half - 1}"), status
        rest = {"Content-Range": f"{half}-{len(data) - 1}"}
        patched = api("PATCH", status["Location"], data[half:], rest)
        assert patched.status == 202, patched
    end(registry)
    with registry.connect() as api:
        digest = digest_of(data, algorithm)
        done = api("PUT", with_digest(patched["Location"], digest))
        assert (done.status, done["Docker-Content-Digest"]) == (201, digest), done
        assert api("GET", f"/v2/team/app/blobs/{digest}").body == data


@HOWEVER
def test_bytes_of_a_request_that_was_cut_off_are_told_and_kept(
    fresh_registry: FreshRegistry, end: End
) -> None:
    """What the client is told after the restart is what it may build on, be it all or not."""
    registry = fresh_registry()
    data = noise(2 * MIB, "cut")
    with registry.connect() as api:
        location = api("PATCH", api.start_upload("team/app"), data[:MIB])["Location"]
        with api.raw() as raw:
            head = f"PATCH {api.path(location)} HTTP/1.1\r\nHost: x\r\nContent-Length: {MIB}\r\n\r\n"
            raw.send(head.encode() + data[MIB : MIB + 1000])
        wait_until(lambda: api("GET", location).status == 204, "the end of the request that was cut off")
    end(registry)
    with registry.connect() as api:
        offset = int(api("GET", location)["Range"].removeprefix("0-")) + 1
        assert MIB <= offset <= MIB + 1000
        assert api("PUT", with_digest(location, digest_of(data)), data[offset:]).status == 201
        assert api("GET", f"/v2/team/app/blobs/{digest_of(data)}").body == data


@HOWEVER
def test_what_was_acknowledged_is_there(fresh_registry: FreshRegistry, end: End) -> None:
    registry = fresh_registry()
    kept, deleted, untagged = (make_image(seed) for seed in ("kept", "deleted", "untagged"))
    with registry.connect() as api:
        api.push_image("team/app", kept, "1", "2")
        api.push_image("team/app", deleted, "3")
        api.push_image("team/app", untagged, "4")
        api("DELETE", f"/v2/team/app/manifests/{deleted.digest}")
        api("DELETE", "/v2/team/app/manifests/4")
        cancelled = api.start_upload("team/app")
        api("DELETE", cancelled)
    end(registry)
    with registry.connect() as api:
        assert api.tags("team/app") == ["1", "2"]
        assert api("GET", "/v2/_catalog").json == {"repositories": ["team/app"]}
        assert api("GET", "/v2/team/app/manifests/2").body == kept.manifest.data
        assert api("GET", f"/v2/team/app/manifests/{untagged.digest}").body == untagged.manifest.data
        assert not api.has_manifest("team/app", deleted.digest)
        for blob in kept.blobs:
            assert api("GET", f"/v2/team/app/blobs/{blob.digest}").body == blob.data
        assert api("GET", cancelled).status == 404


def push_until_it_breaks(registry: Registry, round_: int, acknowledged: list[str]) -> None:
    """Pushes images to ever new tags; notes each tag once it is acknowledged."""
    try:
        with registry.connect() as api:
            for number in range(10_000):
                tag = f"{round_}-{number}"
                api.push_image("team/app", make_image(tag, size=200_000), tag)
                acknowledged.append(tag)
    except (OSError, http.client.HTTPException):
        return


def test_a_kill_in_the_middle_of_pushes_loses_nothing_and_tears_nothing(
    fresh_registry: FreshRegistry,
) -> None:
    registry = fresh_registry()
    acknowledged: list[str] = []
    for round_ in range(4):
        wanted = f"{round_}-{2 + round_}"
        pusher = threading.Thread(target=push_until_it_breaks, args=(registry, round_, acknowledged))
        pusher.start()
        try:
            wait_until(partial(acknowledged.__contains__, wanted), "the pushes")
        finally:
            registry.kill()
            pusher.join()
        registry.start()
        with registry.connect() as api:
            tags = api.tags("team/app")
            assert set(acknowledged) <= set(tags)
            for tag in tags:
                assert_whole(api, tag)


def assert_whole(api: Api, tag: str) -> None:
    """A manifest that is seen has all its blobs, and they are what they are called."""
    manifest = api("GET", f"/v2/team/app/manifests/{tag}")
    assert digest_of(manifest.body) == manifest["Docker-Content-Digest"]
    content = json.loads(manifest.body)
    for descriptor in (content["config"], *content["layers"]):
        blob = api("GET", f"/v2/team/app/blobs/{descriptor['digest']}")
        assert (blob.status, digest_of(blob.body)) == (200, descriptor["digest"])
