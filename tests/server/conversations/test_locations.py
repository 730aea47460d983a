"""What clients do with a `Location` before they go there: they take it apart and put it together again."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlparse, urlunparse

import pytest

from ..conftest import FreshRegistry
from ..images import Content, noise
from ..registry import Registry
from .conversation import Habits, Talk
from .test_containerd import CONTAINERD
from .test_containerd import PUSH_BLOB as CONTAINERD_PUSH
from .test_crane import CRANE
from .test_crane import PUSH_BLOB as CRANE_PUSH
from .test_docker import DOCKER
from .test_docker import PUSH_BLOB as DOCKER_PUSH
from .test_oras_helm import ORAS
from .test_oras_helm import PUSH_BLOB as ORAS_PUSH
from .test_podman_skopeo import SKOPEO
from .test_podman_skopeo import UPLOAD as SKOPEO_PUSH
from .test_regctl import PUT_BLOB, REGCTL, START

DXF = Habits("python-requests/2.32.3", compression="gzip, deflate")
PUSHES = {
    "docker": (DOCKER, DOCKER_PUSH),
    "containerd": (CONTAINERD, CONTAINERD_PUSH),
    "podman": (SKOPEO, SKOPEO_PUSH),
    "crane": (CRANE, CRANE_PUSH),
    "oras": (ORAS, ORAS_PUSH),
    "regctl": (REGCTL, START + PUT_BLOB),
}
URLS = {
    "relative": "http:\n  relativeurls: true\n",
    "below-a-prefix": "http:\n  prefix: /hub/\n",
    "relative-below-a-prefix": "http:\n  prefix: /hub/\n  relativeurls: true\n",
}


@pytest.fixture
def blob(name: str) -> Content:
    return Content("application/octet-stream", noise(25_000, name))


@pytest.fixture(params=URLS)
def elsewhere(fresh_registry: FreshRegistry, request: pytest.FixtureRequest) -> tuple[Registry, str]:
    """A registry whose URLs look different, and what its paths begin with."""
    settings = f"version: 0.1\nstorage:\n  inmemory: {{}}\n{URLS[request.param]}"
    return fresh_registry(settings), "/hub/v2/" if "prefix" in request.param else "/v2/"


def test_all_clients_find_their_way_whatever_a_location_looks_like(
    elsewhere: tuple[Registry, str], blob: Content
) -> None:
    registry, root = elsewhere
    for client, (habits, transcript) in PUSHES.items():
        with Talk(registry, habits, name=client, blob=blob) as talk:
            talk(transcript.replace("/v2/", root))
        with registry.connect() as api:
            assert api("GET", f"{root}{client}/blobs/{blob.digest}").body == blob.data


def dxf_url(location: str, digest: str) -> str:
    """The URL as dxf makes it: it sets the scheme itself, and loses parameters without a value."""
    parts = list(urlparse(location))
    query: dict[str, list[str]] = {**parse_qs(parts[4]), "digest": [digest]}
    parts[0], parts[4] = "http", urlencode(query, doseq=True)
    return urlunparse(parts)


def test_dxf_finds_the_host_in_the_location(registry: Registry, name: str, blob: Content) -> None:
    with Talk(registry, DXF, name=name, blob=blob) as dxf:
        answer = dxf("""
        > POST /v2/{name}/blobs/uploads/
        > Accept: */*
        > Content-Length: 0
        < 202
        < Location: (upload)
        """)
        url = dxf_url(answer["Location"], blob.digest)
        assert url.startswith(f"http://{registry.local}/v2/{name}/blobs/uploads/")
        dxf(f"""
        > PUT {url.removeprefix(f"http://{registry.local}")}
        > Accept: */*
        > Transfer-Encoding: chunked
        > [blob]
        < 201
        < Docker-Content-Digest: {{blob.digest}}
        """)
