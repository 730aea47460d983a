"""What is built runs in podman; docker, podman and skopeo read what is written, and the other way round."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.clients import Containerd, Docker, Podman, Skopeo
from tests.server.images import make_image, noise, tar_of
from tests.server.programs import PATH
from tests.server.programs import run as run_program

import ocilot
from ocilot.archives import DockerArchive, create_store
from ocilot.client.drive import run
from ocilot.layers import Decompressed
from ocilot.oci import Config, digest_of

from .archive_files import blobs_of, close_opened, hex_of, opened, put_image, tags_of, written

PROGRAM = Path("/sbin/ldconfig")
"""A program of any Debian that needs no library."""


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    close_opened()


@pytest.fixture
def skopeo(tmp_path: Path) -> Skopeo:
    return Skopeo(tmp_path / "skopeo")


@pytest.fixture
def podman() -> Iterator[Podman]:
    with tempfile.TemporaryDirectory(prefix="podman-") as path:  # podman takes no long ones
        yield Podman(Path(path))


@pytest.fixture(scope="module")
def docker() -> Iterator[Docker]:
    with tempfile.TemporaryDirectory(prefix="ocilot-") as path:
        containerd = Containerd(Path(path) / "containerd")
        try:
            engine = Docker(Path(path) / "docker", containerd)
            try:
                yield engine
            finally:
                engine.close()
        finally:
            containerd.close()


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    root = tmp_path / "rootfs"
    (root / "bin").mkdir(parents=True)
    (root / "etc").mkdir()
    shutil.copy(PROGRAM, root / "bin/tool")
    (root / "etc/motd").write_text("hello")
    return root


def test_what_is_imported_and_appended_runs_in_podman(podman: Podman, rootfs: Path, tmp_path: Path) -> None:
    layout = f"oci:{tmp_path}/layout"
    ocilot.import_rootfs(rootfs, f"{layout}:base", entrypoint=["/bin/tool"], cmd=["--version"])
    (tmp_path / "more").mkdir()
    (tmp_path / "more/added").write_text("more")
    built = ocilot.append(f"{layout}:base", [tmp_path / "more"], f"{layout}:app")
    podman("pull", f"{layout}:app")
    # Its own limits are higher than some machines allow.
    limits = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
    said = podman("run", "--rm", "--network=none", *limits, built.config.digest.hex)
    assert "ldconfig" in said


@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive"])
def test_podman_loads_an_archive(podman: Podman, rootfs: Path, tmp_path: Path, kind: str) -> None:
    name = "host.example/team/app:v1"
    built = ocilot.import_rootfs(
        rootfs, f"{kind}:{tmp_path}/app.tar:{name}", cmd=["/bin/tool"], labels={"a": "b"}
    )
    podman("load", "--input", tmp_path / "app.tar")
    shown = podman(
        "image", "inspect", "--format", "{{.Id}} {{.Labels}} {{.Config.Cmd}}", built.config.digest.hex
    )
    assert shown.split() == [built.config.digest.hex, "map[a:b]", "[/bin/tool]"]
    if kind == "docker-archive":
        assert podman.image_id(name) == built.config.digest.hex


def test_docker_loads_an_archive(docker: Docker, rootfs: Path, tmp_path: Path) -> None:
    name = "host.example/team/app:v1"
    archive = tmp_path / "app.tar"
    built = ocilot.import_rootfs(rootfs, f"docker-archive:{archive}:{name}", cmd=["/bin/tool"])
    assert f"Loaded image: {name}" in docker("load", "--input", archive)
    assert docker.image_id(name) == built.config.digest
    layers = docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", name)
    assert str(built.config.diff_ids[0]) in layers
    docker("rmi", name)


def test_docker_loads_an_image_whose_first_layer_comes_twice_and_sparse_files(
    docker: Docker, tmp_path: Path
) -> None:
    root = tmp_path / "sparse"
    root.mkdir()
    with (root / "file").open("wb") as file:
        file.seek(2_000_000)
        file.write(b"end")
    archive = tmp_path / "rootfs.tar"
    run_program(["tar", "--sparse", "--format=gnu", "-C", root, "-cf", archive, "file"], env={"PATH": PATH})
    more = written(tmp_path / "more.tar", tar_of({"b": b"c"}))
    ocilot.import_rootfs(archive, f"oci:{tmp_path}/l:base")
    target = f"docker-archive:{tmp_path}/app.tar:sparse:1"
    built = ocilot.append(f"oci:{tmp_path}/l:base", [more, archive, more], target)
    assert len(built.config.diff_ids) == 4
    docker("load", "--input", tmp_path / "app.tar")
    assert docker.image_id("sparse:1") == built.config.digest
    docker("rmi", "sparse:1")


def test_what_docker_saves_is_read(docker: Docker, tmp_path: Path) -> None:
    first = docker.import_rootfs(tar_of({"a": noise(5000, "a")}), "saved/first:1")
    second = docker.import_rootfs(tar_of({"b": noise(5000, "b")}), "saved/second:2")
    archive = tmp_path / "all.tar"
    docker("save", "--output", archive, "saved/first:1", "saved/second:2")
    docker("rmi", "saved/first:1", "saved/second:2")
    store = opened(f"docker-archive:{archive}", compression="gzip")
    assert tags_of(store) == ["saved/first:1", "saved/second:2"]
    for tag, image in (("saved/first:1", first), ("saved/second:2", second)):
        assert f"sha256:{hex_of(blobs_of(store, tag)[0])}" == image


def test_what_podman_saves_is_read(podman: Podman, tmp_path: Path) -> None:
    ids = []
    for name in ("localhost/first:1", "localhost/second:2"):
        podman("import", written(tmp_path / "rootfs.tar", tar_of({"a": noise(5000, name)})), name)
        ids.append(podman.image_id(name))
    for options in (("--multi-image-archive",), ("--format", "oci-archive")):
        archive = tmp_path / f"{options[-1]}.tar"
        names = (
            ("localhost/first:1",)
            if options[-1] == "oci-archive"
            else ("localhost/first:1", "localhost/second:2")
        )
        podman("save", *options, "--output", archive, *names)
        store = opened(archive)
        assert isinstance(store, DockerArchive) is (options[-1] != "oci-archive")
        for name, image in zip(names, ids, strict=False):
            assert hex_of(blobs_of(store, name)[0]) == image


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_skopeo_reads_what_is_written_and_the_other_way_round(
    skopeo: Skopeo, tmp_path: Path, kind: str
) -> None:
    image = make_image("skopeo")
    name = "host.example/app:v1"
    store = create_store(f"{kind}:{tmp_path}/ours")
    put_image(store, image, name)
    run(store.close())
    ours = f"{kind}:{tmp_path}/ours:{name if kind == 'docker-archive' else 'v1'}"
    skopeo.copy(ours, f"oci:{tmp_path}/layout:v1")
    ids = Config(image.config.data).diff_ids
    assert Config(blobs_of(opened(f"oci:{tmp_path}/layout"), "v1")[0]).diff_ids == ids
    theirs = f"{kind}:{tmp_path}/theirs:{name if kind == 'docker-archive' else 'v1'}"
    skopeo.copy(f"oci:{tmp_path}/layout:v1", theirs)
    config, *layers = blobs_of(opened(f"{kind}:{tmp_path}/theirs"), "")
    assert Config(config).diff_ids == ids
    assert [digest_of(Decompressed([layer]).read()) for layer in layers] == list(ids)
