"""Kills a real registry again and again, at every step that changes its disk and at any moment, under
traffic, and looks each time whether it kept its promises: `./dev kill`."""

from __future__ import annotations

import argparse
import hashlib
import json
import mmap
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .kill_client import Client
from .programs import wait_until
from .receivers import Receiver
from .registry import Registry

CLIENTS = 4
ROUNDS_A_DIRECTORY = 50
PATIENCE = 5.0
"""Seconds within which the traffic comes to a step, or the process is killed where it is."""

WHEN = ("before", "half-way", "after")
STEPS = tuple(
    (step, when)
    for step in (
        "mkdir upload",
        "create upload",
        "write upload",
        "sync upload",
        "rename blob",
        "unlink upload",
        "write nameless",
        "sync nameless",
        "mkdir blob",
        "link blob",
        "sync_names blob",
        "write wal",
        "sync wal",
    )
    for when in WHEN
    if when != "half-way" or step.startswith("write")
)
STEPS_AT_THE_END = tuple(
    (step, when)
    for step in ("write database", "sync database", "truncate wal")
    for when in WHEN
    if when != "half-way" or step.startswith("write")
)
"""What happens at an orderly end: the write-ahead log goes into the database."""


class Order:
    """Where the process ends: the file that named_steps.cpp maps into it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "order"
        self.path.write_bytes(bytes(64))
        with self.path.open("r+b") as file:
            self._place = mmap.mmap(file.fileno(), 64)

    def give(self, step: str, when: str, times: int) -> None:
        self._place[4:64] = struct.pack("i56s", WHEN.index(when), step.encode())
        self._place[0:4] = struct.pack("i", times)

    def withdraw(self) -> None:
        self._place[0:4] = bytes(4)

    @property
    def is_carried_out(self) -> bool:
        return bool(struct.unpack("i", self._place[0:4])[0] <= 0)


@dataclass
class Count:
    """What came of it."""

    kills: int = 0
    steps: Counter[tuple[str, str]] = field(default_factory=Counter)
    at_random: int = 0
    not_reached: Counter[tuple[str, str]] = field(default_factory=Counter)
    requests: int = 0
    facts: int = 0
    files: int = 0
    events: int = 0
    hook_events: int = 0

    def __str__(self) -> str:
        named, missed = sum(self.steps.values()), sum(self.not_reached.values())
        return (
            f"{self.kills} kills: {named} at {len(self.steps)} of {len(STEPS) + len(STEPS_AT_THE_END)} named "
            f"steps, {self.at_random} at random moments, {missed} at random because the step did not come; "
            f"{self.requests} requests, {self.facts} metadata records, {self.files} files, {self.events} "
            f"events of a webhook and {self.hook_events} of a hook compared, "
            "nothing lost, nothing half visible"
        )


def build_steps(directory: Path) -> Path:
    library = directory / "named_steps.so"
    source = Path(__file__).with_name("named_steps.cpp")
    subprocess.run(["c++", "-std=c++20", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


class Harness:
    """One registry after the other, each with `CLIENTS` clients and killed `ROUNDS_A_DIRECTORY` times."""

    def __init__(self, home: Path, seed: int) -> None:
        self.count = Count()
        self._home = home
        self._library = build_steps(home)
        self._seed = seed
        self._random = random.Random(seed)
        self._moments = [*STEPS, *STEPS_AT_THE_END]
        self._random.shuffle(self._moments)

    def run(self, rounds: int) -> None:
        for first in range(0, rounds, ROUNDS_A_DIRECTORY):
            home = self._home / str(first)
            home.mkdir()
            self._run_directory(home, range(first, min(rounds, first + ROUNDS_A_DIRECTORY)))
            shutil.rmtree(home)

    def _run_directory(self, home: Path, rounds: range) -> None:
        order = Order(home)
        env = {"LD_PRELOAD": str(self._library), "OCILOT_TEST_KILL_ORDER": str(order.path)}
        hook = Hook(home)
        env["REGISTRY_OCILOT_HOOKS_SCRIPTS_0_PATH"] = str(hook.script)
        with Receiver() as receiver:
            env["REGISTRY_OCILOT_WEBHOOKS"] = webhook_of(receiver)
            self._run_registry(Registry(home, env=env).start(), receiver, hook, order, rounds)

    def _run_registry(
        self, registry: Registry, receiver: Receiver, hook: Hook, order: Order, rounds: range
    ) -> None:
        clients = [Client(n, f"{self._seed}/{rounds.start}", registry.connect) for n in range(CLIENTS)]
        files = Files(registry.root)
        try:
            for round_ in rounds:
                self._kill(registry, order, clients, round_)
                order.withdraw()
                self.count.files += files.check()
                registry.start()
                is_last = round_ == rounds[-1]
                with ThreadPoolExecutor(CLIENTS) as pool:
                    checks = [pool.submit(client.check, is_last) for client in clients]
                self.count.facts += sum(check.result() for check in checks)
            database = registry.root / "ocilot" / "meta.sqlite"
            wait_until(lambda: undelivered(database, TOLD, data_of(receiver)) == set(), "all events")
            wait_until(
                lambda: undelivered(database, TOLD_TO_HOOKS, hook.seen()) == set(), "all calls of hooks"
            )
            registry.stop()
            check_database(database)
            self.count.events += check_order(data_of(receiver))
            self.count.hook_events += check_order(hook.seen())
            self.count.requests += sum(client.requests for client in clients)
        finally:
            registry.close()

    def _kill(self, registry: Registry, order: Order, clients: list[Client], round_: int) -> None:
        """Traffic, and the end of the process in the middle of it."""
        stop = threading.Event()
        self.count.kills += 1
        with ThreadPoolExecutor(CLIENTS) as pool:
            works = [pool.submit(client.work, round_, stop) for client in clients]
            try:
                if round_ % 5 < 3:
                    self._kill_at_step(registry, order)
                else:
                    time.sleep(self._random.uniform(0, 0.25))
                    registry.kill()
                    self.count.at_random += 1
            finally:
                stop.set()
        for work in works:
            work.result()

    def _kill_at_step(self, registry: Registry, order: Order) -> None:
        moment = self._moments.pop(0)
        self._moments.append(moment)
        at_the_end = moment in STEPS_AT_THE_END
        order.give(*moment, 1 if at_the_end else self._random.randint(1, 4))
        if at_the_end:
            time.sleep(self._random.uniform(0.05, 0.2))
            registry.process.signal(signal.SIGTERM)
        try:
            wait_until(lambda: registry.process.exit_code is not None, "the step", PATIENCE)
        except AssertionError:
            registry.kill()
        counter = self.count.steps if order.is_carried_out else self.count.not_reached
        counter[moment] += 1


class Files:
    """Every file that is visible as a blob holds what its name says. Each is read once."""

    def __init__(self, root: Path) -> None:
        self._blobs = root / "docker/registry/v2/blobs"
        self._read: set[Path] = set()

    def check(self) -> int:
        new = {path for path in self._blobs.glob("*/*/*/*") if path not in self._read}
        for path in new:
            assert path.name == "data", f"{path} is no part of a store"
            algorithm, _, hex_ = path.relative_to(self._blobs).parts[:3]
            assert hashlib.new(algorithm, path.read_bytes()).hexdigest() == hex_, f"{path} is torn"
        self._read |= new
        return len(new)


STRAY_EDGES = """
    SELECT * FROM edge WHERE repository NOT IN (SELECT id FROM repository) OR manifest NOT IN
    (SELECT id FROM manifest UNION SELECT live_id FROM removed_manifest WHERE live_id IS NOT NULL)
