"""What commands ask a registry for, and archives of several images."""

from __future__ import annotations

import json

from tests.client.archive_files import TWO, legacy, tar_bytes
from tests.client.fake_registry import Answer, FakeRegistry, json_answer, manifest_answer
from tests.server.images import make_image, to_json

from ocilot.oci import digest_of

from .cli_place import Place

IMAGE = make_image("app")


def test_inspect_asks_little_of_a_repository_of_many_tags(fresh: Place) -> None:
    """C9: no list of tags, and not even a tag named latest."""
    with FakeRegistry() as server:
        server.on("GET", "/v2/", Answer())
        server.on("GET", r"/v2/team/app/tags/list.*", json_answer({"tags": ["v1"] * 100_000}))
        for method in ("HEAD", "GET"):
            server.on(method, "/v2/team/app/manifests/(v1|sha256:.*)", manifest_answer(IMAGE.manifest.data))
        server.on("GET", "/v2/team/app/blobs/.*", Answer(200, {}, IMAGE.config.data))
        words = ("inspect", f"{server.address}/team/app:v1", "--plain-http", server.address, "-o", "json")
        assert json.loads(fresh.fine(*words))["digest"] == IMAGE.digest
        assert server.seen(target=".*/tags/list.*") == []
        assert len(server.requests) <= 3, [str(seen) for seen in server.requests]


def test_tags_needs_no_latest(fresh: Place) -> None:
    """C9"""
    with FakeRegistry() as server:
        server.on("GET", "/v2/", Answer())
        server.on("GET", r"/v2/team/app/tags/list.*", json_answer({"name": "team/app", "tags": ["v1", "v2"]}))
        words = ("tags", f"{server.address}/team/app", "--plain-http", server.address)
        assert fresh.fine(*words).split() == ["v1", "v2"]
        assert server.seen(target=".*/manifests/.*") == []


def test_push_takes_every_image_of_a_docker_archive_by_its_name(fresh: Place) -> None:
    """E5: each below the repository that is named."""
    (fresh.directory / "all.tar").write_bytes(tar_bytes(legacy()))
    fresh.fine("push", "docker-archive:all.tar", f"{fresh.host}/both")
    for name, image in zip(("first:1", "second:2"), TWO, strict=True):
        repository, _, tag = f"both/{name}".partition(":")
        assert fresh.content.tags(repository) == [tag]
        raw = json.loads(fresh.fine("inspect", f"{fresh.host}/{repository}:{tag}", "--raw"))
        assert raw["config"]["digest"] == digest_of(image.config.data)


def test_images_without_a_name_get_the_one_that_is_told_or_are_refused(fresh: Place) -> None:
    """E5"""
    for images in (TWO[:1], TWO):
        files = legacy(images, ("x.example/a:1", "x.example/b:1")[: len(images)])
        listing = [entry | {"RepoTags": None} for entry in json.loads(files["manifest.json"])]
        packed = tar_bytes(files | {"manifest.json": to_json(listing)})
        (fresh.directory / f"{len(images)}.tar").write_bytes(packed)
    fresh.fine("push", "docker-archive:1.tar", f"{fresh.host}/named:v1")
    assert fresh.content.tags("named") == ["v1"]
    ran = fresh.run("push", "docker-archive:2.tar", f"{fresh.host}/two:v1")
    assert ran.code != 0
    assert "2.tar" in ran.err
