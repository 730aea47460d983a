"""What is counted, and what has to be in the store before."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from ..content import CONFIG, KIB, LAYER, MANIFEST, MIB
from .connection import Connection

WARM = 20
"""Requests before those that are counted."""
COUNTED = 200
READ, PUSHED, SOURCE, MOUNTED = "gate/read", "gate/pushed", "gate/source", "gate/mounted"
TAGS, PAGE, REFERRERS = 300, 100, 20
ACCEPT = {"Accept": f"{MANIFEST}, application/vnd.oci.image.index.v1+json"}


@dataclass(frozen=True)
class Workload:
    name: str
    what: str
    play: Callable[[Connection, int], object]
    """Sends request number N; a push is one request of two steps."""
    login: bool = False
    """Whether the registry lets only an account pull, whose token comes with every request."""


def blob(name: str, size: int = 4 * KIB) -> bytes:
    """The same bytes on every machine."""
    return random.Random(name).randbytes(size)


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


SMALL, LARGE = blob("small"), blob("large", MIB)
LAYERS = [blob(f"layer {number}") for number in range(5)]


def manifest(number: int, subject: bytes | None = None) -> bytes:
    """An image of five layers."""

    def descriptor(media_type: str, data: bytes) -> dict[str, object]:
        return {"mediaType": media_type, "digest": digest(data), "size": len(data)}

    image: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, SMALL),
        "layers": [descriptor(LAYER, layer) for layer in LAYERS],
        "annotations": {"number": f"{number:06}"},
    }
    if subject is not None:
        image["subject"] = descriptor(MANIFEST, subject)
        image["artifactType"] = "application/vnd.gate.signature"
    return json.dumps(image).encode()


IMAGE = manifest(0)


def push(connection: Connection, repository: str, data: bytes) -> None:
    location = connection.ask("POST", f"/v2/{repository}/blobs/uploads/", 202).location
    mark = "&" if "?" in location else "?"
    connection.ask("PUT", f"{location}{mark}digest={digest(data)}", 201, body=data)


def push_in_chunks(connection: Connection, repository: str, data: bytes) -> None:
    """As docker does: a stream, then an end without bytes."""
    location = connection.ask("POST", f"/v2/{repository}/blobs/uploads/", 202).location
    location = connection.ask("PATCH", location, 202, body=data).location
    mark = "&" if "?" in location else "?"
    connection.ask("PUT", f"{location}{mark}digest={digest(data)}", 201)


def fill(connection: Connection) -> None:
    """All that the workloads read or mount."""
    for data in (SMALL, LARGE, *LAYERS):
        push(connection, READ, data)
    for number in range(WARM + COUNTED):
        push(connection, SOURCE, blob(f"mount {number}"))
    references = [(f"tag-{number:04}", IMAGE) for number in range(TAGS)]
    signatures = [manifest(number, IMAGE) for number in range(1, REFERRERS + 1)]
    for reference, data in (*references, *((digest(data), data) for data in signatures)):
        where = f"/v2/{READ}/manifests/{reference}"
        connection.ask("PUT", where, 201, body=data, headers={"Content-Type": MANIFEST})


def _mount(connection: Connection, number: int) -> None:
    query = f"mount={digest(blob(f'mount {number}'))}&from={SOURCE}"
    connection.ask("POST", f"/v2/{MOUNTED}/blobs/uploads/?{query}", 201)


def _get(target: str, method: str = "GET") -> Callable[[Connection, int], object]:
    return lambda connection, _: connection.ask(method, target, 200, headers=ACCEPT)


WORKLOADS = (
    Workload("v2", "GET /v2/", _get("/v2/")),
    Workload("manifest-get", "GET manifest by tag", _get(f"/v2/{READ}/manifests/tag-0100")),
    Workload(
        "manifest-token", "GET manifest by tag, with a token", _get(f"/v2/{READ}/manifests/tag-0100"), True
    ),
    Workload("manifest-head", "HEAD manifest by tag", _get(f"/v2/{READ}/manifests/tag-0100", "HEAD")),
    Workload("blob-4k", "GET 4 KiB blob", _get(f"/v2/{READ}/blobs/{digest(SMALL)}")),
    Workload("blob-1m", "GET 1 MiB blob", _get(f"/v2/{READ}/blobs/{digest(LARGE)}")),
    Workload("tags", f"{PAGE} of {TAGS} tags", _get(f"/v2/{READ}/tags/list?n={PAGE}&last=tag-0100")),
    Workload(
        "referrers", f"{REFERRERS} referrers of a subject", _get(f"/v2/{READ}/referrers/{digest(IMAGE)}")
    ),
    Workload(
        "push-4k", "push 4 KiB blob (POST, PUT)", lambda on, number: push(on, PUSHED, blob(f"push {number}"))
    ),
    Workload(
        "push-docker",
        "push 4 KiB blob (POST, PATCH, PUT)",
        lambda on, number: push_in_chunks(on, PUSHED, blob(f"docker {number}")),
    ),
    Workload("mount", "mount a 4 KiB blob", _mount),
)