"""


def check_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute(STRAY_EDGES).fetchall() == []


def webhook_of(receiver: Receiver) -> str:
    """A webhook that gets everything, as the configuration has it."""
    return f"[{{name: book, url: '{receiver.url}', actions: ['*'], batch: 50, backoff: 1s, allow: ['*']}}]"


class Hook:
    """A script that writes down each event that it is told of, before it answers."""

    POINTS = ("manifest_pushed", "manifest_deleted", "tag_moved", "tag_deleted", "blob_pushed", "mounted")
    TEXT = """\
import json, os, pathlib
def note(event):
    known = ("id", "sequence", "action", "repository")
    line = json.dumps({name: getattr(event, name) for name in known}) + "\\n"
    file = os.open(pathlib.Path(__file__).with_suffix(".seen"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
    os.close(file)
"""

    def __init__(self, home: Path) -> None:
        self.script = home / "book.py"
        self.script.write_text(
            self.TEXT + "".join(f"def on_{one}(event): note(event)\n" for one in self.POINTS)
        )

    def seen(self) -> list[dict[str, Any]]:
        """Each event, in the order of the calls."""
        file = self.script.with_suffix(".seen")
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


TOLD = ("manifest.", "tag.", "blob.")
TOLD_TO_HOOKS = ("manifest.push", "manifest.delete", "tag.move", "tag.delete", "blob.push", "blob.mount")


def data_of(receiver: Receiver) -> list[dict[str, Any]]:
    """Each event that came, in order."""
    return [event["data"] for event in receiver.events]


def undelivered(path: Path, actions: tuple[str, ...], come: list[dict[str, Any]]) -> set[int]:
    """Changes of content that are committed, and of which no event has come."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT id, action FROM journal WHERE refused = 0").fetchall()
    sequences = {event["sequence"] for event in come}
    return {id_ for id_, action in rows if action.startswith(actions)} - sequences


def check_order(events: list[dict[str, Any]]) -> int:
    """In each repository, events first come in the order of the changes; an id is always the same event."""
    last: dict[str, int] = {}
    known: dict[str, tuple[int, str]] = {}
    for event in events:
        sequence, repository = event["sequence"], event.get("repository", "")
        if event["id"] in known:  # At least once.
            assert known[event["id"]] == (sequence, event["action"]), f"two events have the id {event['id']}"
            continue
        known[event["id"]] = (sequence, event["action"])
        assert sequence >= last.get(repository, 0), f"{repository}: {sequence} after {last[repository]}"
        last[repository] = sequence
    return len(known)


def memory_directory() -> str | None:
    """A killed process leaves what the kernel has, so memory proves as much as a disk and wears none."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    options = argparse.ArgumentParser(prog="./dev kill", description=__doc__)
    options.add_argument("--rounds", type=int, default=1000, help="kills (default: 1000)")
    options.add_argument("--seed", type=int, default=1, help="what is killed where (default: 1)")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocilot-kill-", dir=memory_directory()) as home:
        harness = Harness(Path(home), chosen.seed)
        begin = time.monotonic()
        harness.run(chosen.rounds)
    print(f"seed {chosen.seed}: {harness.count} in {time.monotonic() - begin:.0f} s")
    for moment, times in harness.count.not_reached.items():
        print(f"not reached within {PATIENCE:g} s: {moment[1]} {moment[0]}, {times} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
