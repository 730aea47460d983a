"""Docker, skopeo, podman and ctr log in, pull without an account, push, mount, and are told why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from .clients import Containerd, Docker, Podman, Skopeo
from .images import make_image, noise, tar_of, write_layout
from .people import with_passwords
from .programs import ProgramFailed
from .registry import Registry


def login(docker: Docker, registry: Registry, name: str, password: str | None = None) -> str:
    words = ("login", "--username", name, "--password-stdin", registry.local)
    return docker(*words, stdin=(password or f"{name}-password").encode())


def small_image(docker: Docker, tag: str) -> str:
    return docker.import_rootfs(tar_of({"etc/motd": tag.encode(), "bin/data": noise(20_000, tag)}), tag)


def test_docker_logs_in_with_the_right_password_only(docker: Docker, guarded: Registry) -> None:
    with pytest.raises(ProgramFailed, match="unauthorized: invalid user name or password"):
        login(docker, guarded, "alice", "wrong")
    assert "Login Succeeded" in login(docker, guarded, "alice")
    docker("logout", guarded.local)


def test_docker_pushes_as_the_team_and_pulls_as_anybody(docker: Docker, guarded: Registry) -> None:
    tag = f"{guarded.local}/public/docker:1"
    image = small_image(docker, tag)
    with pytest.raises(ProgramFailed, match=r"denied|unauthorized|authentication required"):
        docker("push", tag)
    login(docker, guarded, "alice")
    docker("push", tag)
    docker("logout", guarded.local)
    docker("rmi", tag)
    docker("pull", tag)
    assert docker.image_id(tag) == image


def test_docker_mounts_from_what_it_may_pull(docker: Docker, guarded: Registry) -> None:
    first, second = f"{guarded.local}/team/mount-one:1", f"{guarded.local}/team/mount-two:1"
    small_image(docker, first)
    login(docker, guarded, "alice")
    docker("push", first)
    docker("tag", first, second)
    assert ": Mounted from team/mount-one" in docker("push", second)
    docker("logout", guarded.local)


def test_docker_says_why_a_push_is_refused(docker: Docker, guarded: Registry) -> None:
    tag = f"{guarded.local}/team/refused:1"
    small_image(docker, tag)
    login(docker, guarded, "bob")
    with pytest.raises(ProgramFailed, match=r"rule 2 \(team/\*\*\) grants user bob pull"):
        docker("push", tag)
    docker("logout", guarded.local)


def test_docker_works_with_basic_alone(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("basic")
    registry = Registry(home, config=with_passwords(home))
    try:
        registry.start()
        tag = f"{registry.local}/any/thing:1"
        image = small_image(docker, tag)
        login(docker, registry, "carol")
        docker("push", tag)
        docker("rmi", tag)
        docker("pull", tag)
        assert docker.image_id(tag) == image
        docker("logout", registry.local)
    finally:
        registry.close()


def layout_of(name: str, directory: Path) -> str:
    image = make_image(name, layers=2)
    write_layout(directory / "layout", [image], image.manifest, "1")
    return f"oci:{directory}/layout:1"


def test_skopeo_pushes_and_anybody_pulls(
    skopeo: Skopeo, guarded: Registry, name: str, tmp_path: Path
) -> None:
    there, image = f"docker://{guarded.local}/public/{name}:1", layout_of(name, tmp_path)
    with pytest.raises(ProgramFailed, match=r"denied|unauthorized|authentication required"):
        skopeo.copy(image, there)
    skopeo.copy(image, there, "--dest-creds", "alice:alice-password")
    skopeo.copy(there, f"oci:{tmp_path}/back:1")
    again = f"docker://{guarded.local}/team/{name}:1"
    skopeo.copy(there, again, "--dest-creds", "alice:alice-password")
    with pytest.raises(ProgramFailed, match="rule 2"):
        skopeo.copy(there, f"docker://{guarded.local}/team/{name}-2:1", "--dest-creds", "bob:bob-password")
    skopeo.copy(again, f"oci:{tmp_path}/bob:1", "--src-creds", "bob:bob-password")
    skopeo("delete", "--tls-verify=false", "--creds", "alice:alice-password", again)


def test_podman_logs_in_and_pushes(podman: Podman, guarded: Registry, tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"invalid user name or password|invalid username/password"):
        podman("login", "--tls-verify=false", "--username", "alice", "--password", "wrong", guarded.local)
    podman(
        "login", "--tls-verify=false", "--username", "alice", "--password", "alice-password", guarded.local
    )
    archive = tmp_path / "rootfs.tar"
    archive.write_bytes(tar_of({"etc/motd": b"podman"}))
    tag = f"{guarded.local}/team/podman:1"
    podman("import", archive, tag)
    podman.push(tag)
    podman("rmi", "--force", tag)
    podman.pull(tag)
    podman("logout", guarded.local)


def test_ctr_pushes_and_pulls(containerd: Containerd, guarded: Registry, name: str, tmp_path: Path) -> None:
    image = make_image(name, layers=2)
    write_layout(tmp_path / "layout", [image], image.manifest, "1")
    from .test_containerd import import_layout

    target = f"{guarded.local}/public/{name}:1"
    import_layout(containerd, tmp_path / "layout", target)
    containerd.ctr("images", "push", "--plain-http", "--user", "alice:alice-password", target)
    with pytest.raises(ProgramFailed):
        containerd.ctr("images", "push", "--plain-http", "--user", "bob:bob-password", target + "b")
    containerd.ctr("images", "rm", "--sync", target)
    containerd.ctr("images", "pull", "--plain-http", "--snapshotter", "native", target)
