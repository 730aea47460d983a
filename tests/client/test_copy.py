"""Copies between real registries, layouts and archives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocilot
from ocilot.client.events import BlobFinished, Event
from ocilot.client.store import Outcome
from ocilot.errors import AuthError, IntegrityError, InvalidReference, NotFound, PlatformNotFound

from .conftest import Host
from .seed import AMD64, ARM64, push, push_index

SBOM = "application/vnd.example.sbom"


@pytest.fixture
def mirror(open_host: Host, name: str) -> Iterator[ocilot.Repository]:
    """Where to copy to: another registry, unless the test's is the open one."""
    with open_host.connect() as registry:
        yield registry.repository(f"{name}-mirror")


def outcomes(result: ocilot.CopyResult) -> set[Outcome]:
    return {blob.outcome for blob in result.blobs}


def test_an_index_is_copied_with_everything(app: ocilot.Repository, mirror: ocilot.Repository) -> None:
    index = push_index(app, "v1")
    result = ocilot.copy(app["v1"], mirror["v1"], platforms="all")
    assert result.digest == index.digest
    assert mirror.manifest("v1") == index
    assert {image.verify().blobs for image in mirror.index("v1").images()} == {2, 3}
    again = ocilot.copy(app["v1"], mirror["v1"])
    assert (again.bytes, again.manifests, outcomes(again)) == (0, (), {Outcome.EXISTED})


def test_blobs_are_mounted_within_a_registry(
    app: ocilot.Repository, registry: ocilot.Registry, name: str
) -> None:
    push(app, AMD64, "v1")
    result = ocilot.copy(app["v1"], registry / f"{name}-other:v1")
    assert outcomes(result) <= {Outcome.MOUNTED, Outcome.EXISTED}
    assert result.bytes == 0
    assert registry.repository(f"{name}-other").get("v1").verify().blobs == 3


def test_a_resolved_image_is_copied(app: ocilot.Repository, mirror: ocilot.Repository) -> None:
    push_index(app, "v1")
    assert ocilot.copy(app.get("v1", "linux/arm64"), mirror["arm"]).digest == ARM64.digest
    assert ocilot.copy(app.index("v1"), mirror["all"], platforms=["linux/arm64"]).digest == ARM64.digest
    assert mirror.resolve("all").digest == ARM64.digest
    with pytest.raises(InvalidReference, match="location to write to"):
        ocilot.copy(app["v1"], app.get("v1"))


def test_each_end_has_credentials_and_certificates_of_its_own(
    guarded_host: Host, open_host: Host, name: str
) -> None:
    with guarded_host.connect() as registry:
        push(registry.repository(name), AMD64, "v1")
    result = ocilot.copy(
        f"{guarded_host.address}/{name}:v1",
        f"{open_host.address}/{name}-tls:v1",
        source_auth=guarded_host.options["auth"],
        source_tls=guarded_host.options["tls"],
    )
    assert result.digest == AMD64.digest
    back = ocilot.copy(
        f"{open_host.address}/{name}-tls:v1",
        f"{guarded_host.address}/{name}:back",
        auth=guarded_host.options["auth"],
        tls=guarded_host.options["tls"],
    )
    assert back.digest == AMD64.digest


def test_ends_on_one_registry_need_its_options_once(guarded_host: Host, name: str) -> None:
    with guarded_host.connect() as registry:
        app = registry.repository(name)
        push(app, AMD64, "v1")
        here, options = f"{guarded_host.address}/{name}", guarded_host.options
        # Both are texts: the options of either end are those of both.
        ocilot.copy(f"{here}:v1", f"{here}:by-destination", **options)
        ocilot.copy(f"{here}:v1", f"{here}:by-source", source_auth=options["auth"], source_tls=options["tls"])
        # One end knows the registry already.
        ocilot.copy(app["v1"], f"{here}:by-reference")
        ocilot.copy(app.get("v1"), f"{here}:by-image")
        result = ocilot.copy(f"{here}:v1", registry / f"{name}-other:by-registry")
        assert outcomes(result) <= {Outcome.MOUNTED, Outcome.EXISTED}
        # The session of the caller is still open.
        assert {tag.name for tag in app.tags()} == {
            *("v1", "by-destination", "by-source", "by-reference", "by-image")
        }


def test_credentials_that_are_given_for_one_end_stay_there(guarded_host: Host, name: str) -> None:
    with guarded_host.connect() as registry:
        push(registry.repository(name), AMD64, "v1")
    here, options = f"{guarded_host.address}/{name}", guarded_host.options
    with pytest.raises(AuthError):
        ocilot.copy(
            f"{here}:v1", f"{here}:v2", source_auth=ocilot.ANONYMOUS, source_tls=options["tls"], **options
        )


@pytest.mark.parametrize("place", [None, 5, b"alpine", Path("layout")])
def test_what_is_no_location_is_named_by_its_type(place: object, tmp_path: Path) -> None:
    layout = f"oci:{tmp_path / 'layout'}"
    for act in (
        lambda: ocilot.open(place),  # type: ignore[arg-type]
        lambda: ocilot.copy(place, layout),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidReference, match=f"location of type {type(place).__name__}"):
            act()


