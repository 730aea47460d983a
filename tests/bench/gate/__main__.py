"""Counts what a request costs, and holds it to a budget: ./dev bench --gate."""

from __future__ import annotations

import argparse
import itertools
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from .. import servers
from . import budget
from .connection import Connection, WrongAnswer
from .counters import CannotCount, Counter, Counts, Registry, Strace, Valgrind, count
from .workloads import WORKLOADS, Workload, fill


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench --gate", description="Counts what a request costs.")
    add = parser.add_argument
    names = [workload.name for workload in WORKLOADS]
    add("--workload", action="append", choices=names, metavar="NAME", help="only this one; repeatable")
    add("--write", action="store_true", help="make what is counted the new budget")
    add("--program", type=Path, default=Path(sys.executable).with_name("ocilot"), help=argparse.SUPPRESS)
    return parser.parse_args(words)


def measured(workloads: list[Workload], home: Path) -> dict[str, Counts]:
    """By workload; each counter gets a registry of its own over the same store."""
    found: dict[str, Counts] = {workload.name: {} for workload in workloads}
    store = home / "store"
    filler = Registry(servers.Setup(store, home / "fill", servers.free_port()))
    filler.start()
    try:
        with Connection(filler.port) as connection:
            fill(connection)
    finally:
        filler.stop()
    kinds: tuple[type[Strace | Valgrind], ...] = (Strace, Valgrind)
    for kind, login in itertools.product(kinds, (False, True)):
        chosen = [workload for workload in workloads if workload.login is login]
        if chosen:
            place = home / f"{kind.__name__}-{login}"
            shutil.copytree(store, place / "data")
            counter: Counter = kind(servers.Setup(place / "data", place, servers.free_port(), login=login))
            for name, counts in count(counter, chosen).items():
                found[name] |= counts
    return found


def main() -> int:
    options = arguments()
    workloads = [work for work in WORKLOADS if work.name in (options.workload or [work.name])]
    Registry.program = options.program
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ocilot-gate-") as home:
        try:
            seen = measured(workloads, Path(home))
        except (CannotCount, WrongAnswer, servers.CannotStart) as problem:
            print(f"Nothing is counted: {problem}", file=sys.stderr)
            return 2
    machine = platform.machine()
    limits = budget.read(budget.FILE, machine)
    print(budget.table(workloads, seen, limits))
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
    if options.write:
        budget.write(budget.FILE, machine, seen, [workload.name for workload in WORKLOADS])
        print(f"The new budget is in {budget.FILE}.", file=sys.stderr)
        return 0
    over = budget.problems(seen, limits)
    for sentence in [*over, budget.HOW] if over else []:
        print(sentence, file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
