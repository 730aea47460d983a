"""What a copy promises, whatever the stores are."""

from __future__ import annotations

import pytest
from tests.server.images import make_image, make_index

from ocilot.client.copying import CopyResult, copy
from ocilot.client.drive import run
from ocilot.client.events import BlobProgress, Event, Reporter
from ocilot.client.options import Limits
from ocilot.client.store import Outcome
from ocilot.errors import Conflict, IntegrityError, NetworkError, PartialError, PlatformNotFound
from ocilot.oci import Digest, Manifest, Platform, digest_of
from ocilot.oci.media_types import OCI_INDEX, OCI_MANIFEST

from .memory_store import MemoryStore, fill

AMD64, ARM64 = make_image("copied", size=5000), make_image("copied-arm", architecture="arm64")
ATTESTATION = {
    "vnd.docker.reference.type": "attestation-manifest",
    "vnd.docker.reference.digest": AMD64.digest,
}


@pytest.fixture
def source() -> MemoryStore:
    return MemoryStore("source.example/app")


@pytest.fixture
def target() -> MemoryStore:
    return MemoryStore("target.example/app")


def index_of(source: MemoryStore, tag: str = "v1") -> Manifest:
    fill(source, [AMD64, ARM64])
    made = make_index([AMD64, ARM64])
    return source.add_manifest(Manifest(made.data, made.media_type), tag)


def referrer_of(
    store: MemoryStore, subject: Manifest, kind: str = "application/vnd.example.sbom"
) -> Manifest:
    empty = store.add(b"{}", "application/vnd.oci.empty.v1+json")
    return store.add_manifest(
        Manifest.of(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": kind,
                "config": empty,
                "layers": [empty],
                "subject": subject.descriptor.to_json(),
            }
        )
    )


def copied(source: MemoryStore, target: MemoryStore, reference: str = "v1", **more: object) -> CopyResult:
    return run(copy(source, reference, target, str(more.pop("tag", "v1")), **more))  # type: ignore[arg-type]


def test_bytes_of_manifests_are_never_changed(source: MemoryStore, target: MemoryStore) -> None:
    index = index_of(source)
    result = copied(source, target)
    assert result.digest == index.digest
    assert target.manifests[index.digest].raw == index.raw
    assert target.blobs == source.blobs


def test_a_manifest_without_a_media_type_is_copied_as_it_is(source: MemoryStore, target: MemoryStore) -> None:
    config, layer = source.add(b"{}"), source.add(b"layer")
    raw = Manifest.of({"schemaVersion": 2, "config": config, "layers": [layer]}).raw
    manifest = source.add_manifest(Manifest(raw), "v1")
    copied(source, target)
    assert target.manifests[manifest.digest].raw == raw
    assert target.manifests[manifest.digest].media_type == OCI_MANIFEST


def test_blobs_are_pushed_before_their_manifests_and_the_tag_last(
    source: MemoryStore, target: MemoryStore
) -> None:
    index_of(source)
    copied(source, target)
    pushed = [what for called, what in target.asked if called in ("put", "put_manifest")]
    assert pushed[-1] == "v1"
    assert set(pushed[-3:-1]) == {AMD64.digest, ARM64.digest}


def test_a_second_copy_transfers_nothing(source: MemoryStore, target: MemoryStore) -> None:
    index_of(source)
    first = copied(source, target)
    target.asked.clear()
    second = copied(source, target)
    assert first.bytes == sum(len(data) for data in source.blobs.values())
    assert (second.bytes, second.manifests) == (0, ())
    assert {blob.outcome for blob in second.blobs} == {Outcome.EXISTED}
    assert target.calls("put_manifest") == []


def test_blobs_of_the_same_registry_are_mounted(source: MemoryStore) -> None:
    target = MemoryStore("source.example/other")
    target.mountable["app"] = source
    index_of(source)
    result = copied(source, target)
    assert {blob.outcome for blob in result.blobs} == {Outcome.MOUNTED}
    assert source.calls("open") == []


def test_a_download_that_was_continued_is_reported(source: MemoryStore, target: MemoryStore) -> None:
    fill(source, [AMD64], "v1")
    source.resumes = {AMD64.layers[0].digest}
    result = copied(source, target)
    resumed = {blob.digest for blob in result.blobs if blob.outcome is Outcome.RESUMED}
    assert resumed == source.resumes
    assert result.bytes == sum(len(data) for data in source.blobs.values())


