"""Measures this registry beside others: ./dev bench."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from . import copies, loader, measure, page, servers, targets, upkeep, workloads
from .content import stores
from .data import Store, ensure
from .limit import measured as measured_limit
from .peer import Filler, PeerRefused
from .runs import HOOKS, Effort, Run, interpreter_ms, perform
from .table import Sample
from .workloads import Workload

ROOT = Path(__file__).parents[2]
REPEATS = 2
"""How often a noisy run is done again before it counts as it is."""
LOCAL = (servers.Ocilot, servers.DockerRegistry, servers.Nginx)


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measures this registry beside others.")
    add = parser.add_argument
    add("--workload", action="append", default=[], metavar="NAME", help="only this one, or group; repeatable")
    add("--list", action="store_true", help="name all workloads")
    add("--server", action="append", default=[], metavar="NAME", help="only ocilot, docker-registry or nginx")
    add(
        "--peer", action="append", default=[], metavar="NAME=URL", help="another registry, which runs already"
    )
    add("--quick", action="store_true", help="one short round: shows that it works, not how fast")
    add("--rounds", type=int, default=5, help="rounds of all servers in turn (5)")
    add("--seconds", type=float, default=5.0, help="length of a run (5)")
    add("--blobs", type=int, metavar="N", help="blobs of collections (1 000 000; --quick: 20 000)")
    add("--tags", type=int, metavar="N", help="tags of plan and tag-pages (100 000; --quick: 2 000)")
    add("--no-access-log", action="store_true", help="measure all without a log of requests")
    add("--json", type=Path, metavar="FILE", help="write everything that was measured")
    add("--data", type=Path, default=ROOT / "build/bench", metavar="DIR", help="stores are kept here")
    add("--model", type=Path, default=Path(__file__).with_name("trace_model.json"), help="the production mix")
    add("--program", type=Path, default=ROOT / "build/bench/venv/bin/ocilot", help=argparse.SUPPRESS)
    add("--loader", type=Path, default=ROOT / "build/bench/load/ocilot_load", help=argparse.SUPPRESS)
    add("--page", type=Path, metavar="FILE", help="write docs/performance.md's results from such a file")
    return parser.parse_args(words)


class Bench:
    """All that is asked for, one run after the other."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.data: Path = options.data.resolve()
        self.samples: list[Sample] = []
        self.effort = (
            Effort(1.0, 0.3, True, 2.0, options.blobs or 20_000, options.tags or 2_000)
            if options.quick
            else Effort(
                options.seconds, 1.0, False, 60.0, options.blobs or 1_000_000, options.tags or 100_000
            )
        )
        self.rounds = 1 if options.quick else options.rounds
        self._stores: dict[str, Store] = {}
        self._filled: set[tuple[str, str]] = set()
        self._count = 0
        # Nothing that an earlier bench has pushed is pushed again.
        self._seed = time.time_ns() // 1_000_000
        servers.Ocilot.program = options.program
        shutil.rmtree(self.data / "run", ignore_errors=True)

    def run(self, chosen: list[Workload]) -> None:
        for workload in chosen:
            print(f"{workload.name}: {workload.what}", file=sys.stderr)
            for round_ in range(1 if workload.once else self.rounds):
                for sample in self._round(workload):
                    self.samples.append({"workload": workload.name, "round": round_, **sample})

    def _round(self, workload: Workload) -> Iterator[Sample]:
        if workload.run == "copies":
            yield from self._copies(workload)
            return
        for server in self._servers(workload):
            if workload.needs and workload.needs not in server.can:
                yield {"server": server.name, "failure": "cannot"}
                continue
            yield {"server": server.name, **self._measure(workload, server)}
        if workload.load == "push-big":
            yield {"server": "the limit", **measured_limit(self.data, workload.size)}

    def _copies(self, workload: Workload) -> Iterator[Sample]:
        """Clients in place of servers."""
        size = workload.size // 16 if self.options.quick else workload.size
        try:
            for sample in copies.measured(self.data, size):
                print(f"  {sample['server']}: {sample}", file=sys.stderr)
                yield sample
        except (copies.CopyFailed, servers.CannotStart) as problem:
            print(problem, file=sys.stderr)
            yield {"server": "ocilot", "failure": "FAILED"}

    def _servers(self, workload: Workload) -> Iterator[servers.Server]:
        """Each is made for one run: nothing of an earlier one is in its memory."""
        wanted = self.options.server or [kind.name for kind in LOCAL]
        pair = servers.make_certificate(self.data / "tls") if workload.tls else None
        for kind in LOCAL:
            if kind.name in wanted and (not workload.only or kind.name in workload.only):
                self._count += 1
                home = self.data / "run" / str(self._count)
                root = self._store(workload.store).root if workload.store else home / "data"
                access_log = not self.options.no_access_log
                hook = HOOKS / workload.hook if workload.hook else None
                port = servers.free_port()
                yield kind(
                    servers.Setup(
                        root,
                        home,
                        port,
                        pair,
                        access_log,
                        hook,
                        login=workload.login,
                        settings=workload.settings,
                        all_cores=workload.all_cores,
                    )
                )
        for text in self.options.peer:
            peer = named_peer(text)
            if (
                workload.tls is peer.tls
                and workload.run in ("load", "mix")
                and not (workload.only or workload.cold)
            ):
                yield peer

    def _measure(self, workload: Workload, server: servers.Server) -> Sample:
        store = self._store(workload.store) if workload.store else None
        lists = store.target("") if store else None
        attempt = 0
        while True:
            self._count += 1
            load = loader.Load(
                self.options.loader, server, workload, lists, self.options.model, self._seed + self._count
            )
            try:
                self._fill_peer(workload, server)
                found = perform(Run(workload, server, load, store, self.effort))
            except (loader.LoadFailed, servers.CannotStart, PeerRefused, upkeep.CannotMeasure) as problem:
                print(problem, file=sys.stderr)
                return {"failure": "FAILED"}
            attempt += 1
            is_final = self.options.quick or workload.once or attempt > REPEATS
            if is_final or not (found["noisy"] or found["errors"]):
                break
        if not isinstance(server, servers.Peer):
            shutil.rmtree(server.setup.home)  # With a log that may be large; of a run that failed it stays.
        print(f"  {server.name}: {found}", file=sys.stderr)
        return {**found, "attempts": attempt}

    def _store(self, name: str) -> Store:
        if name not in self._stores:
            root = self.data / "stores" / name
            if not Store(root).is_complete:
                print(f"filling {root}", file=sys.stderr)
            self._stores[name] = ensure(root, stores(self.options.model)[name], self._new_database)
            targets.write_all(self._stores[name], self.options.model)
        return self._stores[name]

    def _fill_peer(self, workload: Workload, server: servers.Server) -> None:
        key = (server.name, workload.store)
        if isinstance(server, servers.Peer) and workload.store and key not in self._filled:
            print(f"pushing {workload.store} to {server.name}", file=sys.stderr)
            server.start()
            Filler(server).fill(stores(self.options.model)[workload.store]())
            self._filled.add(key)

    def _new_database(self, root: Path) -> None:
        """Started once, a registry makes its database."""
        server = servers.Ocilot(servers.Setup(root, self.data / "run/new", servers.free_port()))
        server.start()
        server.stop()

    def everything(self) -> dict[str, object]:
        return {
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": measure.facts(),
            "versions": servers.versions(),
            "access_log": not self.options.no_access_log,
            "quick": self.options.quick,
            "rounds": self.rounds,
            "seconds": self.effort.seconds,
            "blobs": self.effort.blobs,
            "tags": self.effort.tags,
            "seed": self._seed,
            "interpreter_ms": interpreter_ms(self.options.program.with_name("python")),
            "samples": self.samples,
        }


