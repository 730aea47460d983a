"""The scripts that come with ocilot, in a real registry, against real pushes."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.hooks.slapd import Slapd

from .api import Answer, Api, with_digest
from .clients import Docker, Skopeo
from .conftest import FreshRegistry
from .images import (
    OCI_MANIFEST,
    Content,
    Image,
    digest_of,
    image_manifest,
    make_image,
    make_index,
    tar_of,
    to_json,
    write_layout,
)
from .registry import Registry

Scripted = Callable[..., Registry]


@pytest.fixture
def scripted(fresh_registry: FreshRegistry) -> Scripted:
    """Starts a registry with one of the scripts."""

    def start(name: str, **options: Any) -> Registry:
        script = {"path": f"ocilot:{name}", "options": options}
        config = {
            "version": 0.1,
            "storage": {"delete": {"enabled": True}},
            "ocilot": {"hooks": {"scripts": [script]}},
        }
        return fresh_registry(json.dumps(config))

    return start


def login_config(name: str, **options: Any) -> str:
    """A registry with accounts, whose people a script knows."""
    scripts = [{"path": f"ocilot:{name}", "options": options}]
    return json.dumps(
        {"version": 0.1, "ocilot": {"accounts": {"enabled": True}, "hooks": {"scripts": scripts}}}
    )


def status_of(api: Api, name: str, password: str) -> int:
    """What a login answers."""
    basic = base64.b64encode(f"{name}:{password}".encode()).decode()
    return api("GET", "/v2/", headers={"Authorization": f"Basic {basic}"}).status


def put(api: Api, name: str, reference: str, manifest: Content) -> Answer:
    head = {"Content-Type": manifest.media_type}
    return api("PUT", f"/v2/{name}/manifests/{reference}", manifest.data, head)


def push_blobs(api: Api, name: str, image: Image) -> Image:
    for blob in image.blobs:
        api.push_blob(name, blob.data)
    return image


def refusal(answer: Answer) -> str:
    answer.assert_error(403)
    assert answer.codes == ["DENIED"]
    return str(answer.json["errors"][0]["message"])


def with_config(image: Image, **more: Any) -> Image:
    """The same layers under a configuration that says more."""
    config = Content(image.config.media_type, to_json({**json.loads(image.config.data), **more}))
    manifest = Content(OCI_MANIFEST, to_json(image_manifest(OCI_MANIFEST, config, image.layers)))
    return replace(image, config=config, manifest=manifest)


def test_a_release_is_neither_moved_nor_deleted_nor_anything_it_needs(scripted: Scripted) -> None:
    kept, other = make_image("kept"), make_image("other")
    index = make_index([kept])
    with scripted("immutable_releases").connect() as api:
        api.push_image("app", kept)
        push_blobs(api, "app", other)
        assert put(api, "app", "v1", index).status == 201
        assert put(api, "app", "v1", index).status == 201
        moved = "tag v1 is a release and cannot be moved: push the image under a new tag"
        assert refusal(put(api, "app", "v1", other.manifest)) == moved
        assert refusal(put(api, "app", f"{other.digest}?tag=v1", other.manifest)) == moved
        assert refusal(put(api, "app", f"{other.digest}?tag=latest&tag=v1", other.manifest)) == moved
        assert api.tags("app") == ["v1"]
        for what in ("manifests/v1", f"manifests/{index.digest}", f"manifests/{kept.digest}"):
            assert "v1 is a release" in refusal(api("DELETE", f"/v2/app/{what}"))
        for blob in kept.blobs:
            assert "v1 is a release" in refusal(api("DELETE", f"/v2/app/blobs/{blob.digest}"))
        assert put(api, "app", "latest", kept.manifest).status == 201
        assert put(api, "app", "latest", other.manifest).status == 201
        assert api("DELETE", f"/v2/app/manifests/{other.digest}").status == 202
        assert api("DELETE", f"/v2/app/blobs/{other.layers[0].digest}").status == 202
        assert api.tags("app") == ["v1"]


def test_an_image_is_tagged_when_a_signature_refers_to_it(scripted: Scripted) -> None:
    image, other = make_image("one"), make_image("two")
    empty = Content("application/vnd.oci.empty.v1+json", b"{}")
    signature = {
        **image_manifest(OCI_MANIFEST, empty, [empty]),
        "artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "subject": image.manifest.descriptor(),
    }
    with scripted("signed_only", tags="v*").connect() as api:
        api.push_image("app", image, "staging", image.digest)
        assert refusal(put(api, "app", "v1", image.manifest)) == (
            f"{image.digest} is not signed: sign it, then set the tag v1"
        )
        api.push_blob("app", empty.data)
        signed = Content(OCI_MANIFEST, to_json(signature))
        assert put(api, "app", signed.digest, signed).status == 201
        assert put(api, "app", "v1", image.manifest).status == 201
        # As Cosign did it before there were referrers.
        api.push_image("app", other)
        assert put(api, "app", f"{other.digest}?tag=v2", other.manifest).status == 403
        assert put(api, "app", f"{other.digest.replace(':', '-')}.sig", image.manifest).status == 201
        assert put(api, "app", f"{other.digest}?tag=v2", other.manifest).status == 201
        assert "v2" in api.tags("app")


def test_what_is_too_large_is_refused(scripted: Scripted) -> None:
    image = make_image("large", layers=3, size=50_000)
    with scripted("size_limit", blob="100KiB", image="120KiB").connect() as api:
        data = b"x" * (100 * 1024 + 1)
        answer = api("PUT", with_digest(api.start_upload("app"), digest_of(data)), data)
        assert refusal(answer) == "the blob has 0.10 MB, the limit is 0.10 MB"
        assert not api.has_blob("app", digest_of(data))
        push_blobs(api, "app", image)
        assert "together" in refusal(put(api, "app", "v1", image.manifest))
        assert api.push_image("app", make_image("small", layers=2, size=50_000), "v1")


def test_skopeo_hears_which_label_is_missing(scripted: Scripted, skopeo: Skopeo, tmp_path: Path) -> None:
    registry = scripted("required_labels", labels={"maintainer": "?*"})
    plain = make_image("labels")
    labelled = with_config(plain, config={"Labels": {"maintainer": "alice"}})
    for image, directory in ((plain, tmp_path / "plain"), (labelled, tmp_path / "labelled")):
        write_layout(directory, [image], image.manifest, "v1")
    target = f"docker://{registry.address}/team/app:v1"
    with pytest.raises(AssertionError, match="the image has no label maintainer: add LABEL maintainer="):
        skopeo.copy(f"oci:{tmp_path / 'plain'}:v1", target)
    skopeo.copy(f"oci:{tmp_path / 'labelled'}:v1", target)
    assert skopeo.tags(f"{registry.address}/team/app") == ["v1"]


def test_docker_hears_which_bases_are_allowed(docker: Docker, scripted: Scripted) -> None:
    base = docker.import_rootfs(tar_of({"etc/base": b"ours"}), "ours:1")
    docker.import_rootfs(tar_of({"etc/base": b"theirs"}), "theirs:1")
    listed = docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", base)
    registry = scripted("allowed_bases", bases={"ours:1": json.loads(listed)})
    for name in ("ours", "theirs"):
        docker(
            "build", "--tag", f"{registry.local}/{name}:1", "-", stdin=f"FROM {name}:1\nLABEL a=b\n".encode()
        )
    docker("push", f"{registry.local}/ours:1")
    with pytest.raises(AssertionError, match="not built on an allowed base: ours:1"):
        docker("push", f"{registry.local}/theirs:1")
    docker("rmi", "ours:1", "theirs:1", f"{registry.local}/ours:1", f"{registry.local}/theirs:1")


def test_docker_logs_in_with_an_htpasswd_file(docker: Docker, fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(login_config("htpasswd", file="users"), start=False)
    (registry.home / "users").write_text(
        "alice:$2b$04$abcdefghijklmnopqrstuujZkTwHUiJ9XdZPwKfcfDo7dMp5DjlTu\n"
    )
    registry.start()
    with registry.connect() as api:
        assert status_of(api, "alice", "wonderland") == 200
        assert status_of(api, "alice", "looking-glass") == 401
        assert status_of(api, "nobody", "wonderland") == 401
    login = ("login", "--username", "alice", "--password-stdin", registry.local)
    with pytest.raises(AssertionError, match=r"[Uu]nauthorized|401"):
        docker(*login, stdin=b"looking-glass")
    docker(*login, stdin=b"wonderland")
    tag = f"{registry.local}/team/app:1"
    docker.import_rootfs(tar_of({"etc/motd": b"hello"}), tag)
    docker("push", tag)
    docker("logout", registry.local)
    with pytest.raises(AssertionError):
        docker("push", tag)


def test_people_log_in_as_a_directory_knows_them(fresh_registry: FreshRegistry) -> None:
    with tempfile.TemporaryDirectory(prefix="slapd-") as home:
        slapd = Slapd(Path(home))
        try:
            options = {name: str(value) for name, value in slapd.options().items()}
            with fresh_registry(login_config("ldap_login", **options)).connect() as api:
                assert status_of(api, "alice", "alice-secret") == 200
                assert status_of(api, "alice", "bob-secret") == 401
                assert status_of(api, "alice", "") == 401
                assert status_of(api, "*", "alice-secret") == 401
        finally:
            slapd.close()
