"""The scripts that react to events, with the programs and services that they use."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from ocilot.errors import Error
from ocilot.hooks.testing import (
    CONFIG,
    LAYER,
    FakeRegistry,
    Harness,
    a_manifest_pushed,
    a_tag_deleted,
    a_tag_moved,
)

CHART = "application/vnd.cncf.helm.config.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"


class Channel:
    """An incoming webhook that keeps what was posted."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if outer.status == 200:
                    outer.texts.append(content["text"])
                self.send_response(outer.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/services/T000"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def channel() -> Iterator[Channel]:
    one = Channel()
    yield one
    one.close()


def test_tags_are_posted_to_a_channel(channel: Channel) -> None:
    hook = Harness("ocilot:post_to_chat", secret_url=channel.url, tags="v*")
    hook.notify(a_tag_moved(tag="v1", digest="sha256:0123456789abcdef0123"))
    hook.notify(a_tag_moved(tag="v1", digest="sha256:fedcba9876543210fedc", previous="sha256:01"))
    hook.notify(a_tag_deleted(tag="v1"))
    hook.notify(a_tag_moved(tag="latest"))
    assert channel.texts == [
        "team/app:v1 pushed by alice: sha256:0123456789ab",
        "team/app:v1 moved by alice: sha256:fedcba987654",
        "team/app:v1 deleted by alice",
    ]
    channel.status = 500
    with pytest.raises(HTTPError):
        hook.notify(a_tag_deleted(tag="v1"))


def push(
    registry: FakeRegistry,
    config: bytes,
    config_type: str,
    tag: str,
    layer: bytes | None = None,
    layer_type: str = "application/gzip",
) -> str:
    entry = registry.push_blob(config, media_type=config_type)
    layers = [] if layer is None else [registry.push_blob(layer, media_type=layer_type).digest]
    manifest = {
        "schemaVersion": 2,
        "config": {"mediaType": config_type, "digest": entry.digest, "size": entry.size},
        "layers": [{"mediaType": layer_type, "digest": digest} for digest in layers],
    }
    return registry.push_manifest(manifest, tag)


def test_charts_are_in_the_index_and_leave_it(tmp_path: Path) -> None:
    index = tmp_path / "index.yaml"
    hook = Harness("ocilot:chart_index", file=str(index), registry="r.test")
    registry = FakeRegistry()
    old = push(registry, b'{"name": "app", "version": "1.0.0"}', CHART, "1.0.0", b"package")
    new = push(registry, b'{"name": "app", "version": "1.1.0"}', CHART, "1.1.0", b"")
    image = push(registry, b"{}", CONFIG, "v1")

    def moved(tag: str, digest: str) -> dict[str, Any]:
        hook.notify(a_tag_moved(tag=tag, digest=digest, registry=registry))
        return dict(json.loads(index.read_text())["entries"]) if index.exists() else {}

    assert moved("v1", image) == {}
    assert not index.exists()
    chart = {
        "name": "app",
        "version": "1.0.0",
        "urls": ["oci://r.test/team/app:1.0.0"],
        "digest": hashlib.sha256(b"package").hexdigest(),
        "created": "2026-11-21T17:48:55+00:00",
    }
    assert moved("1.0.0", old) == {"app": [chart]}
    assert json.loads(index.read_text())["apiVersion"] == "v1"
    assert moved("1.0.0", old) == {"app": [chart]}
    assert [one["version"] for one in moved("1.1.0", new)["app"]] == ["1.1.0", "1.0.0"]
    assert [one["version"] for one in moved("1.0.0", image)["app"]] == ["1.1.0"]
    assert moved("1.1.0", "sha256:" + "0" * 64) == {}, "deleted meanwhile"
    assert moved("1.0.0", old) == {"app": [chart]}
    hook.notify(a_tag_deleted(tag="1.0.0", registry=registry))
    assert json.loads(index.read_text())["entries"] == {}
    assert [file.name for file in tmp_path.iterdir()] == ["index.yaml"]


@pytest.mark.parametrize(
    "config", [b"[]", b"{}", b"not JSON", b'{"name": "app"}', b'{"name": "", "version": ""}']
)
def test_what_only_claims_to_be_a_chart_is_not_in_the_index(tmp_path: Path, config: bytes) -> None:
    """Others are: it is not tried again for hours."""
    hook = Harness("ocilot:chart_index", file=str(tmp_path / "index.yaml"))
    registry = FakeRegistry()
    for package in (None, b"package"):
        digest = push(registry, config, CHART, "1.0.0", package)
        hook.notify(a_tag_moved(tag="1.0.0", digest=digest, registry=registry))
    assert not (tmp_path / "index.yaml").exists()


def openssl(*words: str, content: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=content, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two private keys, and `public`, the public one of `known`."""
    home = tmp_path_factory.mktemp("keys")
    found = {name: home / name for name in ("known", "other", "public")}
    for name in ("known", "other"):
        openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", str(found[name]))
    openssl("ec", "-in", str(found["known"]), "-pubout", "-out", str(found["public"]))
    return found


def sign(content: bytes, key: Path) -> str:
    return base64.b64encode(openssl("dgst", "-sha256", "-sign", str(key), content=content)).decode()


def sign_by_tag(registry: FakeRegistry, image: str, claimed: str, key: Path) -> Any:
    """Signs as `cosign sign --key` of Cosign 2 does; the event."""
    kind = "cosign container image signature"
    critical = {"image": {"docker-manifest-digest": claimed}, "type": kind}
    payload = json.dumps({"critical": critical}).encode()
    layer = registry.push_blob(payload, media_type=SIMPLE)
    entry = {"mediaType": SIMPLE, "digest": layer.digest, "size": layer.size}
    annotations = {"dev.cosignproject.cosign/signature": sign(payload, key)}
    tag = image.replace(":", "-") + ".sig"
    manifest = {"schemaVersion": 2, "layers": [{**entry, "annotations": annotations}]}
    return a_tag_moved(tag=tag, digest=registry.push_manifest(manifest, tag), registry=registry)


def sign_by_bundle(registry: FakeRegistry, image: str, claimed: str, key: Path) -> Any:
    """Signs as `cosign sign --key` of Cosign 3 does; the event."""
    kind = "application/vnd.in-toto+json"
    statement = {
        "subject": [{"digest": {"sha256": claimed.removeprefix("sha256:")}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
    }
    payload = json.dumps(statement).encode()
    encoded = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": kind,
        "signatures": [{"sig": sign(encoded, key)}],
    }
    return attach(registry, image, json.dumps({"dsseEnvelope": envelope}).encode())


def attach(registry: FakeRegistry, image: str, bundle: bytes, kind: str = BUNDLE) -> Any:
    digest = registry.attach(image, bundle, artifact_type=kind)
    return a_manifest_pushed(digest=digest, subject=image, artifact_type=kind, registry=registry)


def verified(registry: FakeRegistry) -> dict[str, str]:
    """The tags of what passed."""
    tags = [tag for tag in registry.tags() if tag.startswith("verified-")]
    return {tag: registry.manifest(tag).digest for tag in tags}


@pytest.mark.parametrize("sign", [sign_by_tag, sign_by_bundle])
def test_what_a_known_key_signed_is_tagged(keys: dict[str, Path], sign: Callable[..., Any]) -> None:
    hook = Harness("ocilot:verify_cosign", key=str(keys["public"]))
    registry = FakeRegistry()
    image, second = push(registry, b"{}", CONFIG, "v1"), push(registry, b"[]", CONFIG, "v2")
    hook.notify(sign(registry, image, image, keys["other"]))
    hook.notify(sign(registry, image, second, keys["known"]))
    assert verified(registry) == {}
    event = sign(registry, image, image, keys["known"])
    hook.notify(event)
    assert verified(registry) == {f"verified-{image[7:19]}": image}
    # An event comes again, and what it is about may be gone.
    hook.notify(event)
    hook.notify(replace(event, digest="sha256:" + "0" * 64))
    gone = push(deleted := FakeRegistry(), b"gone", CONFIG, "v1")
    hook.notify(replace(sign(deleted, gone, gone, keys["known"]), registry=registry))
    assert len(verified(registry)) == 1


def test_what_is_no_signature_is_left_alone(keys: dict[str, Path]) -> None:
    """It is not an error either: the event would be tried again for hours."""
    hook = Harness("ocilot:verify_cosign", key=str(keys["public"]))
    registry = FakeRegistry()
    image = push(registry, b"{}", CONFIG, "v1")
    envelope = {"payload": "?", "payloadType": 1, "signatures": [None, {"sig": "?"}, {}]}
    bundles: list[Any] = [{}, [], None, {"dsseEnvelope": envelope}, {"messageSignature": {}}]
    for bundle in bundles:
        hook.notify(attach(registry, image, json.dumps(bundle).encode()))
    for content in (b"text", b"\xff", b"[" * 100_000):
        hook.notify(attach(registry, image, content))
    hook.notify(attach(registry, image, b"{}", "application/spdx+json"))
    tag = image.replace(":", "-") + ".sig"
    hook.notify(
        a_tag_moved(tag=tag, digest=push(registry, b"x", CONFIG, tag, b"x", SIMPLE), registry=registry)
    )
    hook.notify(a_tag_moved(tag=tag, digest=image, registry=registry))
    hook.notify(a_tag_moved(tag="v1", digest=image, registry=registry))
    hook.notify(a_manifest_pushed(digest=image, registry=registry))
    assert verified(registry) == {}


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "cannot read the public key"), (b"x", "invalid public key")]
)
def test_without_a_key_the_script_is_not_loaded(tmp_path: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "cosign.pub").write_bytes(content)
    with pytest.raises(Error, match=problem):
        Harness("ocilot:verify_cosign", key=str(tmp_path / "cosign.pub"))


SCANNER = """\
#!/bin/sh
echo "$* $NO_COLOR" >> "$0.log"
case "$*" in *broken*) echo "cannot pull" >&2; exit 1;; esac
echo '{"version": "2.1.0", "runs": []}'
"""


@pytest.mark.parametrize("name", ["trivy", "grype"])
def test_a_report_is_attached_once_to_each_image(tmp_path: Path, name: str) -> None:
    scanner = tmp_path / name
    scanner.write_text(SCANNER)
    scanner.chmod(0o755)
    hook = Harness("ocilot:scan_images", scanner=str(scanner), source="r.test")
    registry = FakeRegistry()
    image = push(registry, b"{}", CONFIG, "v1", b"layer", LAYER)
    index = registry.push_manifest({"schemaVersion": 2, "manifests": []}, "v2")
    others = (
        push(registry, b"{}", CHART, "1.0.0", b"chart", f"{CHART}.tar+gzip"),
        push(registry, b"{}", CONFIG, "empty"),
        push(registry, b"{}", CONFIG, "attestation", b"{}", "application/vnd.in-toto+json"),
        push(registry, b"{}", CONFIG, f"{image.replace(':', '-')}.sig", b"{}", SIMPLE),
    )
    for digest in (image, image, index, *others, "sha256:" + "0" * 64):
        hook.notify(a_manifest_pushed(digest=digest, registry=registry))
    (report,) = registry.referrers(image)
    assert report.artifact_type == "application/sarif+json"
    (layer,) = registry.manifest(report.digest).parsed["layers"]
    assert json.loads(registry.blob(layer["digest"]))["version"] == "2.1.0"
    hook.notify(a_manifest_pushed(digest=report.digest, subject=image, registry=registry))
    assert len((tmp_path / f"{name}.log").read_text().splitlines()) == 1
    broken = FakeRegistry("broken")
    digest = push(broken, b"{}", CONFIG, "v1", b"layer", LAYER)
    with pytest.raises(RuntimeError, match="cannot pull"):
        hook.notify(a_manifest_pushed("broken", digest, registry=broken))


def test_without_a_scanner_the_script_is_not_loaded() -> None:
    with pytest.raises(RuntimeError, match="no-such-scanner is not installed"):
        Harness("ocilot:scan_images", scanner="no-such-scanner")


def test_a_tag_that_does_not_match_is_not_copied() -> None:
    hook = Harness("ocilot:copy_tags", target="127.0.0.1:1", source="127.0.0.1:1", source_tls=False)
    hook.notify(a_tag_moved(tag="latest"))
    with pytest.raises(RuntimeError, match="connection refused"):
        hook.notify(a_tag_moved(tag="v1"))


def test_layers_and_digests_are_what_the_kit_says() -> None:
    assert LAYER.startswith("application/vnd.oci.image.layer.")
    registry = FakeRegistry()
    blob = registry.push_blob(b"x", media_type=LAYER)
    assert blob.digest == f"sha256:{hashlib.sha256(b'x').hexdigest()}"
