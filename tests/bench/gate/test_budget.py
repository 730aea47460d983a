"""A budget is held, and set anew only on purpose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from . import budget
from .counters import ALLOCATIONS, INSTRUCTIONS, SYSTEM_CALLS, Counts
from .workloads import WORKLOADS


def counts(instructions: float, system_calls: float = 4, allocations: float = 29) -> Counts:
    return {INSTRUCTIONS: instructions, SYSTEM_CALLS: system_calls, ALLOCATIONS: allocations}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A budget for two workloads on one machine."""
    path = tmp_path / "budget.json"
    margin = {INSTRUCTIONS: 10, SYSTEM_CALLS: 5, ALLOCATIONS: 5}
    path.write_text(json.dumps({budget.MARGIN: margin, "workloads": {}}))
    budget.write(path, "x86_64", {"v2": counts(1000), "tags": counts(2000)}, ["v2", "tags"])
    return path


def test_what_stays_within_the_margin_passes(file: Path) -> None:
    assert budget.problems({"v2": counts(1099)}, budget.read(file, "x86_64")) == []


def test_what_is_over_is_named_with_its_budget(file: Path) -> None:
    seen = {"v2": counts(1101, system_calls=5), "tags": counts(2000)}
    assert budget.problems(seen, budget.read(file, "x86_64")) == [
        "v2: 1,101 instructions a request, +10%; the budget is 1,100: 1,000 and 10 %.",
        "v2: 5.0 system calls a request, +25%; the budget is 4.2: 4.0 and 5 %.",
    ]


def test_a_workload_without_a_budget_does_not_pass(file: Path) -> None:
    assert budget.problems({"new": counts(1)}, budget.read(file, "x86_64")) == [
        "new: there is no budget for it."
    ]


def test_on_another_architecture_only_instructions_are_free(file: Path) -> None:
    limits = budget.read(file, "riscv64")
    assert budget.problems({"v2": counts(9999)}, limits) == []
    assert len(budget.problems({"v2": counts(9999, allocations=31)}, limits)) == 1


def test_a_new_budget_keeps_what_was_not_counted(file: Path) -> None:
    budget.write(file, "aarch64", {"v2": counts(1500, allocations=30)}, ["v2", "tags"])
    x86, arm = (budget.read(file, machine) for machine in ("x86_64", "aarch64"))
    assert (x86["v2"][INSTRUCTIONS].counted, arm["v2"][INSTRUCTIONS].counted) == (1000, 1500)
    assert x86["v2"][ALLOCATIONS].counted == 30
    assert x86["tags"][INSTRUCTIONS].counted == 2000


def test_a_new_budget_forgets_workloads_that_are_no_more(file: Path) -> None:
    budget.write(file, "x86_64", {"v2": counts(1000)}, ["v2"])
    assert list(budget.read(file, "x86_64")) == ["v2"]


def test_all_workloads_have_a_budget() -> None:
    assert set(budget.read(budget.FILE, "x86_64")) == {workload.name for workload in WORKLOADS}
