"""The programs people push and pull with, each with its own storage, settings and daemon."""

from __future__ import annotations

import json
from pathlib import Path

from .programs import Argument, Daemon, attempt, environment, run

CONTAINERD_CONFIG = """\
version = 2
root = "{home}/root"
state = "{home}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{home}/containerd.sock"
"""

STORAGE_CONFIG = """\
[storage]
driver = "vfs"
graphroot = "{home}/storage"
runroot = "{home}/run"
"""


class Containerd:
    """A private containerd and its client `ctr`."""

    def __init__(self, home: Path) -> None:
        self._env = environment(home)
        self.socket = home / "containerd.sock"
        config = home / "config.toml"
        config.write_text(CONTAINERD_CONFIG.format(home=home))
        self._daemon = Daemon(["containerd", "--config", config], env=self._env, log=home / "containerd.log")
        try:
            self._daemon.wait_for(self._answers, "containerd")
        except BaseException:
            self.close()
            raise

    def _answers(self) -> bool:
        return attempt(["ctr", "--address", self.socket, "version"], env=self._env).code == 0

    def ctr(self, *words: Argument) -> str:
        return run(["ctr", "--address", self.socket, *words], env=self._env)

    def images(self) -> dict[str, str]:
        """Names of images with the digests they stand for."""
        rows = self.ctr("images", "ls").splitlines()[1:]
        return {row.split()[0]: row.split()[2] for row in rows}

    def close(self) -> None:
        self._daemon.end()


WITH_SETTINGS = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/docker && exec "$@"')
"""Runs a program that sees a directory in place of `/etc/docker`, where an engine has its settings."""


class Docker:
    """A private Docker engine and its command line."""

    def __init__(self, home: Path, containerd: Containerd) -> None:
        self._env = environment(home)
        self.socket = f"unix://{home}/docker.sock"
        settings = home / "settings"
        self.certificates = settings / "certs.d"
        """For each registry a directory with `ca.crt`, `client.cert` and `client.key`."""
        self.certificates.mkdir(parents=True)
        self._daemon = Daemon(
            [
                *(*WITH_SETTINGS, settings),
                *("dockerd", "--iptables=false", "--bridge=none", "--storage-driver=vfs"),
                *(
                    "--data-root",
                    home / "data",
                    "--exec-root",
                    home / "exec",
                    "--pidfile",
                    home / "docker.pid",
                ),
                *("--host", self.socket, "--containerd", containerd.socket),
            ],
            env=self._env,
            log=home / "dockerd.log",
        )
        try:
            self._daemon.wait_for(self._answers, "dockerd")
        except BaseException:
            self.close()
            raise

    def _answers(self) -> bool:
        return attempt(["docker", "--host", self.socket, "version"], env=self._env).code == 0

    def __call__(self, *words: Argument, stdin: bytes | None = None) -> str:
        return run(["docker", "--host", self.socket, *words], env=self._env, stdin=stdin)

    def said(self, *words: Argument) -> str:
        """Everything it prints, however it ends."""
        ran = attempt(["docker", "--host", self.socket, *words], env=self._env)
        return ran.out + ran.err

    def import_rootfs(self, tar: bytes, tag: str) -> str:
        """Makes an image of a root file system and answers its id."""
        return self("import", "-", tag, stdin=tar).strip()

    def image_id(self, tag: str) -> str:
        return self("image", "inspect", "--format", "{{.Id}}", tag).strip()

    def close(self) -> None:
        self._daemon.end()


class Skopeo:
    """Skopeo, which copies between registries, layouts and archives."""

    def __init__(self, home: Path) -> None:
        # Skopeo of root keeps its cache in /var/lib; what it takes for an ordinary user keeps it at home.
        self._env = environment(home, {"_CONTAINERS_ROOTLESS_UID": "1000", **containers_settings(home)})
        self._policy = home / "policy.json"

    def __call__(self, *words: Argument) -> str:
        return run(["skopeo", "--policy", self._policy, *words], env=self._env)

    def copy(self, source: str, target: str, *words: Argument) -> str:
        return self("copy", "--src-tls-verify=false", "--dest-tls-verify=false", *words, source, target)

    def tags(self, repository: str) -> list[str]:
        return list(json.loads(self("list-tags", "--tls-verify=false", f"docker://{repository}"))["Tags"])


class Podman:
    """Podman with images of its own."""

    def __init__(self, home: Path) -> None:
        self._env = environment(home, containers_settings(home))
        self._policy = home / "policy.json"
        self._globals: list[Argument] = [
            *("--root", home / "storage", "--runroot", home / "run", "--tmpdir", home / "tmp"),
            *("--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "none"),
        ]

    def __call__(self, *words: Argument) -> str:
        return run(["podman", *self._globals, *words], env=self._env)

    def push(self, *words: Argument) -> str:
        return self("push", "--tls-verify=false", "--signature-policy", self._policy, *words)

    def pull(self, *words: Argument) -> str:
        return self("pull", "--tls-verify=false", "--signature-policy", self._policy, *words).strip()

    def image_id(self, tag: str) -> str:
        return self("image", "inspect", "--format", "{{.Id}}", tag).strip()


def containers_settings(home: Path) -> dict[str, str]:
    """Settings that skopeo and podman share: any image is welcome, and nothing of the machine's is used."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    (home / "registries.conf").write_text("unqualified-search-registries = []\n")
    (home / "containers.conf").write_text("")
    (home / "storage.conf").write_text(STORAGE_CONFIG.format(home=home))
    return {
        "CONTAINERS_REGISTRIES_CONF": str(home / "registries.conf"),
        "CONTAINERS_CONF": str(home / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(home / "storage.conf"),
        "XDG_RUNTIME_DIR": str(home),
        "XDG_DATA_HOME": str(home / "share"),
    }
