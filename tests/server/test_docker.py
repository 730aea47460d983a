"""Docker pushes and pulls.

All in one file: `--dist loadfile` then starts one engine only.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from .api import Api
from .certificates import Certificates
from .clients import Docker
from .conftest import FreshRegistry
from .images import MIB, noise, tar_of, write_docker_archive
from .programs import run
from .registry import Registry


def console_blocks(page: Path) -> list[str]:
    """What a page tells people to type, with what it shows as answers."""
    return re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def import_small(docker: Docker, tag: str) -> str:
    """An image of one layer that no other test has."""
    return docker.import_rootfs(tar_of({"etc/motd": tag.encode(), "bin/data": noise(50_000, tag)}), tag)


@pytest.mark.parametrize("repository", ["one", "one/two", "one/two/three", "a/b__c/d.e/f-g/h"])
def test_what_docker_pushes_it_pulls(docker: Docker, registry: Registry, repository: str) -> None:
    tag = f"{registry.local}/docker-{repository}:1.0"
    image = docker.import_rootfs(
        tar_of({"etc/motd": repository.encode(), "bin/data": noise(50_000, tag)}), "rootfs"
    )
    docker("tag", "rootfs", tag)
    docker("push", tag)
    docker("rmi", tag, "rootfs")
    assert docker("images", "--quiet", "--no-trunc").find(image) == -1
    docker("pull", tag)
    assert docker.image_id(tag) == image
    docker("rmi", tag)


def test_docker_pulls_what_it_pushed_before_a_restart(docker: Docker, fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    tag = f"{registry.local}/team/app:1"
    image = import_small(docker, tag)
    docker("push", tag)
    docker("rmi", tag)
    registry.restart()
    docker("pull", tag)
    assert docker.image_id(tag) == image
    docker("rmi", tag)


def test_the_digest_docker_prints_is_what_others_see(
    docker: Docker, registry: Registry, api: Api, name: str
) -> None:
    tag = f"{registry.local}/{name}:1"
    import_small(docker, tag)
    printed = docker("push", tag)
    digest = api("HEAD", f"/v2/{name}/manifests/1")["Docker-Content-Digest"]
    assert f"1: digest: {digest}" in printed
    docker("rmi", tag)
    docker("pull", f"{registry.local}/{name}@{digest}")


def test_a_second_push_sends_no_layer(docker: Docker, registry: Registry, name: str) -> None:
    first, second = (f"{registry.local}/{name}:{number}" for number in (1, 2))
    import_small(docker, first)
    assert ": Pushed" in docker("push", first)
    docker("tag", first, second)
    for tag in (first, second):
        printed = docker("push", tag)
        assert ": Layer already exists" in printed
        assert ": Pushed" not in printed


def test_a_push_to_a_second_repository_mounts_the_layers(
    docker: Docker, registry: Registry, name: str
) -> None:
    first, second = f"{registry.local}/{name}/first:1", f"{registry.local}/{name}/second:1"
    image = import_small(docker, first)
    docker("push", first)
    docker("tag", first, second)
    printed = docker("push", second)
    assert f": Mounted from {name}/first" in printed
    assert ": Pushed" not in printed
    docker("rmi", first, second)
    docker("pull", second)
    assert docker.image_id(second) == image


def test_docker_pushes_and_pulls_over_tls(
    docker: Docker, fresh_registry: FreshRegistry, certificates: Certificates
) -> None:
    """An engine asks its own machine for HTTPS first, whoever signed the certificate."""
    registry = fresh_registry(certificates.config())
    tag = f"{registry.local}/team/app:1"
    image = import_small(docker, tag)
    docker("push", tag)
    docker("rmi", tag)
    docker("pull", tag)
    assert docker.image_id(tag) == image
    docker("rmi", tag)


@pytest.mark.slow
def test_layers_of_hundreds_of_megabytes_come_back(
    docker: Docker, fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry()
    tag = f"{registry.local}/large:1"
    archive = tmp_path / "large.tar"
    write_docker_archive(archive, tag, [200 * MIB, 200 * MIB, 200 * MIB], "large")
    docker("load", "--input", archive)
    archive.unlink()
    image = docker.image_id(tag)
    assert docker("push", tag).count(": Pushed") == 3
    docker("rmi", tag)
    docker("pull", tag)
    assert docker.image_id(tag) == image
    docker("rmi", tag)


def test_docker_says_why_there_is_no_such_image(docker: Docker, registry: Registry, name: str) -> None:
    with pytest.raises(AssertionError, match=r"manifest unknown|not found"):
        docker("pull", f"{registry.local}/{name}:nothing")


def test_the_readme_keeps_its_word(docker: Docker, fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    docker.import_rootfs(tar_of({"etc/motd": b"hello"}), "hello")
    (block,) = [block for block in console_blocks(Path("README.md")) if "docker push" in block]
    said = ""
    for line in block.replace("localhost:5000", registry.local).splitlines():
        if not line.startswith("$ "):
            assert line == said.strip(), f"README.md promises {line}"
            continue
        program, *words = line.removeprefix("$ ").split()
        said = (
            docker(*words)
            if program == "docker"
            else run([program, "--silent", *words], env=dict(os.environ))
        )
    docker("rmi", "hello", f"{registry.local}/team/app:v1")


def test_docker_py_imports_and_pushes(
    docker: Docker, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("docker", reason="docker-py is not installed")
    page = Path("docs/client/cookbook.md").read_text(encoding="utf-8")
    section = page.partition("\n## Use docker-py with this registry\n")[2].partition("\n## ")[0]
    code, shown = (re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)[0] for kind in ("python", "text"))
    (tmp_path / "rootfs.tar.gz").write_bytes(tar_of({"bin/sh": noise(MIB, "docker-py")}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", docker.socket)
    printed: list[str] = []
    names = {"print": lambda *values: printed.append(" ".join(map(str, values)))}
    exec(code.replace("localhost:5000", registry.local), names)
    assert printed == shown.splitlines()
