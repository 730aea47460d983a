"""Skopeo and podman push, copy, list and delete."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from .api import Api
from .clients import Podman, Skopeo
from .images import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    digest_of,
    layout_files,
    make_image,
    make_index,
    noise,
    tar_of,
    write_layout,
)
from .programs import ProgramFailed
from .registry import Registry


def test_a_layout_comes_back_byte_for_byte(
    skopeo: Skopeo, registry: Registry, name: str, tmp_path: Path
) -> None:
    image = make_image(name, layers=3)
    write_layout(tmp_path / "there", [image], image.manifest, "1")
    skopeo.copy(f"oci:{tmp_path}/there:1", f"docker://{registry.local}/{name}:1")
    skopeo.copy(f"docker://{registry.local}/{name}:1", f"oci:{tmp_path}/back:1")
    assert layout_files(tmp_path / "back") == layout_files(tmp_path / "there")


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
def test_an_index_comes_back_with_all_its_platforms(
    skopeo: Skopeo, registry: Registry, api: Api, name: str, tmp_path: Path, docker: bool
) -> None:
    images = [
        make_image(f"{name}-{architecture}", architecture=architecture, docker=docker)
        for architecture in ("amd64", "arm64")
    ]
    index = make_index(images, docker=docker)
    for image in images:
        api.push_image(f"{name}/source", image)
    api.push_manifest(f"{name}/source", "1", index)
    skopeo.copy(
        f"docker://{registry.local}/{name}/source:1", f"docker://{registry.local}/{name}/target:1", "--all"
    )
    answer = api("GET", f"/v2/{name}/target/manifests/1")
    assert answer["Content-Type"] == (DOCKER_LIST if docker else OCI_INDEX)
    assert answer.body == index.data
    for image in images:
        assert api("GET", f"/v2/{name}/target/manifests/{image.digest}").body == image.manifest.data
        assert all(api.has_blob(f"{name}/target", blob.digest) for blob in image.blobs)


def test_a_layout_of_two_platforms_comes_back_byte_for_byte(
    skopeo: Skopeo, registry: Registry, name: str, tmp_path: Path
) -> None:
    images = [
        make_image(f"{name}-{architecture}", architecture=architecture) for architecture in ("amd64", "arm64")
    ]
    write_layout(tmp_path / "there", images, make_index(images), "1")
    skopeo.copy(f"oci:{tmp_path}/there:1", f"docker://{registry.local}/{name}:1", "--all")
    skopeo.copy(f"docker://{registry.local}/{name}:1", f"oci:{tmp_path}/back:1", "--all")
    assert layout_files(tmp_path / "back") == layout_files(tmp_path / "there")


@pytest.mark.parametrize(
    ("form", "media_type"), [("v2s2", DOCKER_MANIFEST), ("oci", OCI_MANIFEST)], ids=["v2s2", "oci"]
)
def test_both_image_formats_are_stored_as_they_are(
    skopeo: Skopeo, registry: Registry, api: Api, name: str, tmp_path: Path, form: str, media_type: str
) -> None:
    image = make_image(name)
    write_layout(tmp_path / "there", [image], image.manifest, "1")
    target = f"docker://{registry.local}/{name}:1"
    skopeo.copy(f"oci:{tmp_path}/there:1", target, "--format", form)
    raw = skopeo("inspect", "--raw", "--tls-verify=false", target)
    answer = api("HEAD", f"/v2/{name}/manifests/1")
    assert json.loads(raw)["mediaType"] == answer["Content-Type"] == media_type
    assert answer["Docker-Content-Digest"] == digest_of(raw.encode())


def test_skopeo_lists_the_tags_of_a_repository(
    skopeo: Skopeo, registry: Registry, api: Api, name: str
) -> None:
    api.push_image(name, make_image(name), "2.0", "1.0", "latest")
    assert skopeo.tags(f"{registry.local}/{name}") == ["1.0", "2.0", "latest"]


def test_skopeo_deletes_an_image(skopeo: Skopeo, registry: Registry, api: Api, name: str) -> None:
    digest = api.push_image(name, make_image(name), "1", "also")
    kept = api.push_image(name, make_image(f"{name} kept"), "kept")
    skopeo("delete", "--tls-verify=false", f"docker://{registry.local}/{name}:1")
    assert not api.has_manifest(name, digest)
    assert api.has_manifest(name, kept)
    assert api.tags(name) == ["kept"]


def test_skopeo_is_told_which_image_is_not_there(skopeo: Skopeo, registry: Registry, name: str) -> None:
    with pytest.raises(ProgramFailed, match=r"manifest unknown|name unknown"):
        skopeo("inspect", "--tls-verify=false", f"docker://{registry.local}/{name}:nothing")


def test_a_copy_from_one_repository_to_another_is_the_same_image(
    skopeo: Skopeo, registry: Registry, api: Api, name: str
) -> None:
    image = make_image(name, layers=3)
    api.push_image(f"{name}/source", image, "1")
    source, target = (f"docker://{registry.local}/{name}/{part}:1" for part in ("source", "target"))
    skopeo.copy(source, target)
    assert api("GET", f"/v2/{name}/target/manifests/1").body == image.manifest.data
    assert all(api.has_blob(f"{name}/target", blob.digest) for blob in image.blobs)


def test_what_podman_pushes_it_pulls(podman: Podman, registry: Registry, name: str, tmp_path: Path) -> None:
    rootfs = tmp_path / "rootfs.tar"
    rootfs.write_bytes(tar_of({"etc/motd": b"hello", "bin/data": noise(50_000, name)}))
    tag = f"{registry.local}/{name}:1"
    podman("import", rootfs, tag)
    image = podman.image_id(tag)
    podman.push(tag)
    podman("rmi", tag)
    assert podman.pull(tag).splitlines()[-1] == image
    assert podman.image_id(tag) == image


def test_podman_pushes_a_list_of_two_platforms(
    podman: Podman, registry: Registry, api: Api, name: str, tmp_path: Path
) -> None:
    podman("manifest", "create", "both")
    images = [
        make_image(f"{name}-{architecture}", architecture=architecture) for architecture in ("amd64", "arm64")
    ]
    for image in images:
        layout = tmp_path / image.platform["architecture"]
        write_layout(layout, [image], image.manifest, "1")
        podman("manifest", "add", "both", f"oci:{layout}:1")
    target = f"docker://{registry.local}/{name}:1"
    podman("manifest", "push", "--all", "--tls-verify=false", "both", target)
    index = api("GET", f"/v2/{name}/manifests/1").json
    assert {entry["platform"]["architecture"] for entry in index["manifests"]} == {"amd64", "arm64"}
    assert all(api.has_manifest(name, entry["digest"]) for entry in index["manifests"])
    podman.pull("--arch", "arm64", f"{registry.local}/{name}:1")


def test_podman_logs_in_where_docker_has_left_a_refresh_token(
    podman: Podman, registry: Registry, tmp_path: Path
) -> None:
    """What docs/auth.md says of the message, and of the ways out."""
    of_docker = {"auth": base64.b64encode(b"alice:").decode(), "identitytoken": "ocilot_1_2"}
    auths = tmp_path / "config.json"
    auths.write_text(json.dumps({"auths": {registry.local: of_docker}}))
    login = ("login", "--tls-verify=false", "-u", "alice", "-p", "secret", registry.local, "--authfile")
    with pytest.raises(ProgramFailed, match="auth file contains an Identity token"):
        podman(*login, auths)
    assert "Login Succeeded" in podman(*login, tmp_path / "podman-auth.json")
    podman("logout", "--authfile", auths, registry.local)
    assert "Login Succeeded" in podman(*login, auths)
