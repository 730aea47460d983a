"""Kills a registry that collects at once, under random traffic, and compares it with the clients' books."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import ocilot
from ocilot.cli.gc import run_round, state_of
from ocilot.cli.retention import rows_of, run_apply

from ..kill_harness import check_database
from ..programs import wait_until
from ..registry import Registry
from ..test_collection import control_of, stored
from .client import Client
from .content import Pool
from .metadata import check_metadata
from .retention import POLICY

CLIENTS = 4
BETWEEN_KILLS = (20, 300)
"""Operations of all clients together."""
ROUNDS_TO_COMPARE = 12
"""Kills between two comparisons of all that is stored."""
PATIENCE = 300.0
"""Seconds within which the clients come to the next kill; else something hangs."""

CONFIG = f"""\
version: 0.1
log: {{level: info, formatter: json, accesslog: {{disabled: true}}}}
storage: {{delete: {{enabled: true}}}}
ocilot:
  gc: {{grace: 0s, pending: 1s}}
  retention: {{firstrun: true, policies: [{json.dumps(POLICY)}]}}
"""


class Soak:
    """One registry with its clients."""

    def __init__(self, home: Path, seed: int, between_kills: tuple[int, int] = BETWEEN_KILLS) -> None:
        self.count: Counter[str] = Counter()
        self.memory: list[int] = []
        """The most bytes that each process held."""
        self.warnings: Counter[str] = Counter()
        self._random = random.Random(f"{seed}/kills")
        self._between_kills = between_kills
        self._registry = Registry(home, config=CONFIG)
        self._database = self._registry.root / "ocilot" / "meta.sqlite"
        self._pool = Pool(str(seed))
        self.clients = [
            Client(n, str(seed), self._pool, self._registry.connect, self._registry.root, home)
            for n in range(CLIENTS)
        ]
        holders: dict[str, str] = {}
        for client in self.clients:
            client.connection.holders = holders

    def run(self, *, seconds: float = 0, rounds: int = 1) -> None:
        """Ends with a comparison, after so many kills and not before so many seconds."""
        end = time.monotonic() + seconds
        self._registry.start()
        try:
            while self.count["kills"] < rounds or time.monotonic() < end:
                self._traffic()
                self._kill()
                self._check()
                if self.count["kills"] % ROUNDS_TO_COMPARE == 0:
                    self.compare()
                    self._registry.start()
            self.compare()
        finally:
            if self._registry.is_running():
                self._registry.process.end()

    @property
    def operations(self) -> int:
        return sum(client.operations for client in self.clients)

    def __str__(self) -> str:
        count = self.count + sum((client.connection.counts for client in self.clients), Counter())
        first, last, most = (
            f"{size // 2**20} MiB" for size in (self.memory[0], self.memory[-1], max(self.memory))
        )
        return (
            f"{self.operations} operations in {count['requests']} requests, {count['kills']} kills; "
            f"{count['repeated']} pushes repeated, {count['abandoned']} abandoned, "
            f"{count['mounts']} mounts, {count['restored']} restored; "
            f"{count['plans']} retention plans applied, {count['expired']} tags deleted by them; "
            f"{count['manifests']} manifests, {count['links']} links and {count['blobs']} blobs collected, "
            f"{count['orphans']} of them orphans of kills; {count['pulled']} images pulled, "
            f"{count['facts']} metadata records and {count['files']} files compared, all of them "
            f"{count['comparisons']} times, nothing lost, nothing left; "
            f"memory {first} at first, {last} at last, {most} at most"
        )

    # Between two kills.

    def _traffic(self) -> None:
        """Until the process is to be killed, and kills it."""
        stop = threading.Event()
        target = self.operations + self._random.randint(*self._between_kills)
        with ThreadPoolExecutor(CLIENTS) as pool:
            works = [pool.submit(client.work, stop) for client in self.clients]
            try:
                wait_until(lambda: self._is_reached(target, works), f"{target} operations", PATIENCE)
                self._note_memory()
                self._registry.kill()
            finally:
                stop.set()
        for work in works:
            work.result()

    def _is_reached(self, target: int, works: list[Future[None]]) -> bool:
        for work in works:
            if work.done():
                work.result()
                code = self._registry.process.exit_code
                raise AssertionError(f"the registry closed a connection by itself; exit code: {code}")
        return self.operations >= target

    def _kill(self) -> None:
        self.count["kills"] += 1
        self._read_log()
        report = ocilot.fsck(self._registry.root)
        assert report.ok, f"fsck after a kill: {[p for p in report.problems if p.is_error]}"
        self._registry.start()

    def _check(self) -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            self.count["facts"] += sum(pool.map(Client.check, self.clients))

    # When no client works.

    def compare(self) -> None:
        """Deletes and collects what no rule keeps: what is left is what clients need, bytes and metadata."""
        self._apply_retention()
        self._collect()
        self._check()
        self.count["orphans"] += len(stored(self._registry) - self._needed())
        # A kill may leave bytes that no change names: the start after it searches for them.
        self._registry.kill()
        self._registry.start()
        self._collect()
        self._check()
        self._stop()
        found, needed = stored(self._registry), self._needed()
        assert found == needed, f"lost: {sorted(needed - found)}; left: {sorted(found - needed)}"
        books = {name: client.book for client in self.clients for name in client.repositories}
        self.count["facts"] += check_metadata(self._database, books)
        check_database(self._database)
        report = ocilot.fsck(self._registry.root)
        assert not report.problems, f"fsck: {report.problems}"
        for client in self.clients:
            client.note_collection()
        self.count["files"] += len(found)
        self.count["comparisons"] += 1

    def _apply_retention(self) -> None:
        """A plan has all tags that the rules select and no others, and another one has none."""
        books = [client.book for client in self.clients]
        wanted = {key for book in books for key in book.previews.in_doubt}
        with control_of(self._registry) as control:
            for keys in (wanted, set()):
                plan = control.ask("POST", "/api/v1/retention/plan", {})["id"]
                found = {("tag", row["repository"], row["tag"]) for row in rows_of(control, plan, "delete")}
                assert found == keys, f"plan {plan}: {sorted(found)}, not {sorted(keys)}"
                if keys:
                    done = run_apply(control, plan, exact=True)["applied"]
                    assert (done["tags"], done["skipped"]) == (len(keys), 0), done
        for book in books:
            book.note_gone([*book.previews.in_doubt])
        self.count["planned"] += len(wanted)

    def _collect(self) -> None:
        """Rounds until nothing waits."""
        with control_of(self._registry) as control:

            def is_done() -> bool:
                run_round(control, now=True)
                state = state_of(control)
                return bool(state["waiting"] + state["due"] == 0)

            wait_until(is_done, "the end of the pending time", 60)

    def _needed(self) -> set[str]:
        return {
            digest
            for client in self.clients
            for repository in client.repositories
            for digest in client.book.needed_digests(repository)
        }

    def _stop(self) -> None:
        self._note_memory()
        self._registry.stop()
        self._read_log()

    # What the process says.

    def _note_memory(self) -> None:
        self.memory.append(self._registry.process.most_memory())

    def _read_log(self) -> None:
        """Of the process that has ended. A kill may have cut the last line off."""
        lines = self._registry.process.output().split("\n")[:-1]
        for line in lines:
            assert line.startswith("{"), f"in the log: {line}"
            entry = json.loads(line)
            assert entry["level"] in ("info", "warn"), f"in the log: {line}"
            if entry["level"] == "warn":
                self.warnings[entry["msg"]] += 1
            if entry["msg"] == "retention plan applied":
                self.count["plans"] += 1
                self.count["expired"] += entry["tags"]
            if entry["msg"] == "garbage collected":
                for kind in ("manifests", "links", "blobs"):
                    self.count[kind] += entry[kind]
