"""The protocol as one types it: every answer here is curl's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .api import with_digest
from .images import OCI_MANIFEST, Image, digest_of, make_image, noise
from .programs import Argument, environment, run
from .registry import Registry

Curl = Callable[..., str]


@pytest.fixture
def curl(tmp_path: Path) -> Curl:
    env = environment(tmp_path / "home")

    def ask(*words: Argument) -> str:
        return run(["curl", "--silent", "--show-error", *words], env=env)

    return ask


def header(head: str, name: str) -> str:
    """A header in what `curl --include` or `--head` prints."""
    found = [
        line.split(": ", 1)[1] for line in head.splitlines() if line.lower().startswith(name.lower() + ": ")
    ]
    assert len(found) == 1, head
    return found[0]


def push(curl: Curl, base: str, data: Path) -> str:
    """POST, then one PUT with everything: answers the digest."""
    digest = digest_of(data.read_bytes())
    opened = curl("--include", "--request", "POST", f"{base}/blobs/uploads/")
    location = with_digest(header(opened, "Location"), digest)
    done = curl(
        "--include", "--upload-file", data, "--header", "Content-Type: application/octet-stream", location
    )
    assert " 201 Created" in done
    assert header(done, "Docker-Content-Digest") == digest
    return digest


def push_image(curl: Curl, base: str, image: Image, tag: str, directory: Path) -> None:
    for blob in image.blobs:
        file = directory / "blob"
        file.write_bytes(blob.data)
        push(curl, base, file)
    manifest = directory / "manifest.json"
    manifest.write_bytes(image.manifest.data)
    media_type = f"Content-Type: {image.manifest.media_type}"
    done = curl("--include", "--upload-file", manifest, "--header", media_type, f"{base}/manifests/{tag}")
    assert " 201 Created" in done
    assert header(done, "Docker-Content-Digest") == image.digest


def test_the_base_says_that_this_is_a_registry(curl: Curl, registry: Registry) -> None:
    answer = curl("--include", f"{registry.url}/v2/")
    assert answer.startswith(("HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\n"))
    assert header(answer, "Docker-Distribution-Api-Version") == "registry/2.0"
    assert header(answer, "Content-Type") == "application/json"
    assert answer.splitlines()[-1] == "{}"


def test_an_image_pushed_with_curl_is_in_the_catalog(
    curl: Curl, registry: Registry, name: str, tmp_path: Path
) -> None:
    image = make_image(name)
    base = f"{registry.url}/v2/{name}"
    push_image(curl, base, image, "1.0", tmp_path)
    assert json.loads(curl(f"{base}/tags/list")) == {"name": name, "tags": ["1.0"]}
    assert name in json.loads(curl(f"{registry.url}/v2/_catalog?n=1000"))["repositories"]
    assert curl(f"{base}/manifests/1.0").encode() == image.manifest.data


def test_a_head_by_tag_tells_the_digest_to_delete(
    curl: Curl, registry: Registry, name: str, tmp_path: Path
) -> None:
    base = f"{registry.url}/v2/{name}"
    push_image(curl, base, make_image(name), "1.0", tmp_path)
    head = curl("--head", f"{base}/manifests/1.0")
    assert header(head, "Content-Type") == OCI_MANIFEST
    digest = header(head, "Docker-Content-Digest")
    assert " 202 Accepted" in curl("--include", "--request", "DELETE", f"{base}/manifests/{digest}")
    assert " 404 Not Found" in curl("--head", f"{base}/manifests/1.0")


def test_a_broken_download_goes_on_where_it_stopped(
    curl: Curl, registry: Registry, name: str, tmp_path: Path
) -> None:
    data = noise(300_000, name)
    (tmp_path / "data").write_bytes(data)
    digest = push(curl, f"{registry.url}/v2/{name}", tmp_path / "data")
    part = tmp_path / "part"
    part.write_bytes(data[:100_000])
    curl("--continue-at", "-", "--output", part, f"{registry.url}/v2/{name}/blobs/{digest}")
    assert part.read_bytes() == data


def test_a_large_upload_is_not_slowed_by_waiting_for_100_continue(
    curl: Curl, registry: Registry, name: str, tmp_path: Path
) -> None:
    """curl announces every body over 1 MiB with `Expect: 100-continue` and waits for the answer."""
    data = tmp_path / "data"
    data.write_bytes(noise(3_000_000, name))
    opened = curl("--include", "--request", "POST", f"{registry.url}/v2/{name}/blobs/uploads/")
    location = with_digest(header(opened, "Location"), digest_of(data.read_bytes()))
    done = curl(
        "--include", "--expect100-timeout", "100", "--max-time", "30", "--upload-file", data, location
    )
    assert "100 Continue" in done
    assert "201 Created" in done


def test_a_blob_in_one_request(curl: Curl, registry: Registry, name: str) -> None:
    base = f"{registry.url}/v2/{name}"
    digest = digest_of(b"hello")
    done = curl("--include", "--data-binary", "hello", f"{base}/blobs/uploads/?digest={digest}")
    assert " 201 Created" in done
    assert curl(header(done, "Location")) == "hello"
    assert curl(f"{base}/blobs/{digest}") == "hello"
