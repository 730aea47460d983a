"""What /proc says is read right."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from . import measure
from .loader import LoadFailed, parse
from .runs import figures
from .servers import free_port, listener

TICK = measure.TICK


def stat(pid: int, name: str, parent: int, user: int, system: int, flags: int = 0) -> str:
    return f"{pid} ({name}) S {parent} 1 1 0 -1 {flags} 9 9 9 9 {user} {system} 77 77 20 0 1 0 100 1000 10\n"


def test_a_process_may_be_called_anything() -> None:
    found = measure.parse_stat(stat(7, "a) S 1 (b", 3, 20, 5))
    assert (found.pid, found.parent, found.is_kernel) == (7, 3, False)
    assert found.cpu == pytest.approx(25 * TICK)


def test_threads_of_the_kernel_are_known() -> None:
    assert measure.parse_stat(stat(2, "kworker/0:1", 0, 0, 1, measure.KERNEL_THREAD)).is_kernel


def test_a_server_is_all_that_it_started() -> None:
    lines = [stat(1, "init", 0, 0, 0), stat(5, "nginx", 1, 0, 0), stat(6, "nginx", 5, 0, 0)]
    lines += [stat(9, "nginx", 6, 0, 0), stat(8, "other", 1, 0, 0)]
    all_ = {process.pid: process for process in map(measure.parse_stat, lines)}
    assert measure.tree(5, all_) == {5, 6, 9}
    assert measure.tree(4711, all_) == set()


def test_processes_are_found_and_those_that_end_meanwhile_are_not_missed(tmp_path: Path) -> None:
    (tmp_path / "12").mkdir()
    (tmp_path / "12/stat").write_text(stat(12, "one", 1, 1, 1))
    (tmp_path / "13").mkdir()
    (tmp_path / "meminfo").write_text("")
    assert list(measure.processes(tmp_path)) == [12]


def machine(user: int, idle: int, steal: int, irq: int = 0) -> measure.Machine:
    return measure.parse_machine(f"cpu  {user} 0 0 {idle} 0 {irq} 0 {steal} 0 0\ncpu0 1 1 1 1\n")


def test_what_neither_the_server_nor_the_bench_used_is_foreign() -> None:
    found = measure.cost(60 * TICK, 90 * TICK, machine(0, 0, 0), machine(100, 80, 20))
    assert found.foreign == pytest.approx(0.05)
    assert found.steal == pytest.approx(0.10)
    assert found.is_noisy


def test_interrupts_are_the_traffics_own() -> None:
    found = measure.cost(60 * TICK, 100 * TICK, machine(0, 0, 0), machine(100, 60, 0, irq=40))
    assert found.foreign == 0
    assert not found.is_noisy


def test_a_meter_sees_what_this_process_does() -> None:
    meter = measure.Meter(os.getpid())
    while not meter.read().cpu:
        sum(range(100_000))
    resident = measure.memory(os.getpid(), "VmRSS")  # First: it may grow meanwhile.
    assert measure.memory(os.getpid(), "VmHWM") >= resident > 0


def test_the_process_behind_a_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert listener(listening.getsockname()[1]) == os.getpid()
    assert listener(free_port()) is None


def test_the_load_generators_words_are_taken_from_its_last_line() -> None:
    assert parse(["x"], 1, 'hello\n{"errors": 3}\n', "") == {"errors": 3}
    with pytest.raises(LoadFailed, match="exit code 2"):
        parse(["x"], 2, "", "no such file")


def test_bytes_become_a_rate_and_streams_a_fairness() -> None:
    said = {
        "requests": 2,
        "errors": 0,
        "seconds": 2.0,
        "bytes": 4e6,
        "streams": {"min_mb_s": 2, "max_mb_s": 3},
    }
    found = figures(said)
    assert (found["mb_s"], found["fairness"]) == (2.0, 1.5)


def test_the_slowest_kind_of_small_reads_counts() -> None:
    kinds = {kind: {"p99_us": p99} for kind, p99 in (("v2", 1.0), ("manifests", 7.0), ("large_blobs", 99.0))}
    said = {"requests": 2, "errors": 0, "seconds": 2.0, "bytes": 4e6, "kinds": kinds}
    assert figures(said)["small_p99_us"] == 7.0
