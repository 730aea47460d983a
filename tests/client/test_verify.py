"""Signatures of cosign: by the tag of cosign 2, and by bundles that cosign 3 attaches."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.server.foreign import Tool, needs
from tests.server.images import Content

import ocilot
from ocilot.errors import InvalidReference, SignatureError, StorageError, Unsupported
from ocilot.oci import Manifest
from ocilot.oci.media_types import OCI_EMPTY, OCI_MANIFEST
from ocilot.signatures.documents import encoded_for_signing

from .conftest import Host
from .seed import AMD64, ARM64, push, push_blob, push_index, push_manifest

SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IN_TOTO = "application/vnd.in-toto+json"
PREDICATE = "https://sigstore.dev/cosign/sign/v1"


class Key:
    """A private key, and how cosign signs with it."""

    def __init__(self, kind: str) -> None:
        makers: dict[str, Callable[[], Any]] = {
            "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "rsa": lambda: rsa.generate_private_key(65537, 2048),
            "ed25519": ed25519.Ed25519PrivateKey.generate,
        }
        self.private = makers[kind]()
        self.kind = kind
        public = self.private.public_key()
        self.pem: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> str:
        how = {
            "p256": (ec.ECDSA(hashes.SHA256()),),
            "p384": (ec.ECDSA(hashes.SHA384()),),
            "rsa": (padding.PKCS1v15(), hashes.SHA256()),
            "ed25519": (),
        }[self.kind]
        return base64.b64encode(self.private.sign(data, *how)).decode()


@pytest.fixture(scope="module")
def key() -> Key:
    return Key("p256")


def payload(digest: str) -> bytes:
    critical = {
        "identity": {"docker-reference": "registry.example/app"},
        "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature",
    }
    return json.dumps({"critical": critical, "optional": {"build": "7"}}).encode()


def push_tag_signature(app: ocilot.Repository, subject: str, document: bytes, signature: str) -> None:
    """As cosign 2 does."""
    layer = push_blob(app, Content(SIMPLE, document)).to_json()
    layer["annotations"] = {"dev.cosignproject.cosign/signature": signature}
    fields = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": push_blob(app, Content("application/vnd.oci.image.config.v1+json", b"{}")).to_json(),
        "layers": [layer],
    }
    push_manifest(app, Content(OCI_MANIFEST, Manifest.of(fields).raw), [subject.replace(":", "-") + ".sig"])


def statement(digest: str, predicate: str = PREDICATE) -> bytes:
    subject = [{"name": "", "digest": {"sha256": digest.partition(":")[2]}}]
    # What is in the predicate may say anything.
    fields = {"subject": subject, "predicateType": predicate, "predicate": {"predicateType": PREDICATE}}
    return json.dumps(fields).encode()


def bundle_of(key: Key, document: bytes) -> dict[str, Any]:
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": "x"}},
        "dsseEnvelope": {
            "payload": base64.b64encode(document).decode(),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": key.sign(encoded_for_signing(IN_TOTO, document))}],
        },
    }


def push_bundle(app: ocilot.Repository, subject: Manifest, bundle: dict[str, Any] | bytes) -> None:
    """As cosign 3 does."""
    data = bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode()
    fields = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": BUNDLE,
        "config": push_blob(app, Content(OCI_EMPTY, b"{}")).to_json(),
        "layers": [push_blob(app, Content(BUNDLE, data)).to_json()],
        "subject": subject.descriptor.to_json(),
    }
    push_manifest(app, Content(OCI_MANIFEST, Manifest.of(fields).raw))


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa", "ed25519"])
def test_a_signature_is_verified_with_each_kind_of_key(
    open_host: Host, name: str, kind: str, tmp_path: Path
) -> None:
    key = Key(kind)
    with open_host.connect() as registry:
        app = registry.repository(f"{name}-{kind}")
        push(app, AMD64, "v1")
        document = payload(AMD64.digest)
        push_tag_signature(app, AMD64.digest, document, key.sign(document))
        (tmp_path / "cosign.pub").write_bytes(key.pem)
        for given in (key.pem, key.pem.decode(), tmp_path / "cosign.pub", str(tmp_path / "cosign.pub")):
            (found,) = app.get("v1").verify_signature(key=given)
            assert (found.digest, found.kind) == (AMD64.digest, "key")
            assert found.claims == {"build": "7", "docker-reference": "registry.example/app"}


def test_a_bundle_is_verified_by_key(app: ocilot.Repository, key: Key) -> None:
    image = push(app, AMD64, "v1")
    push_bundle(app, image, bundle_of(key, statement(image.digest)))
    (found,) = app.get("v1").verify_signature(key=key.pem)
    assert found.claims == {"predicateType": PREDICATE}


def test_the_signature_of_an_index_counts_for_its_images(app: ocilot.Repository, key: Key) -> None:
    index = push_index(app, "v1")
    document = payload(index.digest)
    push_tag_signature(app, index.digest, document, key.sign(document))
    (found,) = app.get("v1", "linux/arm64").verify_signature(key=key.pem)
    assert found.digest == index.digest
    with pytest.raises(SignatureError, match="has no signature"):
        app.get(ARM64.digest).verify_signature(key=key.pem)


@pytest.mark.parametrize("way", ["tag", "bundle"])
def test_a_signature_is_verified_where_it_was_copied_to(
    app: ocilot.Repository, distribution_host: Host, key: Key, way: str, tmp_path: Path
) -> None:
    """G3: by registries with and without the referrers API, by an archive and by a bundle."""
    image = push(app, AMD64, "v1")
    if way == "tag":
        document = payload(image.digest)
        push_tag_signature(app, image.digest, document, key.sign(document))
    else:
        push_bundle(app, image, bundle_of(key, statement(image.digest)))
    with distribution_host.connect() as other:
        ocilot.copy(app["v1"], other / f"{app.name}-{way}:v1", referrers="required")
        there = other.repository(f"{app.name}-{way}")
        assert there.get("v1").verify_signature(key=key.pem)[0].digest == image.digest
        ocilot.copy(there["v1"], f"oci:{tmp_path / 'layout'}:v1", referrers="required")
        ocilot.save_bundle([str(there["v1"])], tmp_path / "b.tar")
    for place in (f"oci:{tmp_path / 'layout'}", f"bundle:{tmp_path / 'b.tar'}"):
        with ocilot.open(place) as stored:
            found = stored.get("v1").verify_signature(key=key.pem)
            assert [one.digest for one in found] == [image.digest]


def test_an_image_without_a_signature_is_refused(app: ocilot.Repository, key: Key) -> None:
    push(app, AMD64, "v1")
    with pytest.raises(SignatureError, match="has no signature") as caught:
        app.get("v1").verify_signature(key=key.pem)
    assert caught.value.code == "integrity"
    assert caught.value.reasons == ()


def other_key(key: Key, document: bytes) -> tuple[bytes, str]:
    return document, Key("p256").sign(document)


def changed(key: Key, document: bytes) -> tuple[bytes, str]:
    return document.replace(b'"7"', b'"8"'), key.sign(document)


def of_other_image(key: Key, document: bytes) -> tuple[bytes, str]:
    other = payload(ARM64.digest)
    return other, key.sign(other)


def of_other_type(key: Key, document: bytes) -> tuple[bytes, str]:
    other = document.replace(b"cosign container image signature", b"something else")
    return other, key.sign(other)


def no_base64(key: Key, document: bytes) -> tuple[bytes, str]:
    return document, "?"


def no_json(key: Key, document: bytes) -> tuple[bytes, str]:
    return b"text", key.sign(b"text")


@pytest.mark.parametrize("forge", [other_key, changed, of_other_image, of_other_type, no_base64, no_json])
def test_a_forged_payload_is_refused(
    open_host: Host, name: str, key: Key, forge: Callable[[Key, bytes], tuple[bytes, str]]
) -> None:
    with open_host.connect() as registry:
        app = registry.repository(f"{name}-{forge.__name__.replace('_', '-')}")
        push(app, AMD64, "v1")
        push_tag_signature(app, AMD64.digest, *forge(key, payload(AMD64.digest)))
        with pytest.raises(SignatureError, match="no valid signature") as caught:
            app.get("v1").verify_signature(key=key.pem)
        assert len(caught.value.reasons) == 1


def test_a_forged_bundle_is_refused(app: ocilot.Repository, key: Key) -> None:
    image = push(app, AMD64, "v1")
    right = statement(image.digest)
    swapped = bundle_of(key, right)
    swapped["dsseEnvelope"]["payload"] = base64.b64encode(right + b" ").decode()
    retyped = bundle_of(key, right)
    retyped["dsseEnvelope"]["payloadType"] = "text/plain"
    for bundle in (
        bundle_of(Key("p256"), right),
        bundle_of(key, statement(ARM64.digest)),
        bundle_of(key, statement(image.digest, "https://cosign.sigstore.dev/attestation/vuln/v1")),
        swapped,
        retyped,
        {"dsseEnvelope": {"payload": 1, "signatures": "x"}},
        {"messageSignature": {"signature": "AAAA"}},
        {},
        b"text",
    ):
        push_bundle(app, image, bundle)
    with pytest.raises(SignatureError) as caught:
        app.get("v1").verify_signature(key=key.pem)
    assert len(caught.value.reasons) == 9


def test_one_valid_signature_is_enough(app: ocilot.Repository, key: Key) -> None:
    image = push(app, AMD64, "v1")
    push_bundle(app, image, bundle_of(Key("p256"), statement(image.digest)))
    push_bundle(app, image, bundle_of(key, statement(image.digest)))
    assert len(app.get("v1").verify_signature(key=key.pem)) == 1


def test_what_is_no_key_says_so(open_host: Host, name: str, key: Key, tmp_path: Path) -> None:
    with open_host.connect() as registry:
        app = registry.repository(name)
        push(app, AMD64, "v1")
        image = app.get("v1")
        with pytest.raises(InvalidReference, match="invalid public key"):
            image.verify_signature(key=b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----")
        with pytest.raises(StorageError, match="cannot read the public key"):
            image.verify_signature(key=tmp_path / "missing.pub")
        with pytest.raises(InvalidReference, match="needs either key"):
            image.verify_signature()
        with pytest.raises(InvalidReference, match="needs either key"):
            image.verify_signature(key=key.pem, identity="a@b.example", issuer="https://issuer.example")


def test_libraries_that_are_missing_are_named(
    open_host: Host, name: str, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(module: str) -> Any:
        raise ImportError(module)

    with open_host.connect() as registry:
        app = registry.repository(name)
        push(app, AMD64, "v1")
        monkeypatch.setattr("ocilot.signatures.keys.importlib.import_module", missing)
        with pytest.raises(Unsupported, match=r"pip install 'ocilot\[verify\]'"):
            app.get("v1").verify_signature(key=key.pem)
        with pytest.raises(Unsupported, match=r"pip install 'ocilot\[sigstore\]'"):
            app.get("v1").verify_signature(identity="a@b.example", issuer="https://issuer.example")


OFFLINE = ("--yes", "--tlog-upload=false", "--use-signing-config=false")


@needs("cosign")
@pytest.mark.parametrize("bundle", ["true", "false"])
def test_what_cosign_signs_is_verified(open_host: Host, name: str, tmp_path: Path, bundle: str) -> None:
    cosign = Tool("cosign", tmp_path / "home", COSIGN_PASSWORD="")
    cosign("generate-key-pair")
    with open_host.connect() as registry:
        app = registry.repository(f"{name}-{bundle}")
        push(app, AMD64, "v1")
        options = [*OFFLINE, "--key", "cosign.key", f"--new-bundle-format={bundle}"]
        cosign("sign", *options, f"{app.location}@{AMD64.digest}")
        (found,) = app.get("v1").verify_signature(key=cosign.home / "cosign.pub")
        assert found.digest == AMD64.digest
        with pytest.raises(SignatureError, match="made by another key"):
            app.get("v1").verify_signature(key=Key("p256").pem)


@needs("cosign")
@pytest.mark.parametrize("way", ["tag", "bundle"])
def test_cosign_verifies_what_tests_sign(
    open_host: Host, name: str, key: Key, way: str, tmp_path: Path
) -> None:
    """So the signatures of these tests are of the form that Cosign makes."""
    cosign = Tool("cosign", tmp_path / "home", COSIGN_PASSWORD="")
    for file, one in (("known", key), ("other", Key("p256"))):
        (cosign.home / f"{file}.pub").write_bytes(one.pem)
    with open_host.connect() as registry:
        app = registry.repository(f"{name}-{way}")
        image = push(app, AMD64, "v1")
        if way == "tag":
            document = payload(image.digest)
            push_tag_signature(app, image.digest, document, key.sign(document))
        else:
            push_bundle(app, image, bundle_of(key, statement(image.digest)))
        # Otherwise it is fetched, though a key needs none.
        root = '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'
        (cosign.home / "root.json").write_text(root)
        options = ("--insecure-ignore-tlog=true", "--trusted-root", "root.json")
        words = ("verify", *options, f"{app.location}:v1", "--key")
        cosign(*words, "known.pub")
        assert cosign.run(*words, "other.pub").code != 0
