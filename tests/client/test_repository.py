"""A repository on every kind of registry."""

from __future__ import annotations

import pytest
from tests.server.images import make_image

import ocilot
from ocilot.errors import (
    AuthError,
    Conflict,
    InvalidReference,
    NotFound,
    PlatformNotFound,
    Unsupported,
)

from .conftest import Host
from .seed import AMD64, ARM64, push, push_index


def test_an_image_is_resolved_to_plain_data(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    image = app.get("v1")
    assert image.digest == AMD64.digest
    assert image.manifest.raw == AMD64.manifest.data
    assert image.config.cmd == ("/bin/sh",)
    assert [layer.size for layer in image.layers] == [layer.size for layer in AMD64.layers]
    assert [layer.created_by for layer in image.layers] == ["by hand", "by hand"]
    assert [layer.diff_id for layer in image.layers] == list(image.config.diff_ids)
    assert image.size == AMD64.manifest.size + sum(blob.size for blob in AMD64.blobs)


def test_an_image_is_found_by_tag_by_digest_and_by_both(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    for reference in ("v1", AMD64.digest, f"anything@{AMD64.digest}"):
        assert app.get(reference).digest == AMD64.digest
        assert app.resolve(reference).digest == AMD64.digest
        assert app.exists(reference)


def test_the_image_of_a_platform_is_chosen_out_of_an_index(app: ocilot.Repository) -> None:
    index = push_index(app, "v1")
    found = app.get("v1", platform="linux/arm64/v8")
    assert found.digest == ARM64.digest
    assert found.index == index
    assert str(found.platform) == "linux/arm64"
    with pytest.raises(PlatformNotFound) as caught:
        app.get("v1", platform="linux/s390x")
    assert caught.value.available == ("linux/amd64", "linux/arm64")


def test_an_index_lists_all_its_images(app: ocilot.Repository) -> None:
    push_index(app, "v1")
    index = app.index("v1")
    assert [str(platform) for platform in index.platforms] == ["linux/amd64", "linux/arm64"]
    assert [image.digest for image in index.images()] == [AMD64.digest, ARM64.digest]
    assert index.image("linux/arm64").digest == ARM64.digest
    with pytest.raises(InvalidReference, match="not an index"):
        app.index(AMD64.digest)


@pytest.mark.parametrize("reference", ["v9", "sha256:" + "0" * 64])
def test_what_is_not_there_is_not_found(app: ocilot.Repository, reference: str) -> None:
    push(app, AMD64, "v1")
    assert not app.exists(reference)
    with pytest.raises(NotFound):
        app.get(reference)


def test_tags_are_listed_matched_and_sorted(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1.0", "v1.1", "v2.0", "main")
    assert sorted(tag.name for tag in app.tags()) == ["main", "v1.0", "v1.1", "v2.0"]
    assert {tag.name for tag in app.tags(match="v1.*")} == {"v1.0", "v1.1"}
    assert {tag.name for tag in app.tags(match="{main,v2.?}")} == {"main", "v2.0"}
    assert [tag.name for tag in app.tags(sort="-name")] == ["v2.0", "v1.1", "v1.0", "main"]
    with pytest.raises(InvalidReference, match="invalid order"):
        app.tags(sort="colour")


def test_a_listing_is_a_table_of_its_first_rows(app: ocilot.Repository) -> None:
    push(app, AMD64, *(f"v{number}" for number in range(52)))
    shown = app.tags(sort="name")._repr_html_()
    assert shown.count("<tr>") == 1 + 50
    assert "the first 50" in shown
    assert "<td>v0</td>" in shown
    assert "<script" not in shown
    pandas = pytest.importorskip("pandas")
    found = app.tags(sort="name").to_df()
    assert isinstance(found, pandas.DataFrame)
    assert (len(found), list(found["name"])[:2]) == (52, ["v0", "v1"])


def test_tags_are_sorted_by_time_where_the_registry_is_ocilot(host: Host, app: ocilot.Repository) -> None:
    push(app, AMD64, "b", "a")
    push(app, ARM64, "c")
    if not host.is_administered:
        with pytest.raises(AuthError if host.is_ocilot else Unsupported):
            app.tags(sort="-pushed").all()
        return
    found = app.tags(sort="-pushed", match="?").all()
    assert [tag.name for tag in found] == ["c", "a", "b"]
    assert found[0].digest == ARM64.digest
    assert found[0].platforms == ("linux/arm64",)
    assert found[0].size
    push(app, AMD64, "1.9.0", "1.10.0-rc.1", "v1.10.0")
    names = [tag.name for tag in app.tags(sort="-semver")]
    assert names == ["v1.10.0", "1.10.0-rc.1", "1.9.0", "a", "b", "c"]
    assert [tag.pulled for tag in app.tags(sort="pulled", match="?")] == ["", "", ""]


def test_the_history_of_a_tag_is_read_where_the_registry_is_ocilot(
    host: Host, app: ocilot.Repository
) -> None:
    push(app, AMD64, "v1")
    push(app, ARM64, "v1")
    if not host.is_administered:
        with pytest.raises(AuthError if host.is_ocilot else Unsupported):
            app.history("v1").all()
        return
    app.untag("v1").apply()
    assert [item.digest for item in app.history("v1")] == [None, ARM64.digest, AMD64.digest]


def test_a_tag_is_set_to_an_image_that_is_there(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    assert app.tag(app.get("v1"), "stable") == AMD64.digest
    assert app.tag("v1", "latest") == AMD64.digest
    assert {app.resolve(tag).digest for tag in ("stable", "latest")} == {AMD64.digest}
    with pytest.raises(InvalidReference):
        app.tag("v1", "not/a tag")


def test_a_plan_of_a_tag_removes_nothing_until_it_is_applied(host: Host, app: ocilot.Repository) -> None:
    push(app, AMD64, "v1", "old")
    plan = app.untag("old")
    assert str(plan).splitlines()[1] == f"  tag old ({AMD64.digest})"
    assert f"manifest {AMD64.digest}" in str(plan)
    assert app.exists("old")
    if not host.deletes_tags:
        with pytest.raises(Unsupported):
            plan.apply()
        plan = app.untag("old", strategy="overwrite")
    assert [item.name for item in plan.apply().removed] == ["old"]
    assert not app.exists("old")
    assert app.exists("v1")
    assert [item.name for item in plan.apply().absent] == ["old"]


def test_a_tag_that_was_moved_since_the_plan_is_kept(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    plan = app.untag("v1")
    push(app, ARM64, "v1")
    with pytest.raises(Conflict, match="moved"):
        plan.apply()
    assert app.resolve("v1").digest == ARM64.digest


def test_a_plan_of_a_manifest_names_all_its_tags(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1", "latest")
    push(app, ARM64, "other")
    plan = app.delete("v1")
    assert {(item.kind, item.name) for item in plan.removes} == {
        ("manifest", AMD64.digest),
        ("tag", "v1"),
        ("tag", "latest"),
    }
    plan.apply()
    assert not app.exists(AMD64.digest)
    assert app.exists("other")
    assert plan.apply().removed == ()


def test_a_plan_of_an_index_says_that_its_images_stay(app: ocilot.Repository) -> None:
    push_index(app, "v1")
    plan = app.delete("v1")
    assert {item.name for item in plan.keeps} >= {AMD64.digest, ARM64.digest}
    plan.apply()
    assert app.exists(AMD64.digest)


def test_blobs_are_read_whole_and_in_pieces(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    image = app.get("v1")
    assert image.manifest.config is not None
    assert app.blob(image.manifest.config) == AMD64.config.data
    assert app.blob(AMD64.layers[0].digest) == AMD64.layers[0].data
    with app.open_blob(image.layers[0].descriptor) as reader:
        first = reader.read(10)
        assert first + reader.read() == AMD64.layers[0].data
    with pytest.raises(ValueError, match="closed"):
        reader.read()


def test_all_blobs_are_read_to_verify_an_image(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    found = app.get("v1").verify()
    assert (found.blobs, found.bytes) == (3, sum(blob.size for blob in AMD64.blobs))


def test_names_are_made_without_a_request() -> None:
    app = ocilot.connect("nowhere.invalid").repository("team/app")
    assert str(app / "alpine:3.22") == "nowhere.invalid/team/app/alpine:3.22"
    assert str(app["v1"]) == "nowhere.invalid/team/app:v1"
    assert app["v1"] == ocilot.Reference.parse("nowhere.invalid/team/app:v1")
    assert hash(app["v1"]) == hash(ocilot.Reference.parse("nowhere.invalid/team/app:v1"))
    assert str(app[AMD64.digest]) == f"nowhere.invalid/team/app@{AMD64.digest}"
    assert ocilot.connect("docker.io").repository("alpine").name == "library/alpine"


def test_repositories_are_listed_by_prefix(registry: ocilot.Registry, name: str) -> None:
    for part in ("a", "b"):
        push(registry.repository(f"{name}/{part}"), AMD64, "v1")
    found = registry.repositories(prefix=f"{name}/")
    assert [one.name for one in found] == [f"{name}/a", f"{name}/b"]
    assert found.first() == registry.repository(f"{name}/a")


def test_a_client_knows_who_it_is(registry: ocilot.Registry, host: Host) -> None:
    found = registry.whoami()
    assert found.user == ("carol" if "auth" in host.options else "")
    assert registry.auth.origin() == ("argument auth" if "auth" in host.options else "anonymous")


def test_any_request_can_be_sent(registry: ocilot.Registry, app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    answer = registry.request("GET", f"/v2/{app.name}/tags/list")
    assert answer.status == 200
    assert answer.json()["tags"] == ["v1"]
    assert registry.request("GET", f"/v2/{app.name}/manifests/v9").status == 404


def test_a_repository_of_many_tags_needs_no_list_to_inspect_one(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    sent: list[str] = []
    transport = app.store.session.transport  # type: ignore[attr-defined]
    send = transport.send

    def counted(request: object) -> object:
        sent.append(request.url)  # type: ignore[attr-defined]
        return send(request)

    app.exists("v1")
    transport.send = counted
    app.get("v1")
    assert len(sent) <= 3
    assert not any("tags/list" in url for url in sent)


def test_a_docker_image_is_read_alike(app: ocilot.Repository) -> None:
    docker = make_image("docker-family", docker=True)
    push(app, docker, "v1")
    assert app.get("v1").config.cmd == ("/bin/sh",)
