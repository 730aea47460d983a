"""A git repository, made by git."""

from __future__ import annotations

import subprocess
from pathlib import Path


class GitRepository:
    """A real one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "--quiet", "--initial-branch=main", str(path), at=path.parent)

    def git(self, *words: str, at: Path | None = None) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *who, *words], cwd=at or self.path, check=True)

    def branch(self, *names: str) -> None:
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        for name in names:
            self.git("branch", name)