def test_a_download_that_fails_leaves_no_manifest(source: MemoryStore, target: MemoryStore) -> None:
    fill(source, [AMD64], "v1")
    source.breaks = [100]
    with pytest.raises(NetworkError):
        copied(source, target, limits=Limits(connections=1))
    assert target.manifests == {}


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1] + b"?", lambda data: data[:-1], lambda data: data + b"?"]
)
def test_a_damaged_blob_is_refused_before_its_last_bytes(
    source: MemoryStore, target: MemoryStore, damage: object
) -> None:
    fill(source, [AMD64], "v1")
    digest = AMD64.layers[0].digest
    source.blobs[digest] = damage(source.blobs[digest])  # type: ignore[operator]
    with pytest.raises(IntegrityError, match=digest):
        copied(source, target)
    assert digest not in target.blobs
    assert target.manifests == {}


def test_one_platform_is_copied_as_its_image(source: MemoryStore, target: MemoryStore) -> None:
    index_of(source)
    result = copied(source, target, platforms=[Platform.parse("linux/arm64/v8")])
    assert result.digest == ARM64.digest
    assert set(target.blobs) == {blob.digest for blob in ARM64.blobs}


def test_several_platforms_make_an_index_with_their_attestations(
    source: MemoryStore, target: MemoryStore
) -> None:
    windows = make_image("windows", architecture="s390x")
    fill(source, [AMD64, ARM64, windows])
    note = referrer_of(source, Manifest(AMD64.manifest.data))
    entries = [image.manifest.descriptor(platform=image.platform) for image in (AMD64, ARM64, windows)]
    unknown = {"os": "unknown", "architecture": "unknown"}
    entries.append(note.descriptor.to_json() | {"platform": unknown, "annotations": ATTESTATION})
    fields = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": entries,
        "annotations": {"kept": "yes"},
    }
    source.add_manifest(Manifest.of(fields), "v1")
    wanted = [Platform.parse("linux/amd64"), Platform.parse("linux/arm64")]
    result = copied(source, target, platforms=wanted)
    made = target.manifests[result.digest]
    assert [one.digest for one in made.manifests] == [AMD64.digest, ARM64.digest, note.digest]
    assert made.annotations == {"kept": "yes"}


def test_a_full_copy_keeps_attestations(source: MemoryStore, target: MemoryStore) -> None:
    fill(source, [AMD64])
    note = referrer_of(source, Manifest(AMD64.manifest.data))
    entries = [AMD64.manifest.descriptor(platform=AMD64.platform)]
    entries.append(note.descriptor.to_json() | {"annotations": ATTESTATION})
    index = source.add_manifest(Manifest.of({"mediaType": OCI_INDEX, "manifests": entries}), "v1")
    assert copied(source, target).digest == index.digest
    assert note.digest in target.manifests


def test_a_platform_that_is_not_there_names_those_that_are(source: MemoryStore, target: MemoryStore) -> None:
    index_of(source)
    with pytest.raises(PlatformNotFound) as caught:
        copied(source, target, platforms=[Platform.parse("linux/s390x")])
    assert caught.value.available == ("linux/amd64", "linux/arm64")
    assert target.asked == []


def test_a_build_cache_with_layers_in_its_index_is_copied(source: MemoryStore, target: MemoryStore) -> None:
    layer = source.add(b"cached", "application/vnd.oci.image.layer.v1.tar+gzip")
    index = source.add_manifest(Manifest.of({"mediaType": OCI_INDEX, "manifests": [layer]}), "v1")
    copied(source, target)
    assert target.manifests[index.digest] == index
    assert target.blobs == source.blobs


def test_an_index_within_an_index_is_copied(source: MemoryStore, target: MemoryStore) -> None:
    inner = index_of(source, "inner")
    outer = Manifest.of({"mediaType": OCI_INDEX, "manifests": [inner.descriptor.to_json()]})
    source.add_manifest(outer, "v1")
    copied(source, target)
    assert set(target.manifests) == set(source.manifests)


def test_foreign_layers_stay_descriptors(source: MemoryStore, target: MemoryStore) -> None:
    foreign = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": digest_of(b"windows"),
        "size": 7,
        "urls": ["https://example.com/layer"],
    }
    fields = {"mediaType": OCI_MANIFEST, "config": source.add(b"{}"), "layers": [foreign, source.add(b"own")]}
    manifest = source.add_manifest(Manifest.of(fields), "v1")
    copied(source, target)
    assert target.manifests[manifest.digest] == manifest
    assert digest_of(b"windows") not in target.blobs


