"""What is deleted is gone at once, and nothing else is."""

from __future__ import annotations

from .api import Api
from .conftest import FreshRegistry
from .images import digest_of, make_image, make_index

NO_DELETES = "version: 0.1\nstorage:\n  filesystem: {}\n  delete:\n    enabled: false\n"


def test_a_tag_alone_can_be_deleted(api: Api, name: str) -> None:
    digest = api.push_image(name, make_image(name), "1", "2")
    assert api("DELETE", f"/v2/{name}/manifests/1").status == 202
    assert not api.has_manifest(name, "1")
    assert api.has_manifest(name, "2")
    assert api.has_manifest(name, digest)
    assert api.tags(name) == ["2"]


def test_a_manifest_goes_with_all_its_tags(api: Api, name: str) -> None:
    kept = api.push_image(name, make_image(f"{name} kept"), "kept")
    digest = api.push_image(name, make_image(name), "1", "2", "3")
    assert api("DELETE", f"/v2/{name}/manifests/{digest}").status == 202
    assert not any(api.has_manifest(name, reference) for reference in (digest, "1", "2", "3"))
    assert api.has_manifest(name, kept)
    assert api.tags(name) == ["kept"]


def test_an_index_goes_and_its_images_stay(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image)
    index = make_index([image])
    api.push_manifest(name, "1", index)
    assert api("DELETE", f"/v2/{name}/manifests/{index.digest}").status == 202
    assert not api.has_manifest(name, "1")
    assert api.has_manifest(name, image.digest)


def test_a_blob_goes_from_one_repository_only(api: Api, name: str) -> None:
    digest = api.push_blob(f"{name}/one", b"shared")
    api.push_blob(f"{name}/two", b"shared")
    assert api("DELETE", f"/v2/{name}/one/blobs/{digest}").status == 202
    assert not api.has_blob(f"{name}/one", digest)
    assert api("GET", f"/v2/{name}/two/blobs/{digest}").body == b"shared"
    assert not api.has_blob(f"{name}/one", digest)


def test_what_was_deleted_can_be_pushed_again(api: Api, name: str) -> None:
    image = make_image(name)
    for _ in range(2):
        api.push_image(name, image, "1")
        assert api("GET", f"/v2/{name}/manifests/1").body == image.manifest.data
        assert api("DELETE", f"/v2/{name}/manifests/{image.digest}").status == 202
        for blob in image.blobs:
            assert api("DELETE", f"/v2/{name}/blobs/{blob.digest}").status == 202
            assert not api.has_blob(name, blob.digest)


def test_deleting_what_is_not_there_is_not_found(api: Api, name: str) -> None:
    nothing = digest_of(b"nothing")
    for repository in (f"{name}/unknown", name):
        for target in ("manifests/nothing", f"manifests/{nothing}", f"blobs/{nothing}"):
            answer = api("DELETE", f"/v2/{repository}/{target}")
            answer.assert_error(404)
        api.push_image(name, make_image(name), "1")
    assert api.tags(name) == ["1"]


def test_the_last_tag_leaves_a_repository_without_tags(api: Api, name: str) -> None:
    api.push_image(name, make_image(name), "1")
    api("DELETE", f"/v2/{name}/manifests/1")
    assert api.tags(name) == []


def test_deletes_that_are_switched_off_are_off_for_all(fresh_registry: FreshRegistry) -> None:
    with fresh_registry(NO_DELETES).connect() as api:
        image = make_image("off")
        digest = api.push_image("off", image, "1")
        for target in (
            "manifests/1",
            f"manifests/{digest}",
            f"blobs/{image.config.digest}",
            "manifests/nothing",
        ):
            answer = api("DELETE", f"/v2/off/{target}")
            assert (answer.status, answer.codes) == (405, ["UNSUPPORTED"]), (target, answer)
        assert api.has_manifest("off", "1")
        assert api.has_manifest("off", digest)
        assert api.has_blob("off", image.config.digest)
        assert api("DELETE", api.start_upload("off")).status == 204, "cancelling an upload is no delete"


def test_a_referenced_blob_is_not_deleted_where_the_configuration_says_so(
    fresh_registry: FreshRegistry,
) -> None:
    config = (
        "version: 0.1\nstorage: {delete: {enabled: true}}\nocilot: {storage: {deletereferenced: false}}\n"
    )
    image = make_image("kept")
    layer = image.layers[0]
    with fresh_registry(config).connect() as api:
        api.push_image("app", image)
        refused = api("DELETE", f"/v2/app/blobs/{layer.digest}")
        assert (refused.status, refused.codes) == (405, ["UNSUPPORTED"])
        assert refused.json["errors"][0]["detail"] == image.digest
        assert api.has_blob("app", layer.digest)
        unused = api.push_blob("app", b"unused")
        assert api("DELETE", f"/v2/app/blobs/{unused}").status == 202
        assert api("DELETE", f"/v2/app/manifests/{image.digest}").status == 202
        assert api("DELETE", f"/v2/app/blobs/{layer.digest}").status == 202
