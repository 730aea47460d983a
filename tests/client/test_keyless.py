"""Sigstore bundles by identity: those of a private sigstore, and what refusals of its library become."""

from __future__ import annotations

import asyncio
import copy
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

import ocilot
from ocilot.errors import InvalidReference, NetworkError, SignatureError, StorageError
from ocilot.oci import Digest
from ocilot.signatures.documents import Invalid
from ocilot.signatures.finding import SIMPLE, Candidate

from .conftest import Host
from .private_sigstore import LIFETIME, SIGNED, Fields, LogKey, PrivateSigstore, Signing, b64
from .private_timestamps import TimestampAuthority
from .seed import AMD64, ARM64, push, push_index
from .test_verify import BUNDLE, IN_TOTO, PREDICATE, Key, bundle_of, push_bundle, statement

keyless = pytest.importorskip("ocilot.signatures.keyless")
pytest.importorskip("sigstore", reason="the extra sigstore is not installed")

DIGEST = Digest(AMD64.digest)
WHO = ("a@b.example", "https://issuer.example")
SIGNER: Final = {"identity": Signing.identity, "issuer": Signing.issuer}
WORKFLOW: Final = "https://github.com/team/app/.github/workflows/release.yml@refs/tags/v1"


class Verifier:
    """Stands for sigstore's, which needs its public logs: answers what the envelope says."""

    def __init__(self, answer: tuple[str, bytes] | Exception) -> None:
        self._answer = answer

    def verify_dsse(self, bundle: object, policy: object) -> tuple[str, bytes]:
        del bundle, policy
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def candidate(document: bytes, media_type: str = BUNDLE) -> Candidate:
    return Candidate(DIGEST, media_type, document, where="here")


def test_a_bundle_that_is_none_is_invalid() -> None:
    checked = keyless.Keyless(*WHO, verifier=Verifier((IN_TOTO, statement(DIGEST))))
    key_only = bundle_of(Key("p256"), statement(DIGEST))
    for document in (b"text", b"{}", json.dumps(key_only).encode()):
        with pytest.raises(Invalid):
            checked.verify(candidate(document))


def test_a_signature_of_cosign_2_names_the_other_way() -> None:
    with pytest.raises(Invalid, match="verify it with its key"):
        keyless.Keyless(*WHO, verifier=Verifier(ValueError())).verify(candidate(b"{}", SIMPLE))


def test_roots_of_trust_that_cannot_be_fetched_are_a_network_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("sigstore.verify.Verifier.production", unreachable)
    with pytest.raises(NetworkError, match="roots of trust"):
        keyless.Keyless(*WHO)


@pytest.fixture(scope="module")
def sigstore() -> PrivateSigstore:
    return PrivateSigstore()


@pytest.fixture
def trusted_root(sigstore: PrivateSigstore, tmp_path: Path) -> Path:
    path = tmp_path / "trusted_root.json"
    path.write_text(json.dumps(sigstore.trusted_root))
    return path


@pytest.mark.parametrize("identity", ["release@example.com", WORKFLOW])
def test_an_image_is_verified_by_who_signed_it(
    app: ocilot.Repository, sigstore: PrivateSigstore, trusted_root: Path, identity: str
) -> None:
    image = push(app, AMD64, "v1")
    push_bundle(app, image, sigstore.bundle(statement(image.digest), Signing(identity)))
    signer = {"identity": identity, "issuer": Signing.issuer}
    for given in (trusted_root, str(trusted_root)):
        (found,) = app.get("v1").verify_signature(**signer, trusted_root=given)
        assert (found.digest, found.kind) == (image.digest, "identity")
        assert (found.signer, found.issuer) == (identity, Signing.issuer)
        assert found.claims == {"predicateType": PREDICATE}


def test_a_bundle_of_an_index_counts_for_its_images(
    host: Host, name: str, sigstore: PrivateSigstore, trusted_root: Path
) -> None:
    with host.connect() as registry:
        app = registry.repository(name)
        index = push_index(app, "v1")
        push_bundle(app, index, sigstore.bundle(statement(index.digest)))

    async def verified() -> str:
        async with host.aconnect() as registry:
            image = await registry.repository(name).get("v1", "linux/arm64")
            (found,) = await image.verify_signature(**SIGNER, trusted_root=trusted_root)
            return found.digest

    assert asyncio.run(verified()) == index.digest


