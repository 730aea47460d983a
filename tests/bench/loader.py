"""Runs the load generator, and answers what it has counted."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .servers import CLIENT_CPU, Server
from .workloads import ACCEPT, Workload


class LoadFailed(Exception):
    """The load generator could not do its work; the message has its words."""


@dataclass(frozen=True)
class Load:
    """How the load generator is called on one server."""

    program: Path
    server: Server
    workload: Workload
    targets: Path | None
    model: Path
    seed: int
    fields: tuple[str, ...] = (ACCEPT,)
    """Header fields of every request."""

    def words(
        self, *, seconds: float = 0, requests: int = 0, rate: float = 0, connections: int = 0
    ) -> list[str]:
        work = self.workload
        words = [*goes_first(), "taskset"] if work.all_cores else ["taskset"]
        words += ["-c", str(CLIENT_CPU), str(self.program), "--host", self.server.host]
        words += ["--port", str(self.server.port), "--workload", work.load, "--seed", str(self.seed)]
        words += ["--connections", str(connections or work.connections)]
        for field in self.fields:
            words += ["--header", field]
        if requests:
            words += ["--requests", str(requests)]
        elif seconds:
            words += ["--seconds", f"{seconds:g}"]
        if self.server.tls:
            words.append("--tls")
        if rate:
            words += ["--rate", f"{rate:.1f}"]
        if work.size:
            words += ["--size", str(work.size)]
        if work.repository:
            words += ["--repository", work.repository]
        if work.load == "mix" and self.targets:
            words += ["--model", str(self.model), "--manifests", str(self.targets / "app-tags")]
            words += ["--blobs", str(self.targets / "mix-blobs-drawn")]
        elif work.targets and self.targets:
            words += ["--targets", str(self.targets / work.targets), "--distribution", work.distribution]
        return words

    def run(self, **how: Any) -> dict[str, Any]:
        """To its end."""
        return answer(self.words(**how))

    @contextmanager
    def running(self, **how: Any) -> Iterator[subprocess.Popen[str]]:
        """Beside what the caller does meanwhile; killed if it is still there then."""
        process = subprocess.Popen(
            self.words(**how),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


@cache
def goes_first() -> list[str]:
    """Words by which a program on a core of the server does not wait for it, where it may ask for that:
    its waits would count as the server's."""
    words = ["chrt", "--fifo", "1"]
    allowed = subprocess.run([*words, "true"], stderr=subprocess.DEVNULL).returncode == 0
    return words if allowed else []


def answer(words: Sequence[str]) -> dict[str, Any]:
    ran = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return parse(words, ran.returncode, ran.stdout, ran.stderr)


def parse(words: Sequence[str], code: int, out: str, err: str) -> dict[str, Any]:
    """The one JSON object it prints. A code other than 0 with an object means requests that failed."""
    lines = out.strip().splitlines()
    try:
        found = json.loads(lines[-1])
    except (IndexError, ValueError) as problem:
        raise LoadFailed(f"{' '.join(words)}\nexit code {code}\n{out}\n{err}") from problem
    return dict(found)


def allow_many_files() -> None:
    """For us and the servers: as many connections as the system lets this user have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def exists(program: Path) -> bool:
    return os.access(program, os.X_OK)
