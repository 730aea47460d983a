"""The table shows medians, ratios and everything that went wrong."""

from __future__ import annotations

from . import goals, page, table, workloads
from .table import HEAD, Sample


def sample(server: str, rate: float, cpu_us: float, *, workload: str = "v2", **more: object) -> Sample:
    basis = {"workload": workload, "server": server, "rate": rate, "cpu_us": cpu_us}
    return {**basis, "errors": 0, "noisy": False, **more}


def line(samples: list[Sample], server: str) -> dict[str, str]:
    """A line by the names of its columns."""
    found = next(row for row in table.cells(table.rows(samples), 12.0) if row[2] == server)
    return dict(zip(HEAD, found, strict=True))


def test_a_line_is_the_median_of_its_rounds() -> None:
    rounds = [sample("ocilot", rate, 9.0) for rate in (900.0, 100.0, 800.0)]
    assert line(rounds, "ocilot")["req/s"] == "800"


def test_ratios_are_ours_in_units_of_the_other() -> None:
    both = [sample("ocilot", 60_000, 12), sample("nginx", 80_000, 10)]
    assert line(both, "nginx")["ocilot x rate"] == "0.75"
    assert line(both, "nginx")["ocilot x CPU"] == "1.20"
    assert line(both, "ocilot")["ocilot x rate"] == "-"


def test_published_figures_are_marked_as_such() -> None:
    found = line([sample("ocilot", 73_930, 10)], table.PUBLISHED)
    assert (found["req/s"], found["ocilot x rate"], found["ocilot x CPU"]) == ("7,393", "10.0", "0.08")
    assert "not measured here" in page.text([sample("ocilot", 73_930, 10)])


def test_what_a_server_cannot_do_is_shown_as_such() -> None:
    both = [sample("ocilot", 5, 5), {"workload": "v2", "server": "nginx", "failure": "cannot"}]
    found = line(both, "nginx")
    assert {found[name] for name in HEAD[3:-1]} == {"-"}
    assert found["notes"] == "cannot"


def test_errors_and_noise_are_never_hidden() -> None:
    notes = line([sample("ocilot", 5, 5, noisy=True, errors=3), sample("ocilot", 5, 5)], "ocilot")["notes"]
    assert notes == "3 ERRORS; noisy: 1 of 2"


def test_a_start_is_compared_by_its_time() -> None:
    samples = [
        sample("ocilot", 0, 0, workload="start", start_ms=150.0),
        sample("docker-registry", 0, 0, workload="start", start_ms=50.0),
    ]
    assert line(samples, "docker-registry")["ocilot x rate"] == "3.00"
    assert line(samples, "ocilot")["notes"] == "first answer after 150 ms, 12 of them Python's"


def test_idle_connections_are_told_as_what_they_add() -> None:
    found = line([sample("ocilot", 0, 0, workload="idle-9900", rss=80e6, idle_rss=30e6)], "ocilot")
    assert (found["peak RSS MB"], found["notes"]) == ("80.0", "50.0 MB more than idle")


def goal(samples: list[Sample], name: str) -> dict[str, str]:
    """The goal whose words begin so."""
    found = next(one for one in goals.lines(table.rows(samples), 12.0) if one[1].startswith(name))
    return dict(zip(goals.HEAD, found, strict=True))


def test_a_goal_is_reached_or_not() -> None:
    nginx = sample("nginx", 80_000, 10, workload="manifest-hot")
    for rate, measured, reached in (
        (40_000, "0.50", "NO"),
        (56_000, "0.70", "yes"),
        (76_000, "0.95", "yes, and the stretch"),
    ):
        found = goal([sample("ocilot", rate, 9, workload="manifest-hot", p99_us=1_200.0), nginx], "rate")
        assert found["goal"] == "rate at least 0.65 [0.90] of nginx"
        assert (found["measured"], found["reached"]) == (measured, reached)
    late = goal([sample("ocilot", 1, 9, workload="manifest-hot", p99_us=1_200.0), nginx], "p99")
    assert (late["measured"], late["reached"]) == ("1.2 ms", "NO")


