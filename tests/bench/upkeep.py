"""Measures what runs beside requests, the garbage collection and plans of retention, and lists of tags."""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import content, measure
from .data import Store, ensure
from .runs import RUNS, Figures, Run, figures, metered
from .servers import PATIENCE, Server

RATE = 500.0
"""Manifests a second that clients pull, whatever the server does beside it."""
PUSHES = 50.0
"""Blobs a second that clients push."""
PAGES = 50
"""Of tags, in each order."""
APP, GARBAGE, KEPT = "bench/app", "heap/garbage", "heap/kept"


class CannotMeasure(Exception):
    """The registry answered a request of the bench wrongly; the message has its words."""


class Control(http.client.HTTPConnection):
    """Asks a registry as its operator, through the socket that only its user can open."""

    def __init__(self, root: Path) -> None:
        super().__init__("localhost", timeout=600)
        self.path = root / "ocilot/control.sock"

    def connect(self) -> None:
        # Its address has room for 107 bytes, which a path can exceed.
        directory = os.open(self.path.parent, os.O_PATH | os.O_DIRECTORY)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(f"/proc/self/fd/{directory}/{self.path.name}")
        except OSError:
            self.sock.close()
            raise
        finally:
            os.close(directory)

    def attempt(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        text = None if body is None else json.dumps(body)
        self.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        answer = self.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if said else None

    def ask(self, method: str, path: str, body: object = None) -> Any:
        status, answer = self.attempt(method, path, body)
        if status >= 300:
            raise CannotMeasure(f"{method} {path} was answered with {status}: {answer}")
        return answer

    def run_job(self, name: str, asked: Any) -> None:
        """Waits for the round that was asked for, and fails if it did."""
        while True:
            job = self.ask("GET", f"/api/v1/jobs/{name}")
            if job["rounds"] >= asked["round"]:
                break
            time.sleep(0.01)
        if job["last"]["outcome"] != "ok":
            raise CannotMeasure(f"the job {name} ended as {job['last']}")


def new_store(server: Server, repositories: Callable[[], Iterator[content.Repository]]) -> Store:
    """A store for one run, in the place that is removed after it. The collection has walked over what is not
    there yet, once and for all: it reads changes from then on."""

    def new_database(_: Path) -> None:
        server.start()
        with control_of(server) as control:
            for _round in range(3):
                control.run_job("collect-garbage", control.ask("POST", "/api/v1/gc/run"))
        server.stop()

    return ensure(server.setup.root, repositories, new_database)


def heaps(blobs: int, layers: int = content.HEAP_LAYERS) -> Iterator[content.Repository]:
    """Images that are pulled, and blobs of which half will be garbage."""
    yield content.app(1_000, only_ocilot=True)
    for name in (GARBAGE, KEPT):
        yield content.heap(name, blobs // 2, layers)


def delete_garbage(control: Control) -> int:
    """Removes the tags of half of all images; answers how many there were."""
    tags: list[str] = control.ask("GET", f"/v2/{GARBAGE}/tags/list?n=1000")["tags"]
    for tag in tags:
        control.ask("DELETE", f"/v2/{GARBAGE}/manifests/{tag}")
    return len(tags)


def collect_garbage(control: Control) -> dict[str, int]:
    """Rounds of the collection until one removes nothing; answers what it did since the start."""
    before = -1
    while True:
        control.run_job("collect-garbage", control.ask("POST", "/api/v1/gc/run?now=true"))
        done: dict[str, int] = control.ask("GET", "/api/v1/gc")["since_start"]
        removed = done["manifests"] + done["links"] + done["blobs"]
        if removed == before:
            return done
        before = removed


class Beside:
    """Work in a thread of its own, while this one measures."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._thread = threading.Thread(target=self._run)
        self.problem: Exception | None = None
        self.seconds = 0.0

    def _run(self) -> None:
        began = time.monotonic()
        try:
            self._work()
        except Exception as problem:
            self.problem = problem
        self.seconds = time.monotonic() - began

    def __enter__(self) -> Beside:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        if self.problem is not None:
            raise CannotMeasure(str(self.problem)) from self.problem

    @property
    def runs(self) -> bool:
        return self._thread.is_alive()


@contextmanager
def control_of(server: Server) -> Iterator[Control]:
    """The control of a server that has started: it listens to its operator a little later than to clients."""
    control = Control(server.setup.root)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            control.connect()
            break
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise CannotMeasure(f"no process listens at {control.path}") from None
            time.sleep(0.01)
    try:
        yield control
    finally:
        control.close()


def together(samples: list[Figures]) -> Figures:
    """Loads in sequence as one: what they count together, the median of their times, and the worst."""
    found: Figures = {name: sum(one[name] for one in samples) for name in ("requests", "errors")}
    for name in ("p50_us", "p99_us", "p999_us"):
        found[name] = statistics.median(one[name] for one in samples)
    found["worst_p99_us"] = max(one["p99_us"] for one in samples)
    return found


def by_collect(run: Run) -> Figures:
    """From the first look at the queue to the last byte, while clients pull manifests at a steady pace. The
    images were deleted before: that is the work of clients, a request for each."""
    server = run.server
    store = new_store(server, lambda: heaps(run.effort.blobs))
    load = replace(run.load, targets=store.target(""))
    server.start()
    with control_of(server) as control:
        delete_garbage(control)
    load.run(seconds=run.effort.warmup)
    before = figures(load.run(seconds=run.effort.seconds, rate=RATE))
    found: Figures = {"idle_rss": measure.memory(server.pid, "VmRSS"), "before_p99_us": before["p99_us"]}
    done: dict[str, int] = {}

    def collect() -> None:
        with control_of(server) as control:
            done.update(collect_garbage(control))

    with metered(run, found):
        loads = []
        with Beside(collect) as collection:
            while collection.runs:
                loads.append(figures(load.run(seconds=run.effort.seconds, rate=RATE)))
        found |= together(loads)
        found["seconds"] = collection.seconds
        found["requests"] = found["collected"] = done["blobs"]
        garbage = -(-(run.effort.blobs // 2) // content.HEAP_LAYERS) * content.HEAP_LAYERS
        # With their manifests; nothing may be left, and nothing else be gone.
        images = garbage // content.HEAP_LAYERS
        found["errors"] += before["errors"] + abs(done["blobs"] - garbage - images) + done["failed"]
    found["rate"] = found["collected"] / found["seconds"]
    found["p99_growth"] = found["p99_us"] / before["p99_us"]
    return found


def by_plan(run: Run) -> Figures:
    """First plans alone, for their time; then pushes at a steady pace without and with plans beside them."""
    server = run.server
    new_store(server, lambda: iter([content.app(run.effort.tags, only_ocilot=True)]))
    server.start()
    run.load.run(seconds=run.effort.warmup, rate=PUSHES)
    with control_of(server) as control:
        plans = [planned(control) for _ in range(3)]
    before = figures(run.load.run(seconds=run.effort.seconds, rate=PUSHES))
    found: Figures = {
        "idle_rss": measure.memory(server.pid, "VmRSS"),
        "before_p99_us": before["p99_us"],
        "plan_s": statistics.median(seconds for seconds, _ in plans),
        "planned_tags": plans[0][1]["tags"],
    }
    over = threading.Event()

    def plan() -> None:
        with control_of(server) as control:
            while not over.is_set():
                planned(control)

    with metered(run, found), Beside(plan):
        try:
            found.update(figures(run.load.run(seconds=run.effort.seconds, rate=PUSHES)))
        finally:
            over.set()
    wrong = [made for _, made in plans if made["tags"] != run.effort.tags or made["delete"]["tags"] == 0]
    found["errors"] += before["errors"] + len(wrong)
    del found["cpu_us"]  # Of plans, by the number of pushes.
    found["p99_growth"] = found["p99_us"] / before["p99_us"]
    return found


def planned(control: Control) -> tuple[float, dict[str, Any]]:
    began = time.monotonic()
    made: dict[str, Any] = control.ask("POST", "/api/v1/retention/plan", {})
    return time.monotonic() - began, made


def by_tag_pages(run: Run) -> Figures:
    """Pages one after the other, as a user who turns them; the order with the slowest ones counts."""
    server = run.server
    new_store(server, lambda: iter([content.app(run.effort.tags, only_ocilot=True)]))
    server.start()
    found: Figures = {}
    with metered(run, found), control_of(server) as control:
        orders = {sort: page_times(control, f"/api/v1/repositories/{APP}/tags?sort={sort}&n=100") for sort in
                  ("name", "-pushed", "-size")}  # fmt: skip
        if not any(orders.values()):
            orders = {"name": page_times(control, f"/v2/{APP}/tags/list?n=100")}
            found["v2_pages"] = 1
        times = max((sorted(one) for one in orders.values() if one), key=lambda one: one[-1])
        all_ = [one for some in orders.values() for one in some]
        found |= {"requests": len(all_), "errors": 0, "seconds": sum(all_)}
        found |= {"p50_us": times[len(times) // 2] * 1e6, "p99_us": times[-1] * 1e6}
    return found


def page_times(control: Control, path: str) -> list[float]:
    """Seconds of the first pages; none if the registry has no such list."""
    times: list[float] = []
    while len(times) < PAGES:
        began = time.monotonic()
        control.request("GET", path)
        answer = control.getresponse()
        answer.read()
        if answer.status != 200:
            if times:
                raise CannotMeasure(f"GET {path} was answered with {answer.status}")
            return []
        times.append(time.monotonic() - began)
        link = answer.getheader("Link")
        if link is None:
            break
        url = urlsplit(link.partition("<")[2].partition(">")[0])
        path = f"{url.path}?{url.query}"
    return times


RUNS |= {"collect": by_collect, "plan": by_plan, "tag-pages": by_tag_pages}
