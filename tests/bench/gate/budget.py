"""What a request may cost: the counts of the day it was set, and a margin for another compiler or library."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .counters import ALLOCATIONS, INSTRUCTIONS, SYSTEM_CALLS, Counts
from .workloads import Workload

FILE = Path(__file__).parents[1] / "budget.json"
MEASURES = (INSTRUCTIONS, SYSTEM_CALLS, ALLOCATIONS)
MARGIN = "margin in percent"
HOW = "If that is meant, set a new budget with `./dev bench --gate --write`, and say in the commit why."


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
    kept = json.loads(file.read_text())
    budget = {}
    for workload, costs in kept["workloads"].items():
        counted = {**costs, INSTRUCTIONS: costs[INSTRUCTIONS].get(machine)}
        budget[workload] = {
            measure: Limit(value, kept[MARGIN][measure])
            for measure, value in counted.items()
            if value is not None
        }
    return budget


def write(file: Path, machine: str, seen: Mapping[str, Counts], known: Iterable[str]) -> None:
    """Known workloads that were not counted now, and other architectures, stay as they are."""
    kept = json.loads(file.read_text())
    before = kept["workloads"]
    after = {name: before[name] for name in known if name in before}
    for name, counts in seen.items():
        instructions = before.get(name, {}).get(INSTRUCTIONS, {})
        after[name] = {
            INSTRUCTIONS: {**instructions, machine: round(counts[INSTRUCTIONS])},
            **{measure: round(counts[measure], 1) for measure in (SYSTEM_CALLS, ALLOCATIONS)},
        }
    file.write_text(json.dumps({MARGIN: kept[MARGIN], "workloads": after}, indent=2) + "\n")


def problems(seen: Mapping[str, Counts], budget: Budget) -> list[str]:
    """A sentence for each workload without a budget, and each measure that is over its own."""
    found = [f"{workload}: there is no budget for it." for workload in seen if workload not in budget]
    for workload, counts in seen.items():
        for measure, limit in budget.get(workload, {}).items():
            value = counts[measure]
            if value > limit.most:
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
