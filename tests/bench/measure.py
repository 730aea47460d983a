"""What a process tree has cost, and whether the machine was quiet meanwhile. All of it is in /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
KERNEL_THREAD = 0x00200000
"""PF_KTHREAD in the flags of a process."""
FOREIGN_LIMIT = 0.03
"""The share of the machine that others, or the hypervisor, may have taken from a measurement."""


@dataclass(frozen=True)
class Process:
    """A line of /proc/PID/stat."""

    pid: int
    parent: int
    is_kernel: bool
    cpu: float
    """Seconds, user and system."""


def parse_stat(line: str) -> Process:
    # The name is in brackets and may hold anything, brackets and blanks too.
    words = line[line.rindex(")") + 2 :].split()
    return Process(
        int(line[: line.index(" ")]),
        int(words[1]),
        bool(int(words[6]) & KERNEL_THREAD),
        (int(words[11]) + int(words[12])) * TICK,
    )


def processes(proc: Path = Path("/proc")) -> dict[int, Process]:
    """All that run now."""
    found = {}
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                process = parse_stat((entry / "stat").read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue  # It has just ended.
            found[process.pid] = process
    return found


def tree(pid: int, all_: dict[int, Process]) -> set[int]:
    """A process and all it started."""
    found = {pid} & all_.keys()
    grown = True
    while grown:
        more = {process.pid for process in all_.values() if process.parent in found} - found
        found |= more
        grown = bool(more)
    return found


@dataclass(frozen=True)
class Machine:
    """The first line of /proc/stat, in seconds."""

    busy: float
    """In processes: user, nice and system. What interrupts take is the traffic's own."""
    idle: float
    steal: float
    total: float


def parse_machine(text: str) -> Machine:
    user, nice, system, idle, iowait, irq, softirq, steal = (
        int(word) * TICK for word in text.splitlines()[0].split()[1:9]
    )
    total = user + nice + system + idle + iowait + irq + softirq + steal
    return Machine(user + nice + system, idle + iowait, steal, total)


def machine() -> Machine:
    return parse_machine(Path("/proc/stat").read_text())


@dataclass(frozen=True)
class Cost:
    """What happened between two looks."""

    cpu: float
    """Seconds of the server's process tree."""
    foreign: float
    """Share of the machine that neither the server nor the bench used."""
    steal: float
    """Share of the machine that the hypervisor gave to others."""

    @property
    def is_noisy(self) -> bool:
        return self.foreign > FOREIGN_LIMIT or self.steal > FOREIGN_LIMIT


class Meter:
    """From its making to `read`: what a server costs. `pid` 0 is one that cannot be seen."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = processes()
        self._machine = machine()
        self._own = own_cpu()

    def read(self) -> Cost:
        after, machine_after, own_after = processes(), machine(), own_cpu()
        servers = tree(self._pid, after)
        kernel = [process.pid for process in after.values() if process.is_kernel]
        server = self._spent(servers, after)
        known = server + self._spent(kernel, after) + own_after - self._own
        return cost(server, known, self._machine, machine_after)

    def _spent(self, pids: Iterable[int], after: dict[int, Process]) -> float:
        before = self._before
        return sum(after[pid].cpu - (before[pid].cpu if pid in before else 0.0) for pid in pids)


def cost(server: float, known: float, before: Machine, after: Machine) -> Cost:
    """`known`: the seconds that the server, the bench and the kernel's own threads took."""
    total = max(after.total - before.total, TICK)
    foreign = max(0.0, after.busy - before.busy - known) / total
    return Cost(server, foreign, (after.steal - before.steal) / total)


def own_cpu() -> float:
    """Of this process, and of the load generators it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def wait_for_quiet(patience: float, share: float = 0.95) -> bool:
    """Until the machine idles for half a second; False if it would not."""
    deadline = time.monotonic() + patience
    while True:
        before = machine()
        time.sleep(0.5)
        after = machine()
        if after.idle - before.idle >= share * (after.total - before.total):
            return True
        if time.monotonic() > deadline:
            return False


def forget_peak(pid: int) -> None:
    """The peak of memory counts from now on."""
    for one in tree(pid, processes()):
        Path(f"/proc/{one}/clear_refs").write_text("5")


def memory(pid: int, kind: str) -> int:
    """Bytes of a process tree; `kind`: VmRSS now, VmHWM at its peak."""
    total = 0
    for one in tree(pid, processes()):
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                total += int(line.split()[1]) * 1024
    return total


def facts() -> dict[str, object]:
    """What a reader of the numbers has to know about the machine."""
    cpu = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    memory_line = Path("/proc/meminfo").read_text().splitlines()[0]
    return {
        "cpu": cpu[0] if cpu else "unknown",
        "cpus": os.cpu_count(),
        "memory_gib": round(int(memory_line.split()[1]) / (1 << 20), 1),
        "kernel": os.uname().release,
        "architecture": os.uname().machine,
    }