def test_referrers_signature_tags_and_what_refers_to_them_are_copied(
    source: MemoryStore, target: MemoryStore
) -> None:
    image = fill(source, [AMD64], "v1")
    sbom = referrer_of(source, image)
    of_sbom = referrer_of(source, sbom, "application/vnd.example.signature")
    signature = referrer_of(source, Manifest(ARM64.manifest.data))
    name = f"sha256-{image.digest.hex}.sig"
    source.names[name] = signature.digest
    result = copied(source, target, referrers=True)
    assert set(result.referrers) == {sbom.digest, of_sbom.digest, signature.digest}
    assert target.names[name] == signature.digest
    assert of_sbom.digest in target.manifests
    assert set(copied(source, MemoryStore()).referrers) == set()


@pytest.mark.parametrize("attached", [False, True], ids=["no referrer", "referrer"])
@pytest.mark.parametrize(
    "endings", [(), ("sig",), ("att",), ("sbom",), ("sig", "att", "sbom")], ids=lambda found: "+".join(found)
)
def test_g3_of_referrers_and_the_tags_of_cosign_those_are_copied_that_exist(
    source: MemoryStore, target: MemoryStore, endings: tuple[str, ...], attached: bool
) -> None:
    """Of the index and of its images alike."""
    index = index_of(source)
    wanted: dict[str, str] = {"v1": index.digest}
    others: set[str] = set()
    for subject in (index, source.manifests[AMD64.digest]):
        if attached:
            others.add(referrer_of(source, subject, "application/vnd.dev.sigstore.bundle.v0.3+json").digest)
        for ending in endings:
            # As cosign 2 makes them: without a subject, so that only the tag leads to them.
            document = source.add(
                f"{ending} of {subject.digest}".encode(), f"application/vnd.example.{ending}"
            )
            made = Manifest.of(
                {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": document, "layers": [document]}
            )
            name = f"sha256-{subject.digest.hex}.{ending}"
            source.add_manifest(made, name)
            wanted[name] = made.digest
            others.add(made.digest)
    result = copied(source, target, referrers=True)
    assert target.names == wanted
    assert set(result.referrers) == others
    assert others <= set(target.manifests)
    assert target.blobs == source.blobs
    without = MemoryStore("other.example/app")
    copied(source, without)
    assert without.names == {"v1": index.digest}


def test_a_refused_referrer_leaves_a_partial_result(source: MemoryStore, target: MemoryStore) -> None:
    sbom = referrer_of(source, fill(source, [AMD64], "v1"))
    target.refuses = {sbom.digest}
    with pytest.raises(PartialError) as caught:
        copied(source, target, referrers=True)
    assert caught.value.code == "partial"
    assert caught.value.result.refused == (sbom.digest,)
    assert target.names["v1"] == AMD64.digest
    with pytest.raises(Conflict):
        copied(source, target, referrers="required")


def test_a_destination_with_another_digest_stops_the_copy_before_a_push(
    source: MemoryStore, target: MemoryStore
) -> None:
    index_of(source)
    with pytest.raises(IntegrityError, match="nothing was copied"):
        copied(source, target, expected=Digest(AMD64.digest))
    assert target.asked == []
    copied(source, target, reference=AMD64.digest, expected=Digest(AMD64.digest))
    assert target.names["v1"] == AMD64.digest


def test_without_a_tag_it_is_pushed_by_digest(source: MemoryStore, target: MemoryStore) -> None:
    fill(source, [AMD64], "v1")
    copied(source, target, tag="")
    assert target.names == {}
    assert AMD64.digest in target.manifests


def test_events_report_every_byte(source: MemoryStore, target: MemoryStore) -> None:
    fill(source, [AMD64], "v1")
    seen: list[Event] = []
    result = copied(source, target, report=Reporter(seen.append))
    for blob in result.blobs:
        done = [one.done for one in seen if isinstance(one, BlobProgress) and one.digest == blob.digest]
        assert done == sorted(done)
        assert done[-1] == blob.size


def test_the_result_is_plain_data(source: MemoryStore, target: MemoryStore) -> None:
    fill(source, [AMD64], "v1")
    found = copied(source, target).to_json()
    assert set(found) == {
        "source", "destination", "digest", "bytes", "seconds", "blobs", "manifests", "referrers", "refused",
        "warnings",
    }  # fmt: skip
    assert {type(value) for value in found.values()} == {str, int, float, list}
