"""What the project wants to reach, and whether a run reached it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .table import BUSY, OURS, Row, duration, number

LIMIT = "the limit"
INTERPRETER = "the interpreter"
IDLE = "idle"
EARLIER = "what it was before"
CLIENTS = ("skopeo", "crane")
"""That copies are compared with."""


@dataclass(frozen=True)
class Goal:
    """A bound of one figure of ocilot's."""

    figure: str
    least: float | None = None
    most: float | None = None
    of: str = ""
    """A server, or another workload of ocilot's, whose figure is the unit."""
    beyond: str = ""
    """What is taken off first: INTERPRETER, IDLE, or EARLIER in the same run."""
    stretch: float | None = None


NGINX = Goal("rate", 0.65, of="nginx", stretch=0.9)
QUICK = (NGINX, Goal("p99_us", most=1_000))
PAGE = (Goal("cpu_us", most=1_000),)
GOALS: dict[str, tuple[Goal, ...]] = {
    "v2": (Goal("rate", 0.65, of="nginx"),),
    "manifest-hot": QUICK,
    "manifest-zipf": QUICK,
    "manifest-token": (Goal("rate", 0.9, of="manifest-zipf"), Goal("p99_us", most=1_000)),
    "manifest-head": QUICK,
    "blob-4k": (Goal("rate", 0.65, of="nginx"),),
    "blob-1m": (Goal("rate", 0.8, of="nginx"),),
    "blob-1g": (Goal("mb_s", 1.0, of="nginx"), Goal("cpu_us", most=1.1, of="nginx")),
    "stall": (Goal("p99_us", most=5_000),),
    "streams": (Goal("rss", most=30e6, beyond=IDLE), Goal("fairness", most=1.5)),
    "push-4k": (Goal("rate", 4_000, stretch=8_000),),
    "push-1m": (Goal("rate", 600),),
    "push-1g": (Goal("rate", 0.9, of=LIMIT),),
    "mount": (Goal("rate", 10_000),),
    "tags": PAGE,
    "catalog": PAGE,
    "referrers": (Goal("rate", 40_000),),
    "referrers-5000": PAGE,
    "start": (Goal("start_ms", most=100, beyond=INTERPRETER),),
    "idle": (Goal("rss", most=30e6),),
    "idle-9900": (Goal("rss", most=59.4e6, beyond=IDLE),),  # 60 MB for 10 000
    "hook-cached": (Goal("rate", 0.95, of="manifest-zipf"),),
    "hook-slow": (Goal("p99_us", most=1.25, of="hook-cached"),),
    "hook-uncached": (Goal("rate", 50_000),),
    "collect": (
        Goal("rate", 20_000),
        Goal("p99_growth", most=2.0),
        Goal("rss", most=16e6, beyond=EARLIER),
    ),
    "plan": (Goal("plan_s", most=2.0), Goal("p99_growth", most=1.25)),
    "tag-pages": (Goal("p99_us", most=100_000),),
    "webhook-deliver": (Goal("rate", 10_000),),
    "copy": tuple(Goal("rate", 1.0, of=client) for client in CLIENTS),
    "tls-manifest": (Goal("rate", 1.0, of="nginx"),),
    "tls-1g": (Goal("rate", 1.0, of="nginx"),),
    **{f"mix-{part}": (Goal("small_p99_us", most=50_000),) for part in (30, 60, 90)},
    **{
        f"grow-{kind}-{store}": (Goal("cpu_us", most=1.1, of=f"grow-{kind}-small"),)
        for kind in ("v2", "manifest", "head", "blob", "push")
        for store in ("main", "million")
    },
}
HEAD = ("workload", "goal", "measured", "reached")
NAMES = {
    "rate": "rate",
    "mb_s": "MB/s",
    "cpu_us": "CPU us/req",
    "p99_us": "p99",
    "small_p99_us": "p99 of small reads",
    "rss": "RSS",
    "fairness": "fastest stream by slowest",
    "start_ms": "start",
    "plan_s": "plan",
    "p99_growth": "p99 by that before",
}


def lines(rows: Sequence[Row], interpreter_ms: float | None = None) -> list[tuple[str, ...]]:
    """One for each goal of a workload that was measured."""
    ours = {row.workload.name: row for row in rows if row.server == OURS}
    made: list[tuple[str, ...]] = []
    for name, row in ours.items():
        for goal in GOALS.get(name, ()):
            found = measured(goal, row, rows, interpreter_ms)
            made.append((row.workload.what, words(goal), shown(goal, found), verdict(goal, found)))
    return made


def measured(goal: Goal, row: Row, rows: Sequence[Row], interpreter_ms: float | None) -> float | None:
    """None if anything it needs was not measured."""
    value = row[goal.figure]
    if goal.beyond:
        idle = next((one["rss"] for one in rows if one.server == OURS and one.workload.name == "idle"), None)
        taken = {INTERPRETER: interpreter_ms, IDLE: idle, EARLIER: row["idle_rss"]}[goal.beyond]
        value = value - taken if value is not None and taken is not None else None
    if goal.of:
        other = next((one for one in rows if is_unit(goal, row, one)), None)
        value = ratio(goal.figure, row, other) if other is not None else None
    return value


def ratio(figure: str, row: Row, other: Row) -> float | None:
    """Rates are compared only if the other server was at its limit; if its core idled because the client was
    slower, then requests by second of CPU are."""
    busy = other["busy"]
    if figure == "rate" and busy is not None and busy < BUSY:
        a, b = other["cpu_us"], row["cpu_us"]
    else:
        a, b = row[figure], other[figure]
    return a / b if a is not None and b else None


def is_unit(goal: Goal, row: Row, other: Row) -> bool:
    if goal.of in GOALS or goal.of.startswith("grow-"):
        return other.workload.name == goal.of and other.server == OURS
    return other.workload.name == row.workload.name and other.server == goal.of


def words(goal: Goal) -> str:
    bound = goal.least if goal.least is not None else goal.most
    stretch = f" [{plain(goal, goal.stretch)}]" if goal.stretch is not None else ""
    side = "at least" if goal.least is not None else "at most"
    beyond = f" beyond {goal.beyond}" if goal.beyond else ""
    unit = goal.of if not goal.of.startswith("grow-") else "that with 1 000 blobs"
    of = f" of {unit}" if goal.of else ""
    return f"{NAMES[goal.figure]} {side} {plain(goal, bound)}{stretch}{of}{beyond}"


def shown(goal: Goal, value: float | None) -> str:
    return "not measured" if value is None else plain(goal, value)


def plain(goal: Goal, value: float | None) -> str:
    """A figure in its unit; a ratio has none."""
    if value is None or goal.of:
        return number(value)
    if goal.figure.endswith("_us"):
        return duration(value)
    if goal.figure == "rss":
        return f"{number(value / 1e6)} MB"
    if goal.figure == "plan_s":
        return f"{number(value)} s"
    return f"{value:,.0f} ms" if goal.figure == "start_ms" else number(value)


def verdict(goal: Goal, value: float | None) -> str:
    if value is None:
        return "-"
    if goal.least is not None:
        stretched = goal.stretch is not None and value >= goal.stretch
        return "yes, and the stretch" if stretched else "yes" if value >= goal.least else "NO"
    return "yes" if goal.most is not None and value <= goal.most else "NO"