def test_a_server_that_waited_for_the_client_is_compared_by_its_cpu() -> None:
    nginx = sample("nginx", 60_000, 6, workload="manifest-hot", busy=0.4)
    found = goal([sample("ocilot", 50_000, 15, workload="manifest-hot", busy=0.9), nginx], "rate")
    assert (found["measured"], found["reached"]) == ("0.40", "NO")


def test_a_goal_that_cannot_be_judged_is_not_called_reached() -> None:
    found = goal([sample("ocilot", 50_000, 9, workload="manifest-hot")], "rate")
    assert (found["measured"], found["reached"]) == ("not measured", "-")


def test_goals_may_be_beyond_something_or_in_units_of_another_workload() -> None:
    start = goal([sample("ocilot", 0, 0, workload="start", start_ms=100.0)], "start")
    assert (start["measured"], start["reached"]) == ("88 ms", "yes")
    idle = sample("ocilot", 0, 0, workload="idle", rss=20e6)
    streams = goal([idle, sample("ocilot", 0, 0, workload="streams", rss=55e6)], "RSS at most 30.0 MB beyond")
    assert (streams["measured"], streams["reached"]) == ("35.0 MB", "NO")
    grown = [
        sample("ocilot", 9, cpu, workload=f"grow-v2-{store}") for store, cpu in (("small", 10), ("main", 12))
    ]
    assert goal(grown, "CPU")["measured"] == "1.20"


def test_every_goal_is_of_a_workload_there_is() -> None:
    assert set(goals.GOALS) <= set(workloads.WORKLOADS)
    units = {one.of for all_ in goals.GOALS.values() for one in all_}
    assert units <= {"", "nginx", goals.LIMIT, *goals.CLIENTS, *workloads.WORKLOADS}


def test_what_runs_beside_requests_is_compared_with_before() -> None:
    one = sample("ocilot", 25_000, 40, workload="collect", collected=500_500, p99_us=900.0)
    samples = [{**one, "before_p99_us": 600.0, "p99_growth": 1.5, "rss": 60e6, "idle_rss": 50e6}]
    assert "collected blobs" in line(samples, "ocilot")["notes"]
    assert "p99 600 us before" in line(samples, "ocilot")["notes"]
    assert goal(samples, "rate")["reached"] == "yes"
    growth = goal(samples, "p99 by that before")
    assert (growth["measured"], growth["reached"]) == ("1.50", "yes")
    assert goal(samples, "RSS")["measured"] == "10.0 MB"
    plan = [sample("ocilot", 9, 0, workload="plan", plan_s=2.5, planned_tags=100_000)]
    assert (goal(plan, "plan")["measured"], goal(plan, "plan")["reached"]) == ("2.50 s", "NO")


def test_numbers_have_three_digits() -> None:
    assert [table.number(value) for value in (None, 0.123, 12.34, 123.4, 98_765.4)] == [
        *("-", "0.12", "12.3", "123", "98,765")
    ]
    assert [table.duration(value) for value in (None, 432.1, 1_500, 2.5e6)] == [
        "-",
        "432 us",
        "1.5 ms",
        "2.50 s",
    ]


def test_what_is_not_measured_is_said() -> None:
    assert "18: pull-through" in page.text([])


RESULTS = {
    "when": "2026-11-21T00:00:00Z",
    "machine": {"cpu": "Some CPU", "cpus": 2, "memory_gib": 23.4, "kernel": "6.1", "architecture": "x86_64"},
    "versions": {"docker-registry": "docker-registry 2.8.2", "nginx": "nginx 1.22"},
    "access_log": True,
    "quick": False,
    "rounds": 5,
    "seconds": 5.0,
    "interpreter_ms": 12.0,
    "samples": [sample("ocilot", 60_000, 12)],
}


def test_only_what_is_between_the_marks_of_the_page_is_replaced() -> None:
    text = f"before\n{page.BEGIN}an earlier run\n{page.END}after\n"
    made = page.replaced(text, RESULTS)
    assert made.startswith("before\n")
    assert made.endswith("after\n")
    assert "an earlier run" not in made
    assert "| 1 | GET /v2/ | ocilot | 12.0 | 60,000 |" in made
    assert page.replaced(made, RESULTS) == made


def test_the_page_has_the_marks() -> None:
    assert page.replaced(page.PAGE.read_text(), RESULTS)
