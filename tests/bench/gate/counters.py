"""The registry under valgrind and under strace, and what they count."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from .. import servers
from .connection import AGENT, Connection
from .workloads import COUNTED, READ, WARM, Workload

INSTRUCTIONS, SYSTEM_CALLS, ALLOCATIONS = "instructions", "system calls", "allocations"
Counts = dict[str, float]
"""By measure, a request."""

ALLOCATORS = frozenset(
    {"malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign", "valloc", "pvalloc"}
)
_LINE = re.compile(r"^(?:(cob=|c?fn=)\((\d+)\)(?: (.+))?|calls=(\d+) .*)$", re.M)
PATIENCE = 30.0


class CannotCount(Exception):
    """A counter that does not do its work; the message says why."""


class Registry(servers.Ocilot):
    """One I/O thread, a log of requests, and none of the jobs that begin by the clock."""

    pinned = False
    wrapped: Sequence[str | Path] = ()
    """What it is run by."""

    def command(self) -> Sequence[str | Path]:
        # The interpreter itself: what a script names in its first line may start another program.
        return [*self.wrapped, self.program.with_name("python"), *super().command()]

    def environment(self) -> Mapping[str, str]:
        return {
            **super().environment(),
            # What runs beside requests is not of any one request.
            "REGISTRY_OCILOT_GC_ENABLED": "false",
            "REGISTRY_OCILOT_SCRUB_ENABLED": "false",
            "REGISTRY_OCILOT_HOSTNAMES": "[registry.test]",
            "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED": "false",
            # Hashing takes the same way on every machine that has SSSE3.
            "OPENSSL_ia32cap": "~0x1000000000000000:~0x20000020",
        }

    def wait_for_rest(self) -> None:
        """Waits until all threads sleep. A request that came earlier would save the server going to sleep."""
        threads = [path / "stat" for path in Path(f"/proc/{self.pid}/task").iterdir()]
        wait_until(lambda: all(rests(thread) for thread in threads), "all threads to sleep")

    def wait_for_log(self, requests: int) -> None:
        """Waits until its log has a line for each of these requests."""
        wait_until(lambda: self.log.read_bytes().count(AGENT.encode()) >= requests, "the log of requests")


class Valgrind:
    """Counts instructions of all threads, and calls of the allocator."""

    measures = (INSTRUCTIONS, ALLOCATIONS)

    def __init__(self, setup: servers.Setup) -> None:
        self._out = setup.home / "callgrind.out"
        self._parts = 0
        self.registry = Registry(setup)
        options = ["--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self._out}"]
        self.registry.wrapped = ["valgrind", *options]

    def attach(self) -> None:
        self._tell("instrumentation on")

    def begin(self) -> None:
        self._tell("zero")

    def end(self) -> Counts:
        self._tell("dump")
        self._parts += 1
        text = self._out.with_name(f"{self._out.name}.{self._parts}").read_text()
        return {INSTRUCTIONS: total(text), ALLOCATIONS: calls(text, ALLOCATORS)}

    def detach(self) -> None:
        pass

    def _tell(self, order: str) -> None:
        words = ["vgdb", f"--pid={self.registry.pid}", *order.split()]
        ran = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
        if ran.returncode:
            raise CannotCount(f"valgrind does not take the order '{order}': {ran.stderr.strip()}")


class Strace:
    """Counts system calls.

    Not those of the threads that write the log, which gather by the clock, and not futex: whether two threads
    meet at a lock is chance.
    """

    measures = (SYSTEM_CALLS,)

    def __init__(self, setup: servers.Setup) -> None:
        self.registry = Registry(setup)
        self._out = setup.home / "strace"
        self._tracer: subprocess.Popen[bytes] | None = None
        self._before: dict[Path, int] = {}

    def attach(self) -> None:
        pid = self.registry.pid
        options = ["-ff", "-qq", "-e", "trace=!futex", "-e", "signal=none", "-o", str(self._out)]
        said = self._out.with_name("strace.stderr")
        with said.open("wb") as errors:
            words = ["setpriv", "--pdeathsig", "TERM", "strace", *options, "-p", str(pid)]
            self._tracer = tracer = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=errors)

        def attached() -> bool:
            if tracer.poll() is not None:
                raise CannotCount(f"strace cannot follow the registry: {said.read_text().strip()}")
            statuses = Path(f"/proc/{pid}/task").glob("*/status")
            return all(f"TracerPid:\t{tracer.pid}\n" in status.read_text() for status in statuses)

        wait_until(attached, "strace to follow all threads")

    def begin(self) -> None:
        self._before = self._lines()

    def end(self) -> Counts:
        after = self._lines()
        ours = [file for file in after if not is_log_thread(file.read_text())]
        return {SYSTEM_CALLS: sum(after[file] - self._before.get(file, 0) for file in ours)}

    def detach(self) -> None:
        if self._tracer is not None:
            self._tracer.terminate()
            self._tracer.wait(PATIENCE)

    def _lines(self) -> dict[Path, int]:
        """By file; there is one for each thread."""
        return {file: file.read_bytes().count(b"\n") for file in self._out.parent.glob("strace.[0-9]*")}


Counter = Valgrind | Strace


def wait_until(condition: Callable[[], bool], what: str) -> None:
    late = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > late:
            raise CannotCount(f"Waited {PATIENCE:g} s in vain for {what}.")
        time.sleep(0.0001)


def rests(thread: Path) -> bool:
    """Whether a thread waits, by its `stat`; one that has ended does."""
    try:
        return is_asleep(thread.read_text())
    except (FileNotFoundError, ProcessLookupError):
        return True


def is_asleep(stat: str) -> bool:
    """Whether a thread waits for something to happen, by its line in /proc; a name may hold any character."""
    return stat.rpartition(")")[2].split()[0] == "S"


def total(profile: str) -> int:
    """All instructions of a part of callgrind's."""
    found = re.search(r"^totals: (\d+)$", profile, re.M)
    if found is None:
        raise CannotCount("A part of callgrind's has no line with totals; was nothing run?")
    return int(found[1])