def named_peer(text: str) -> servers.Peer:
    name, found, url = text.partition("=")
    parts = urlsplit(url)
    if not found or parts.hostname is None:
        raise SystemExit(f"--peer {text}: write NAME=URL, such as zot=http://127.0.0.1:5001")
    is_tls = parts.scheme == "https"
    return servers.Peer(name, parts.hostname, parts.port or (443 if is_tls else 80), is_tls)


def failed(samples: list[Sample]) -> list[str]:
    """Workloads with errors of this registry's or another's."""
    return sorted(
        f"{sample['workload']} on {sample['server']}"
        for sample in samples
        if sample.get("errors") or sample.get("failure") == "FAILED"
    )


def main() -> int:
    options = arguments()
    if options.page:
        page.write(options.page)
        return 0
    try:
        chosen = workloads.chosen(options.workload)
    except workloads.UnknownWorkload as problem:
        print(problem, file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(f"{work.number:2}  {work.name:22} {work.what}" for work in chosen))
        return 0
    if not {servers.SERVER_CPU, servers.CLIENT_CPU} <= os.sched_getaffinity(0):
        print("Two CPUs are needed, 0 for the server and 1 for the client; this has fewer.", file=sys.stderr)
        return 2
    os.sched_setaffinity(0, {servers.CLIENT_CPU})  # Not where it looks whether a server is up.
    loader.allow_many_files()
    bench = Bench(options)
    try:
        bench.run(chosen)
    except KeyboardInterrupt:
        print("interrupted: what was measured follows", file=sys.stderr)
    everything = bench.everything()
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1) + "\n")
    print(page.text(bench.samples, float(str(everything["interpreter_ms"]))))
    wrong = failed(bench.samples)
    if wrong:
        print(f"\nErrors: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
