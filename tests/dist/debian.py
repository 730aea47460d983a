"""A Debian 12 in a directory, with Python and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.server.programs import PATH, Argument, environment, run

SUITE = "bookworm"
PACKAGES = ("python3", "python3-venv")
KEPT = Path(__file__).parents[2] / "build/dist/debian"
"""Made once; every test works on a copy."""


def mirror() -> str:
    """Where this machine gets its packages from, if it is a Debian of the same suite."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {SUITE}", "Component: main"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return found[0] if found else "http://deb.debian.org/debian"


def proxy() -> dict[str, str]:
    """The proxy of apt, for debootstrap, which does not read apt's configuration."""
    asked = ["apt-config", "shell", "proxy", "Acquire::http::Proxy"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return {"http_proxy": found.removeprefix("proxy=").strip("'")} if found else {}


def kept() -> Path:
    """The root file system that copies are made of."""
    if not KEPT.is_dir():
        half = KEPT.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        half.parent.mkdir(parents=True, exist_ok=True)
        command: list[Argument] = [
            "debootstrap",
            "--variant=minbase",
            f"--include={','.join(PACKAGES)}",
            SUITE,
            half,
            mirror(),
        ]
        home = half.parent / "home"
        run(command, env={**environment(home), **proxy()}, seconds=900)
        shutil.rmtree(half / "var/cache/apt/archives")
        half.rename(KEPT)
    return KEPT


@dataclass(frozen=True)
class BareDebian:
    """A copy of one's own; it shares the machine's network and nothing else."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> BareDebian:
        subprocess.run(["cp", "-a", "--reflink=auto", kept(), root], check=True)
        return cls(root)

    def command(self, *argv: Argument) -> list[Argument]:
        return [
            "chroot",
            self.root,
            "/usr/bin/env",
            "-i",
            f"PATH={PATH}",
            "HOME=/root",
            "LANG=C.UTF-8",
            *argv,
        ]

    def run(self, *argv: Argument) -> str:
        return run(self.command(*argv), env={"PATH": PATH})

    def has_program(self, *names: str) -> bool:
        return any(
            (self.root / directory / name).exists() for name in names for directory in ("usr/bin", "bin")
        )

    def remove(self) -> None:
        shutil.rmtree(self.root)