def test_a_timestamp_authority_says_when_it_was_signed(sigstore: PrivateSigstore, tmp_path: Path) -> None:
    """As with Rekor 2, whose entries have no time."""
    authority, other = (TimestampAuthority(tmp_path / name) for name in ("tsa", "other"))
    root = tmp_path / "trusted_root.json"
    root.write_text(json.dumps(sigstore.trusted_root | {"timestampAuthorities": [authority.in_trusted_root]}))
    checked, now = keyless.Keyless(**SIGNER, trusted_root=root), datetime.now(UTC)

    def verify(**signing: Any) -> None:
        bundle = sigstore.bundle(statement(DIGEST), Signing(**signing))
        assert checked.verify(candidate(json.dumps(bundle).encode())).signer == SIGNER["identity"]

    verify(certified=now - timedelta(minutes=5), stamp=authority.stamp)
    with pytest.raises(Invalid, match="certificate chain"):
        verify(certified=now - timedelta(minutes=15), stamp=authority.stamp)
    with pytest.raises(Invalid, match="not enough sources of verified time"):
        verify(certified=now - timedelta(minutes=5), stamp=other.stamp)
    with pytest.raises(Invalid, match="not enough sources of verified time"):
        verify(certified=now - timedelta(minutes=5), stamp=lambda _: authority.stamp(b"something else"))


def test_one_valid_bundle_is_enough(
    open_host: Host, name: str, sigstore: PrivateSigstore, trusted_root: Path
) -> None:
    with open_host.connect() as registry:
        app = registry.repository(name)
        image = push(app, AMD64, "v1")
        right = statement(image.digest)
        for bundle in (b"{", bundle_of(Key("p256"), right), PrivateSigstore().bundle(right)):
            push_bundle(app, image, bundle)
        with pytest.raises(SignatureError, match="no valid signature") as caught:
            app.get("v1").verify_signature(**SIGNER, trusted_root=trusted_root)
        assert len(caught.value.reasons) == 3
        push_bundle(app, image, sigstore.bundle(right))
        assert len(app.get("v1").verify_signature(**SIGNER, trusted_root=trusted_root)) == 1


def test_the_command_verifies_and_refuses(
    open_host: Host, name: str, sigstore: PrivateSigstore, trusted_root: Path
) -> None:
    with open_host.connect() as registry:
        app = registry.repository(name)
        image = push(app, AMD64, "v1")
        push_bundle(app, image, sigstore.bundle(statement(image.digest)))
    reference, options = f"{open_host.address}/{name}:v1", ["--trusted-root", str(trusted_root)]
    right = ["--identity", SIGNER["identity"], "--issuer", SIGNER["issuer"]]
    ran = verify_command(reference, *options, *right)
    assert (ran.returncode, ran.stdout) == (0, f"{image.digest}\n"), ran.stderr
    assert f"{image.digest} is signed by {SIGNER['identity']}" in ran.stderr
    ran = verify_command(reference, *options, "--identity", "other@example.com", *right[2:])
    assert (ran.returncode, ran.stdout, "other@example.com" in ran.stderr) == (7, "", True)
    assert verify_command(reference, *options).returncode == 2