def calls(profile: str, functions: Iterable[str]) -> int:
    """How often these were called from another library: memalign itself calls malloc, and is one call.

    A name stands beside its number only where that comes first.
    """
    wanted = frozenset(functions)
    numbers: set[str] = set()
    counted: dict[str, int] = {}
    called, is_foreign = "", False
    for kind, number, name, count in _LINE.findall(profile):
        if name.removeprefix("__libc_") in wanted:
            numbers.add(number)
        if kind == "cob=":
            is_foreign = True
        elif kind == "cfn=":
            called = number
        elif count:
            if is_foreign:
                counted[called] = counted.get(called, 0) + int(count)
            is_foreign = False
    return sum(counted.get(number, 0) for number in numbers)


def is_log_thread(trace: str) -> bool:
    """Whether this thread writes to standard output or standard error."""
    return re.search(r"^write\([12],", trace, re.M) is not None


def count(counter: Counter, workloads: Sequence[Workload]) -> dict[str, Counts]:
    """What a request of each costs; starts and stops the registry."""
    found = {}
    registry = counter.registry
    registry.start()
    try:
        token = registry.log_in(READ) if registry.setup.login else ""
        with Connection(registry.port, registry.wait_for_rest, token) as connection:
            counter.attach()
            for workload in workloads:
                for number in range(WARM):
                    workload.play(connection, number)
                registry.wait_for_log(connection.sent)
                counter.begin()
                for number in range(WARM, WARM + COUNTED):
                    workload.play(connection, number)
                registry.wait_for_log(connection.sent)
                sums = counter.end()
                found[workload.name] = {measure: value / COUNTED for measure, value in sums.items()}
    finally:
        counter.detach()
        registry.stop()
    return found
