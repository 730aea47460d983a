"""What a request may cost: the counts of the day it was set, and a margin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .counters import ALLOCATIONS, INSTRUCTIONS, SYSTEM_CALLS, Counts
from .workloads import Workload

FILE = Path(__file__).parents[1] / "budget.json"
MEASURES = (INSTRUCTIONS, SYSTEM_CALLS, ALLOCATIONS)
MARGIN: Mapping[str, float] = {INSTRUCTIONS: 10, SYSTEM_CALLS: 10, ALLOCATIONS: 10}
"""Percent over what was counted: another release of a library or of the compiler, and what little noise is left."""
HOW = (
    "Too much. If it is meant, set a new budget with `./dev bench --gate --write`, "
    "and say in the commit what it pays for."
)


@dataclass(frozen=True)
class Limit:
    """Of one measure of one workload."""

    counted: float
    margin: float

    @property
    def most(self) -> float:
        return self.counted * (1 + self.margin / 100)


Budget = Mapping[str, Mapping[str, Limit]]
"""By workload and measure. Instructions are those of one architecture; the others are the same on all."""


def read(file: Path, machine: str) -> Budget:
    if not file.exists():
        return {}
    kept = json.loads(file.read_text())
    budget = {}
    for workload, costs in kept["workloads"].items():
        counted = {**costs, INSTRUCTIONS: costs[INSTRUCTIONS].get(machine)}
        budget[workload] = {
            measure: Limit(value, kept["margin in percent"][measure])
            for measure, value in counted.items()
            if value is not None
        }
    return budget


def write(file: Path, machine: str, seen: Mapping[str, Counts]) -> None:
    """What was not counted now, other workloads and other architectures, stays as it is."""
    kept = json.loads(file.read_text()) if file.exists() else {"workloads": {}}
    workloads = kept["workloads"]
    for name, counts in seen.items():
        instructions = {**workloads.get(name, {}).get(INSTRUCTIONS, {}), machine: round(counts[INSTRUCTIONS])}
        workloads[name] = {
            INSTRUCTIONS: instructions,
            **{measure: round(counts[measure], 1) for measure in (SYSTEM_CALLS, ALLOCATIONS)},
        }
    text = json.dumps({"margin in percent": dict(MARGIN), "workloads": workloads}, indent=2)
    file.write_text(text + "\n")


def problems(seen: Mapping[str, Counts], budget: Budget) -> list[str]:
    """A sentence for each measure that is over its budget, or has none."""
    found = []
    for workload, counts in seen.items():
        for measure in MEASURES:
            limit = budget.get(workload, {}).get(measure)
            value = counts[measure]
            if limit is None:
                found.append(f"{workload}: {figure(value)} {measure} a request, and no budget for them.")
            elif value > limit.most:
                found.append(
                    f"{workload}: {figure(value)} {measure} a request, {value / limit.counted - 1:+.0%}; the "
                    f"budget is {figure(limit.most)}: {figure(limit.counted)} and {limit.margin:g} %."
                )
    return found


def table(workloads: Iterable[Workload], seen: Mapping[str, Counts], budget: Budget) -> str:
    """What was counted, and how far that is from what the budget was set from."""
    lines = [f"{'a request':32}" + "".join(f"{measure:>24}" for measure in MEASURES)]
    for workload in workloads:
        cells = [workload.what.ljust(32)]
        for measure in MEASURES:
            value = seen[workload.name][measure]
            limit = budget.get(workload.name, {}).get(measure)
            change = f"{value / limit.counted - 1:+.1%}" if limit else "new"
            cells.append(f"{figure(value):>15} {change:>8}")
        lines.append("".join(cells).rstrip())
    return "\n".join(lines)


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"
