"""Turns samples into the one table, for a terminal and for docs/performance.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .workloads import NOT_YET, WORKLOADS, Published, Workload

Sample = dict[str, Any]
OURS = "ocilot"
PUBLISHED = "distribution v3.1.1 (*)"
FOOTNOTE = "(*) published figure, not measured here: taken on a machine of the same kind"
NONE = "-"
BUSY = 0.85
"""A server that used less of its core was waiting: for the disk, or for the client."""
HEAD = (
    *("#", "workload", "server", "CPU us/req", "req/s", "MB/s", "p50", "p99", "p99.9", "peak RSS MB"),
    *("ocilot x rate", "ocilot x CPU", "notes"),
)


@dataclass(frozen=True)
class Row:
    """All rounds of one workload on one server: the median of each figure."""

    workload: Workload
    server: str
    figures: dict[str, float]
    spread: dict[str, tuple[float, float]]
    """The least and the most."""
    errors: int = 0
    noisy: int = 0
    rounds: int = 0
    failure: str = ""

    def __getitem__(self, name: str) -> float | None:
        return self.figures.get(name)


def rows(samples: Iterable[Sample]) -> list[Row]:
    """In the order in which they were measured, what others published last."""
    groups: dict[str, dict[str, list[Sample]]] = {}
    for sample in samples:
        groups.setdefault(sample["workload"], {}).setdefault(sample["server"], []).append(sample)
    made = []
    for name, by_server in groups.items():
        workload = WORKLOADS[name]
        made += [summary(workload, server, runs) for server, runs in by_server.items()]
        if workload.published != Published():
            made.append(published(workload))
    return made


def summary(workload: Workload, server: str, runs: Sequence[Sample]) -> Row:
    good = [run for run in runs if "failure" not in run]
    names = sorted({key for run in good for key, value in run.items() if isinstance(value, int | float)})
    values = {name: [float(run[name]) for run in good if name in run] for name in names}
    return Row(
        workload,
        server,
        {name: statistics.median(found) for name, found in values.items()},
        {name: (min(found), max(found)) for name, found in values.items()},
        sum(run["errors"] for run in good),
        sum(bool(run["noisy"]) for run in good),
        len(good),
        next((str(run["failure"]) for run in runs if "failure" in run), ""),
    )


def published(workload: Workload) -> Row:
    known = workload.published
    given = {"rate": known.rate, "mb_s": known.mb_s, "cpu_us": known.cpu_us}
    figures = {name: value for name, value in given.items() if value is not None}
    if known.rss_mb is not None:
        figures["rss"] = known.rss_mb * 1e6
    return Row(workload, PUBLISHED, figures, {})


def ratio(ours: Row | None, other: Row, *names: str) -> float | None:
    """Ours in other's units, by the first figure that both have."""
    if ours is None or other.server == OURS:
        return None
    for name in names:
        a, b = ours[name], other[name]
        if a is not None and b:
            return a / b
    return None


def cells(all_: Sequence[Row], interpreter_ms: float | None = None) -> list[tuple[str, ...]]:
    """The table's lines, HEAD not among them."""
    ours = {row.workload.name: row for row in all_ if row.server == OURS}
    lines = []
    last = ""
    for row in all_:
        mine = ours.get(row.workload.name)
        is_first = row.workload.name != last
        last = row.workload.name
        rss = row["rss"]
        has_rate = row.workload.run not in ("start", "idle", "plan", "tag-pages")
        lines.append(
            (
                str(row.workload.number) if is_first else "",
                row.workload.what if is_first else "",
                row.server,
                number(row["cpu_us"]),
                number(row["rate"]) if has_rate else NONE,
                number(megabytes(row)),
                *(duration(row[name]) for name in ("p50_us", "p99_us", "p999_us")),
                number(rss / 1e6 if rss is not None else None),
                number(ratio(mine, row, "rate", "mb_s") if has_rate else ratio(mine, row, "start_ms", "rss")),
                number(ratio(mine, row, "cpu_us")),
                notes(row, interpreter_ms),
            )
        )
    return lines


def megabytes(row: Row) -> float | None:
    """Only where bytes are what counts."""
    value = row["mb_s"]
    return value if value is not None and value >= 1 else None


def notes(row: Row, interpreter_ms: float | None) -> str:
    said = []
    if row.failure:
        said.append(row.failure)
    if (start := row["start_ms"]) is not None:
        bare = f", {interpreter_ms:.0f} of them Python's" if interpreter_ms and row.server == OURS else ""
        said.append(f"first answer after {start:.0f} ms{bare}")
    idle, rss = row["idle_rss"], row["rss"]
    if idle is not None and rss is not None and row.workload.connections:
        said.append(f"{(rss - idle) / 1e6:.1f} MB more than idle")
    said += upkeep_notes(row)
    if (fairness := row["fairness"]) is not None:
        said.append(f"fastest stream {fairness:.2f} x slowest")
    if (most := row["most"]) is not None:
        said.append(f"most: {number(most)}/s")
    if (small := row["small_p99_us"]) is not None:
        said.append(f"p99 of reads below 1 MiB: {duration(small)}")
    if (busy := row["busy"]) is not None and busy < BUSY and row.workload.run == "load":
        said.append(f"server {busy:.0%} busy")
    if (big := row["big_mb_s"]) is not None:
        said.append(f"the 1 GiB came at {number(big)} MB/s")
    if row.errors:
        said.append(f"{row.errors} ERRORS")
    if row["late"]:
        said.append(f"{row['late']:.0f} late")
    if row.noisy:
        said.append(f"noisy: {row.noisy} of {row.rounds}")
    if (cpu := row.spread.get("cpu_us")) and row.rounds > 1 and cpu[1] > cpu[0] * 1.1:
        said.append(f"CPU {number(cpu[0])} to {number(cpu[1])}")
    return "; ".join(said)


def upkeep_notes(row: Row) -> list[str]:
    """What was done beside the requests whose times the columns have."""
    said = []
    if (blobs := row["collected"]) is not None:
        said.append(f"rate and CPU are of {blobs:,.0f} collected blobs, times of manifests")
    if (seconds := row["plan_s"]) is not None and (tags := row["planned_tags"]) is not None:
        said.append(f"{number(seconds)} s for a plan of {tags:,.0f} tags; times are of pushes")
    if (before := row["before_p99_us"]) is not None:
        worst = f", {duration(row['worst_p99_us'])} at worst" if row["worst_p99_us"] is not None else ""
        said.append(f"p99 {duration(before)} before{worst}")
    if row["v2_pages"]:
        said.append("/v2/<name>/tags/list by name: this registry sorts no tags")
    return said


def number(value: float | None) -> str:
    """Three digits are all that such a measurement has."""
    if value is None:
        return NONE
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def duration(us: float | None) -> str:
    if us is None:
        return NONE
    if us < 1_000:
        return f"{us:.0f} us"
    return f"{us / 1e3:.1f} ms" if us < 1e6 else f"{us / 1e6:.2f} s"


def columns(head: Sequence[str], body: Sequence[Sequence[str]], right: range) -> str:
    """For a terminal; the columns in `right` are numbers."""
    lines = [head, *body]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]

    def padded(line: Sequence[str]) -> Iterator[str]:
        for n, cell in enumerate(line):
            yield cell.rjust(widths[n]) if n in right else cell.ljust(widths[n])

    return "\n".join("  ".join(padded(line)).rstrip() for line in lines)


def markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """For a page."""
    made = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*made, *("| " + " | ".join(line) + " |" for line in body)])


def not_yet() -> list[str]:
    return [f"{number_}: {what}: nothing to measure yet" for number_, what in NOT_YET.items()]
