"""Measures one workload on one server, once."""

from __future__ import annotations

import http.client
import select
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from . import measure
from .data import Store
from .loader import Load, LoadFailed, parse
from .servers import Ocilot, Peer, Server
from .targets import head
from .webhooks import EVENTS, Receiver, deliver
from .workloads import ACCEPT, WORKLOADS, Workload

HOOKS = Path(__file__).with_name("hooks")
SLOW = 8
"""Requests that wait for a slow hook at any moment."""

Figures = dict[str, Any]
"""What one run has come to; `table.py` knows the names."""


@dataclass(frozen=True)
class Effort:
    """How long it is measured."""

    seconds: float
    warmup: float
    is_quick: bool
    patience: float
    """Seconds to wait for a quiet machine."""
    blobs: int = 1_000_000
    """Of the store that is collected; half of them are garbage."""
    tags: int = 100_000
    """Of the repository that is planned and listed."""


@dataclass(frozen=True)
class Run:
    """One workload on one server that is not started yet."""

    workload: Workload
    server: Server
    load: Load
    store: Store | None
    effort: Effort

    def requests(self) -> int:
        """A fixed number where one request takes long, so that no half of one distorts the figures."""
        most = self.workload.requests
        return max(self.workload.connections, most // 4) if most and self.effort.is_quick else most

    def drop_cache(self) -> None:
        assert self.store is not None, f"{self.workload.name} has no store to make cold"
        name = self.workload.targets if self.workload.cold else "1g-blobs"
        lines = head(self.store, name, 200_000)
        self.store.drop_cache(line.rsplit("/", 1)[1] for line in lines)


def perform(run: Run) -> Figures:
    """Starts the server, measures, stops it, and undoes what was written to a kept store."""
    quiet = measure.wait_for_quiet(run.effort.patience)
    try:
        found = RUNS[run.workload.run](run)
    finally:
        run.server.stop()
        if run.workload.repository and run.store is not None and not isinstance(run.server, Peer):
            run.store.forget(run.workload.repository)
        if run.store is None and not isinstance(run.server, Peer):
            shutil.rmtree(run.server.setup.root, ignore_errors=True)
    found["noisy"] = bool(found.get("noisy")) or not quiet
    return found


@contextmanager
def metered(run: Run, found: Figures) -> Iterator[None]:
    """Adds what the server has cost meanwhile. Whoever uses it puts `requests` and `errors` into `found`."""
    pid = run.server.pid
    if pid:
        measure.forget_peak(pid)
    meter = measure.Meter(pid)
    yield
    cost = meter.read()
    found["foreign"], found["steal"], found["noisy"] = cost.foreign, cost.steal, cost.is_noisy
    if pid:
        found["cpu_s"] = cost.cpu
        found["busy"] = cost.cpu / found["seconds"] if found.get("seconds") else 0.0
        found["cpu_us"] = cost.cpu * 1e6 / max(1, found["requests"] + found["errors"])
        found["rss"] = measure.memory(pid, "VmHWM")


def by_load(run: Run) -> Figures:
    """The load generator as fast as it goes."""
    run.server.start()
    if run.workload.cold:
        run.drop_cache()
    elif not run.workload.repository:
        run.load.run(**warm(run))
    return closed(run)


def by_token(run: Run) -> Figures:
    """The same with a token in every request, which a client that logs in has got."""
    assert run.store is not None, "tokens are measured with a store"
    assert isinstance(run.server, Ocilot), "only our own server is asked for tokens"
    run.server.start()
    repository = head(run.store, run.workload.targets, 1)[0].removeprefix("/v2/").partition("/manifests/")[0]
    token = run.server.log_in(repository)
    fields = (*run.load.fields, f"Authorization: Bearer {token}")
    run = replace(run, load=replace(run.load, fields=fields))
    run.load.run(**warm(run))
    return closed(run)


def warm(run: Run) -> dict[str, Any]:
    return {"requests": 1} if run.workload.requests else {"seconds": run.effort.warmup}


def closed(run: Run, **how: Any) -> Figures:
    found: Figures = {}
    count = run.requests()
    how = {**({"requests": count} if count else {"seconds": run.effort.seconds}), **how}
    with metered(run, found):
        found.update(figures(run.load.run(**how)))
    return found


def figures(said: dict[str, Any]) -> Figures:
    """The load generator's words, with the bytes as a rate."""
    kept = (
        "requests",
        "errors",
        "seconds",
        "rate",
        "bytes",
        "p50_us",
        "p90_us",
        "p99_us",
        "p999_us",
        "max_us",
    )
    found = {name: said[name] for name in kept if name in said}
    found["statuses"] = said.get("statuses", {})
    found["late"] = said.get("late", 0)
    found["mb_s"] = said.get("bytes", 0) / 1e6 / said["seconds"] if said.get("seconds") else 0.0
    smalls = [said["kinds"][kind] for kind in ("v2", "manifests", "blobs") if kind in said.get("kinds", {})]
    if smalls:
        found["small_p99_us"] = max(small["p99_us"] for small in smalls)
    if (streams := said.get("streams")) and streams.get("min_mb_s"):
        found["fairness"] = streams["max_mb_s"] / streams["min_mb_s"]
    return found


def by_mix(run: Run) -> Figures:
    """First as fast as it goes, then at a part of that, by the clock whatever the server does."""
    run.server.start()
    most = figures(run.load.run(seconds=max(run.effort.seconds, 1.0)))
    found = closed(run, rate=most["rate"] * run.workload.part)
    found["most"] = most["rate"]
    return found


def by_stall(run: Run) -> Figures:
    """Small requests at a modest pace; what they wait while a large blob comes from the disk."""
    run.server.start()
    run.load.run(seconds=run.effort.warmup)
    big = replace(run.load, workload=WORKLOADS["blob-1g-cold"])
    run.drop_cache()
    found: Figures = {}
    with metered(run, found), run.load.running(seconds=run.effort.seconds, rate=500) as small:
        time.sleep(0.2)
        read = big.run(requests=1)
        out, err = small.communicate()
        found.update(figures(parse(["stall"], small.returncode, out, err)))
    found["errors"] += read["errors"]
    found["big_mb_s"] = figures(read)["mb_s"]
    return found


def by_start(run: Run) -> Figures:
    """From its exec to the first manifest."""
    assert run.store is not None, "the start is measured with a store"
    path = head(run.store, run.workload.targets, 1)[0]
    began = time.monotonic()
    run.server.start()
    found: Figures = {"requests": 1, "errors": int(get(run.server, path) != 200)}
    found["start_ms"] = (time.monotonic() - began) * 1e3
    found["rss"] = measure.memory(run.server.pid, "VmHWM")
    return found


def get(server: Server, path: str) -> int:
    if server.tls:
        # The bench made the certificate itself a moment ago.
        context = ssl._create_unverified_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            "127.0.0.1", server.port, context=context
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
    try:
        connection.request("GET", path, headers=dict([ACCEPT.split(": ", 1)]))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def by_idle(run: Run) -> Figures:
    """Memory of a server that has answered once and has nothing to do, and that the connections add."""
    run.server.start()
    found: Figures = {"requests": 1, "errors": int(get(run.server, "/v2/") != 200)}
    time.sleep(0.5)
    found["idle_rss"] = found["rss"] = measure.memory(run.server.pid, "VmRSS")
    if run.workload.connections:
        with run.load.running() as holder:
            assert holder.stdout is not None, "made with a pipe"
            ready, _, _ = select.select([holder.stdout], [], [], 60)
            if not ready or holder.stdout.readline().strip() != "ready":
                raise LoadFailed("the load generator did not open its idle connections within a minute")
            time.sleep(0.5)
            found["rss"] = measure.memory(run.server.pid, "VmRSS")
            out, err = holder.communicate(timeout=60)  # It lets go, and says how many there were.
            held = parse(run.load.words(), holder.returncode, out, err)
        found |= {"requests": held["requests"], "errors": found["errors"] + held["errors"]}
    return found


def by_slow(run: Run) -> Figures:
    """The load generator as fast as it goes, while others wait for a hook that takes its time."""
    run.server.start()
    run.load.run(**warm(run))
    over = threading.Event()

    def wait_for_hook(number: int) -> None:
        for turn in count():
            if over.is_set():
                return
            get(run.server, f"/v2/slow/n{number}-{turn}/tags/list")

    waiting = [threading.Thread(target=wait_for_hook, args=(number,)) for number in range(SLOW)]
    for thread in waiting:
        thread.start()
    try:
        return closed(run)
    finally:
        over.set()
        for thread in waiting:
            thread.join()


def by_webhook(run: Run) -> Figures:
    """The load generator as fast as it goes, while a webhook gets an event for each push."""
    assert isinstance(run.server, Ocilot), "only our own server has webhooks"
    with Receiver().running() as receiver:
        run.server.webhook = receiver.url
        run.server.start()
        found = closed(run)
        found["events"] = receiver.events
        run.server.stop()
    return found


def by_delivery(run: Run) -> Figures:
    """Events that wait in the log of changes, until the last has come."""
    assert isinstance(run.server, Ocilot), "only our own server has webhooks"
    with Receiver().running() as receiver:
        seconds = deliver(run.server, receiver)
        found: Figures = {"requests": EVENTS, "errors": 0, "seconds": seconds, "rate": EVENTS / seconds}
        found["rss"] = measure.memory(run.server.pid, "VmHWM")
        run.server.stop()
    return found


def by_hooks(run: Run) -> Figures:
    """Questions from an I/O thread of its own, and the hooks as the registry runs them."""
    python = Path(run.server.command()[0]).with_name("python")
    words = [str(python), "-P", str(HOOKS / "uncached.py"), str(run.load.program.parents[1] / "hooks")]
    words += [f"{run.effort.seconds:g}", str(HOOKS / run.workload.hook)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    return dict(parse(words, ran.returncode, ran.stdout, ran.stderr))


RUNS: dict[str, Callable[[Run], Figures]] = {
    "load": by_load,
    "mix": by_mix,
    "stall": by_stall,
    "start": by_start,
    "idle": by_idle,
    "slow": by_slow,
    "hooks": by_hooks,
    "webhook": by_webhook,
    "delivery": by_delivery,
    "token": by_token,
}


def interpreter_ms(python: Path) -> float:
    """The start of a bare Python on the server's core: the part of ocilot's start that is not its own."""
    times = []
    for _ in range(7):
        began = time.monotonic()
        subprocess.run(["taskset", "-c", "0", str(python), "-c", "pass"], check=True)
        times.append((time.monotonic() - began) * 1e3)
    return sorted(times)[3]
