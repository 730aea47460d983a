"""containerd's `ctr` pushes and pulls."""

from __future__ import annotations

from pathlib import Path

from .api import Api
from .clients import Containerd
from .images import make_image, make_index, write_layout
from .programs import attempt
from .registry import Registry


def import_layout(containerd: Containerd, layout: Path, target: str) -> None:
    """`ctr` imports layouts in a tar."""
    archive = layout.with_suffix(".tar")
    packed = attempt(
        ["tar", "--create", "--file", archive, "--directory", layout, "."], env={"PATH": "/usr/bin:/bin"}
    )
    assert packed.code == 0, packed
    containerd.ctr("images", "import", "--no-unpack", "--all-platforms", "--index-name", target, archive)


def test_what_ctr_pushes_it_pulls(
    containerd: Containerd, registry: Registry, api: Api, name: str, tmp_path: Path
) -> None:
    image = make_image(name, layers=3)
    write_layout(tmp_path / "layout", [image], image.manifest, "1")
    target = f"{registry.local}/{name}:1"
    import_layout(containerd, tmp_path / "layout", target)
    containerd.ctr("images", "push", "--plain-http", target)
    pushed = containerd.images()[target]
    assert api("HEAD", f"/v2/{name}/manifests/1")["Docker-Content-Digest"] == pushed
    containerd.ctr("images", "rm", "--sync", target)
    assert target not in containerd.images()
    containerd.ctr("images", "pull", "--plain-http", "--snapshotter", "native", target)
    assert containerd.images()[target] == pushed


def test_ctr_pushes_an_index_with_all_its_platforms(
    containerd: Containerd, registry: Registry, api: Api, name: str, tmp_path: Path
) -> None:
    images = [
        make_image(f"{name}-{architecture}", architecture=architecture) for architecture in ("amd64", "arm64")
    ]
    index = make_index(images)
    write_layout(tmp_path / "layout", images, index, "1")
    target = f"{registry.local}/{name}:1"
    import_layout(containerd, tmp_path / "layout", target)
    containerd.ctr("images", "push", "--plain-http", target)
    pushed = api("GET", f"/v2/{name}/manifests/1")
    assert pushed["Docker-Content-Digest"] == containerd.images()[target]
    for image in images:
        assert api("GET", f"/v2/{name}/manifests/{image.digest}").body == image.manifest.data
        assert all(api.has_blob(name, blob.digest) for blob in image.blobs)