def test_a_registry_on_loopback_needs_no_option(open_host: Host, name: str) -> None:
    with open_host.connect() as registry:
        push(registry.repository(name), AMD64, "v1")
    copied = ocilot.copy(f"{open_host.address}/{name}:v1", f"{open_host.address}/{name}:v2")
    assert copied.digest == AMD64.digest


def test_referrers_are_copied_also_where_the_destination_has_no_api(
    app: ocilot.Repository, host: Host, distribution_host: Host, name: str
) -> None:
    push(app, AMD64, "v1")
    sbom = app.push(artifact_type=SBOM, subject="v1", annotations={"a": "b"})
    signature = app.push(artifact_type="application/vnd.example.signature", subject=sbom)
    tags = [f"sha256-{AMD64.digest[7:]}.{ending}" for ending in ("sig", "att", "sbom")]
    for tag in tags:
        app.push(artifact_type="application/vnd.example.old", annotations={"tag": tag}, tag=tag)
    with distribution_host.connect() as other:
        target = other.repository(f"{name}-referrers")
        result = ocilot.copy(app["v1"], target["v1"], referrers=True)
        assert {sbom, signature} <= set(result.referrers)
        found = target.get("v1").referrers().all()
        assert [(one.digest, one.artifact_type, one.subject) for one in found] == [(sbom, SBOM, AMD64.digest)]
        assert dict(found[0].annotations) == {"a": "b"}
        assert [one.digest for one in target.referrers(sbom)] == [signature]
        assert [target.resolve(tag).digest for tag in tags] == [app.resolve(tag).digest for tag in tags]
        # What stands for the API, where there is none.
        assert target.index(f"sha256-{AMD64.digest[7:]}").manifest.manifests[0].digest == sbom
        back = ocilot.copy(target["v1"], app / "back:v1", referrers="required")
        assert {sbom, signature} <= set(back.referrers)


def test_a_missing_platform_names_those_that_are_there(
    app: ocilot.Repository, mirror: ocilot.Repository
) -> None:
    push_index(app, "v1")
    with pytest.raises(PlatformNotFound) as caught:
        ocilot.copy(app["v1"], mirror["v1"], platforms="linux/s390x")
    assert caught.value.available == ("linux/amd64", "linux/arm64")
    assert not mirror.exists("v1")


def test_a_destination_that_names_a_digest_is_held_to_it(
    app: ocilot.Repository, mirror: ocilot.Repository
) -> None:
    push(app, AMD64, "v1")
    with pytest.raises(IntegrityError):
        ocilot.copy(app["v1"], mirror[f"v1@{ARM64.digest}"])
    ocilot.copy(app["v1"], mirror[f"v1@{AMD64.digest}"])
    assert mirror.resolve("v1").digest == AMD64.digest


def test_what_is_not_there_is_not_found(app: ocilot.Repository, mirror: ocilot.Repository) -> None:
    with pytest.raises(NotFound, match="v9"):
        ocilot.copy(app["v9"], mirror["v9"])


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_an_image_goes_to_a_file_and_back(
    app: ocilot.Repository, mirror: ocilot.Repository, tmp_path: Path, kind: str
) -> None:
    push(app, AMD64, "v1")
    place = f"{kind}:{tmp_path / 'image'}"
    assert ocilot.copy(app["v1"], place).digest == AMD64.digest
    with ocilot.open(place) as stored:
        image = stored.get("v1")
        assert image.digest == AMD64.digest
        assert image.verify().blobs == 3
    assert ocilot.copy(f"{place}:v1", mirror[kind]).digest == AMD64.digest
    assert mirror.manifest(kind).raw == AMD64.manifest.data


def test_an_image_is_downloaded_by_itself(app: ocilot.Repository, tmp_path: Path) -> None:
    push_index(app, "v1")
    image = app.get("v1", "linux/amd64")
    result = image.download(f"oci:{tmp_path / 'layout'}:one")
    assert result.digest == image.digest
    index = json.loads((tmp_path / "layout/index.json").read_bytes())
    assert [one["digest"] for one in index["manifests"]] == [image.digest]


def test_a_failed_copy_leaves_no_archive(app: ocilot.Repository, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        ocilot.copy(app["v9"], f"oci-archive:{tmp_path / 'image.tar'}")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_reported_to_a_function(app: ocilot.Repository, mirror: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    seen: list[Event] = []
    result = ocilot.copy(app["v1"], mirror["v1"], progress=seen.append)
    finished = {event.digest for event in seen if isinstance(event, BlobFinished)}
    assert finished == {blob.digest for blob in result.blobs}


def test_progress_is_lines_on_standard_error(
    app: ocilot.Repository, mirror: ocilot.Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    push(app, AMD64, "v1")
    ocilot.copy(app["v1"], mirror["v1"], progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{AMD64.digest[7:19]} pushed as v1" in err.splitlines()