def verify_command(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ocilot", "verify", *words]
    return subprocess.run(command, capture_output=True, text=True)


def altered_signature(bundle: Fields) -> None:
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = b64(LogKey().sign(b"something else"))


def altered_payload(bundle: Fields) -> None:
    bundle["dsseEnvelope"]["payload"] = b64(statement(DIGEST) + b" ")


def another_certificate(bundle: Fields) -> None:
    other = PrivateSigstore().bundle(statement(DIGEST))
    bundle["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"]


def entry_of(bundle: Fields) -> Fields:
    found: Fields = bundle["verificationMaterial"]["tlogEntries"][0]
    return found


def no_entry(bundle: Fields) -> None:
    bundle["verificationMaterial"]["tlogEntries"] = []


def no_promise(bundle: Fields) -> None:
    """Without it, no log says when the signature was made."""
    del entry_of(bundle)["inclusionPromise"]


def later_time(bundle: Fields) -> None:
    """Within the life of the certificate, but not what the log promised."""
    entry_of(bundle)["integratedTime"] = str(int(SIGNED.timestamp()) + 60)


def altered_proof(bundle: Fields) -> None:
    entry_of(bundle)["inclusionProof"]["hashes"] = [b64(bytes(32))]


def altered_checkpoint(bundle: Fields) -> None:
    checkpoint = entry_of(bundle)["inclusionProof"]["checkpoint"]
    checkpoint["envelope"] = checkpoint["envelope"].replace("\n2\n", "\n3\n")


def without_content(bundle: Fields) -> None:
    del bundle["dsseEnvelope"]


def over_the_bytes(bundle: Fields) -> None:
    """As `cosign sign-blob` signs: it does not say what kind of thing is signed."""
    del bundle["dsseEnvelope"]
    digest = {"algorithm": "SHA2_256", "digest": b64(bytes.fromhex(DIGEST.hex))}
    bundle["messageSignature"] = {
        "messageDigest": digest,
        "signature": b64(LogKey().sign(AMD64.manifest.data)),
    }


REFUSED: Final[Mapping[str, tuple[Signing, str]]] = {
    "another identity": (Signing(identity="other@example.com"), "SANs do not match release@example.com"),
    "a similar identity": (Signing(identity="release@example.com.evil.example"), "SANs do not match"),
    "another issuer": (Signing(issuer="https://login.example.evil"), "OIDCIssuer does not match"),
    "signed after the certificate expired": (Signing(logged=SIGNED + LIFETIME * 2), "certificate chain"),
    "signed before the certificate": (Signing(logged=SIGNED - timedelta(hours=1)), "certificate chain"),
    **{
        f"{alter.__name__.replace('_', ' ')}": (Signing(altered=alter), reason)
        for alter, reason in (
            (altered_signature, "signature"),
            (altered_payload, "signature"),
            (another_certificate, "certificate chain"),
            (no_entry, "exactly one log entry"),
            (no_promise, "inclusion promise or signed timestamp"),
            (later_time, "invalid inclusion promise"),
            (altered_proof, "invalid root hash"),
            (altered_checkpoint, "checkpoint: invalid signature"),
            (without_content, "failed to load bundle"),
            (over_the_bytes, "without a DSSE envelope"),
        )
    },
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_prove_who_signed_is_refused(
    sigstore: PrivateSigstore, trusted_root: Path, case: str
) -> None:
    signing, reason = REFUSED[case]
    document = json.dumps(sigstore.bundle(statement(DIGEST), signing)).encode()
    with pytest.raises(Invalid, match=reason):
        keyless.Keyless(**SIGNER, trusted_root=trusted_root).verify(candidate(document))


def test_a_bundle_of_another_image_is_refused(sigstore: PrivateSigstore, trusted_root: Path) -> None:
    document = json.dumps(sigstore.bundle(statement(ARM64.digest))).encode()
    with pytest.raises(Invalid, match="made for another digest"):
        keyless.Keyless(**SIGNER, trusted_root=trusted_root).verify(candidate(document))


@pytest.mark.parametrize(
    ("part", "reason"),
    [("ca", "certificate chain"), ("certificates", "SCT"), ("signatures", "invalid log entry")],
)
def test_a_ca_or_log_that_the_trusted_root_does_not_name_is_refused(
    sigstore: PrivateSigstore, trusted_root: Path, part: str, reason: str
) -> None:
    forged = copy.copy(sigstore)
    setattr(forged, part, LogKey())
    document = json.dumps(forged.bundle(statement(DIGEST))).encode()
    with pytest.raises(Invalid, match=reason):
        keyless.Keyless(**SIGNER, trusted_root=trusted_root).verify(candidate(document))


def test_an_entry_of_another_signature_is_refused(sigstore: PrivateSigstore, trusted_root: Path) -> None:
    bundle, other = (sigstore.bundle(statement(DIGEST)) for _ in range(2))
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    with pytest.raises(Invalid, match="log entry signatures do not match"):
        keyless.Keyless(**SIGNER, trusted_root=trusted_root).verify(candidate(json.dumps(bundle).encode()))


def emptied(root: Fields) -> Any:
    return root | {"tlogs": []}


def of_other_type(root: Fields) -> Any:
    return root | {"mediaType": "application/json"}


def as_list(root: Fields) -> Any:
    return [root]


@pytest.mark.parametrize("change", [emptied, of_other_type, as_list])
def test_a_file_that_is_no_trusted_root_says_so(
    sigstore: PrivateSigstore, tmp_path: Path, change: Callable[[Fields], Any]
) -> None:
    path = tmp_path / "root.json"
    path.write_text(json.dumps(change(sigstore.trusted_root)))
    with pytest.raises(InvalidReference, match=r"invalid trusted root .*root\.json: expected"):
        keyless.Keyless(**SIGNER, trusted_root=path)


def test_a_trusted_root_that_cannot_be_read_says_so(open_host: Host, name: str, tmp_path: Path) -> None:
    with open_host.connect() as registry:
        push(registry.repository(name), AMD64, "v1")
        image = registry.repository(name).get("v1")
        with pytest.raises(StorageError, match="cannot read the trusted root"):
            image.verify_signature(**SIGNER, trusted_root=tmp_path / "missing.json")
        with pytest.raises(InvalidReference, match="trusted_root only with these"):
            image.verify_signature(key=Key("p256").pem, trusted_root=tmp_path / "missing.json")
