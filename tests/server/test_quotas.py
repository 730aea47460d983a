"""What repositories hold is known at once, and none holds more than it may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .api import Api, with_digest
from .clients import Skopeo
from .conftest import FreshRegistry
from .images import Image, digest_of, make_image, noise, write_docker_archive
from .programs import ProgramFailed, wait_until
from .test_account_commands import Commands

DELETES = "version: 0.1\nstorage: {delete: {enabled: true}}\n"


def size_of(*images: Image) -> int:
    """Bytes of the images in one repository, where what they share counts once."""
    return sum(
        {
            content.digest: len(content.data)
            for image in images
            for content in (image.manifest, *image.blobs)
        }.values()
    )


def with_quota(quota: str) -> str:
    return f"{DELETES}ocilot:\n  gc: {{grace: 0s}}\n  quotas:\n    - {quota}\n"


def refused(api: Api, repository: str, data: bytes) -> str:
    """The message for a blob that exceeds the quota."""
    answer = api("PUT", with_digest(api.start_upload(repository), digest_of(data)), data)
    assert (answer.status, answer.codes) == (403, ["DENIED"]), answer
    message: str = answer.json["errors"][0]["message"]
    return message


def test_usage_follows_each_push_and_each_delete(fresh_registry: FreshRegistry) -> None:
    """G16, Q1, Q2, Q6."""
    registry = fresh_registry(DELETES)
    commands = Commands(registry)
    one, two = make_image("one"), make_image("two")

    def bytes_of(repository: str) -> int:
        found: int = commands.data("usage", repository)["bytes"]
        return found

    with registry.connect() as api:
        api.push_image("team/a", one, "1")
        api.push_image("team/b", one, "1")
        assert bytes_of("team/a") == bytes_of("team/b") == size_of(one)
        assert commands.data("usage", "team/a")["exclusive_bytes"] == 0
        api.push_image("team/a", two, "2")
        assert bytes_of("team/a") == size_of(one, two)
        image = commands.data("usage", "team/a:2")
        assert image["bytes"] == size_of(two)
        assert image["free_bytes"] == size_of(one, two) - size_of(one)
        assert api("DELETE", f"/v2/team/a/manifests/{two.manifest.digest}").status == 202
        assert api("DELETE", f"/v2/team/b/blobs/{one.blobs[0].digest}").status == 202
    assert bytes_of("team/b") == size_of(one) - len(one.blobs[0].data)
    rows = commands.data("usage")
    assert [row["repository"] for row in rows] == ["team/a", "team/b"]
    restart = bytes_of("team/a")
    registry.restart()
    assert bytes_of("team/a") == restart
    unknown = commands("usage", "team/none")
    assert (unknown.code, unknown.out) == (3, ""), unknown


def test_a_push_over_the_quota_is_refused_and_leaves_nothing(fresh_registry: FreshRegistry) -> None:
    """Q1, Q4, Q5."""
    image = make_image("fits")
    registry = fresh_registry(with_quota(f"{{repositories: ['team/**'], bytes: {size_of(image)}}}"))
    commands = Commands(registry)
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        message = refused(api, "team/app", noise(1000, "more"))
        assert "the quota of repository team/app is" in message
        assert "1000 more" in message
        other = api.push_blob("elsewhere", noise(900, "less"))
        mount = api("POST", f"/v2/team/app/blobs/uploads/?mount={other}&from=elsewhere")
        assert (mount.status, mount.codes) == (403, ["DENIED"])
        answer = api(
            "PUT",
            "/v2/team/app/manifests/2",
            image.manifest.data + b"\n",
            {"Content-Type": image.manifest.media_type},
        )
        assert (answer.status, answer.codes) == (403, ["DENIED"])
        assert api.tags("team/app") == ["1"]
        assert commands.data("usage", "team/app")["bytes"] == size_of(image)
        assert api("DELETE", f"/v2/team/app/manifests/{image.manifest.digest}").status == 202
        for blob in image.blobs:
            assert api("DELETE", f"/v2/team/app/blobs/{blob.digest}").status == 202
        assert commands("usage", "team/app").code == 3, "nothing is left of it"
        api.push_image("team/app", image, "1")
    assert [row["repository"] for row in commands.data("quota")] == ["team/app"]
    wait_until(lambda: commands.data("audit", "--action", "admit"), "a refusal in the audit log")
    assert commands.data("audit", "--action", "admit")[0]["repository"] == "team/app"


def test_an_upload_of_unknown_length_ends_where_the_quota_does(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(with_quota("{repositories: ['**'], bytes: 1MiB}"))

    def too_much() -> Iterator[bytes]:
        for _ in range(64):
            yield noise(64 * 1024, "piece")

    with registry.connect() as api:
        upload = api.start_upload("team/app")
        answer = api("PATCH", upload, too_much(), chunked=True)
        assert (answer.status, answer.codes) == (403, ["DENIED"]), answer
    with registry.connect() as api:
        assert api("GET", upload).status == 404, "the upload has ended"
    assert Commands(registry).data("upload", "ls") == []


def test_skopeo_is_told_the_quota(fresh_registry: FreshRegistry, skopeo: Skopeo, tmp_path: Path) -> None:
    registry = fresh_registry(with_quota("{repositories: ['team/**'], tags: 1}"))
    archive = f"docker-archive:{tmp_path / 'archive.tar'}"
    write_docker_archive(tmp_path / "archive.tar", "image:1", [1000], "seed")
    skopeo.copy(archive, f"docker://{registry.local}/team/app:1")
    with pytest.raises(ProgramFailed, match="the quota of repository team/app is 1 tag; 1 is used; "):
        skopeo.copy(archive, f"docker://{registry.local}/team/app:2")
    skopeo.copy(archive, f"docker://{registry.local}/team/app:1")
