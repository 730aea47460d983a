"""Runs real programs, away from the settings and credentials of whoever runs the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
"""The distribution's programs come before those that were installed by hand."""

Argument = str | Path
T = TypeVar("T")


class ProgramFailed(AssertionError):
    """A program ended with an exit code nobody expected."""


@dataclass(frozen=True)
class Ran:
    """A program that has ended."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"{' '.join(self.argv)}\nexit code {self.code}\n{self.out}\n{self.err}"


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A bare environment that lives in `home`."""
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": PATH, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", **(more or {})}


def attempt(
    argv: Sequence[Argument], *, env: Mapping[str, str], stdin: bytes | None = None, seconds: float = 120
) -> Ran:
    """Runs a program to its end, whatever that is."""
    words = tuple(str(word) for word in argv)
    done = subprocess.run(words, env=dict(env), input=stdin, capture_output=True, timeout=seconds)
    return Ran(
        words, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def run(
    argv: Sequence[Argument], *, env: Mapping[str, str], stdin: bytes | None = None, seconds: float = 120
) -> str:
    """Runs a program that must succeed and answers its standard output."""
    ran = attempt(argv, env=env, stdin=stdin, seconds=seconds)
    if ran.code != 0:
        raise ProgramFailed(str(ran))
    return ran.out


def wait_until(condition: Callable[[], T | None], what: str, seconds: float = 30) -> T:
    """Asks again and again until there is an answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(0.01)


class Daemon:
    """A program that runs in the background and writes to a file."""

    def __init__(
        self, argv: Sequence[Argument], *, env: Mapping[str, str], log: Path, directory: Path | None = None
    ) -> None:
        self.log = log
        self._before = log.stat().st_size if log.exists() else 0
        # However the tests end, the program ends too.
        words = ["/usr/bin/setpriv", "--pdeathsig", "TERM", *(str(word) for word in argv)]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                words, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=directory
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        """Its number, which `setpriv` had before it."""
        return self._process.pid

    def most_memory(self) -> int:
        """The most bytes of memory it has ever held at once."""
        return self._memory("VmHWM:")

    def memory(self) -> int:
        """The bytes of memory it holds now."""
        return self._memory("VmRSS:")

    def cpu_seconds(self) -> float:
        """The processor time that all its threads have taken."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory(self, kind: str) -> int:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(kind)) * 1024

    def output(self) -> str:
        """What this process has written so far."""
        with self.log.open("rb") as log:
            log.seek(self._before)
            return log.read().decode(errors="replace")

    def wait_for(self, found: Callable[[], T | None], what: str) -> T:
        """Waits until it is up, and fails at once with its last words if it is not there any more."""

        def look() -> T | None:
            if self.exit_code is not None:
                raise AssertionError(f"{what}: it ended with exit code {self.exit_code}:\n{self.output()}")
            return found()

        return wait_until(look, what)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = 60) -> int:
        """Waits for its end and answers the exit code."""
        return self._process.wait(seconds)

    def end(self) -> None:
        """Asks it to end, and makes sure that it does."""
        if self.exit_code is not None:
            return
        self.signal(signal.SIGTERM)
        try:
            self.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.wait()
