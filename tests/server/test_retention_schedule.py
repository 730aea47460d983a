"""Each policy of retention has its own schedule, which a restart does not change."""

from __future__ import annotations

from .conftest import FreshRegistry
from .images import make_image
from .programs import wait_until
from .test_account_commands import Commands

CONFIG = """\
version: 0.1
ocilot:
  retention:
    firstrun: true
    policies:
      - {name: hourly, repositories: ["**"], floor: 0, every: 1h, delete: [{tags: "pr-*"}]}
      - {name: nightly, repositories: ["**"], floor: 0, at: "02:00", delete: [{tags: "dev-*"}]}
      - {name: usual, repositories: ["none/**"], delete: [{tags: "dev-*"}]}
"""


def shown(commands: Commands) -> dict[str, str]:
    """What `ocilot retention ls` says about each policy."""
    ran = commands("retention", "ls")
    assert ran.code == 0, ran
    return dict(line.split(": ", 1) for line in ran.err.splitlines())


def rounds(commands: Commands) -> int:
    (job,) = (job for job in commands.data("jobs", "ls") if job["name"] == "apply-retention")
    return int(job["rounds"])


def test_every_policy_runs_by_its_own_schedule_also_after_a_restart(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(CONFIG)
    commands = Commands(registry)
    wait_until(lambda: rounds(commands) > 0, "the first look at what is due")
    before = shown(commands)
    assert {name: said.partition(", next plan ")[0] for name, said in before.items()} == {
        "hourly": "every 1h",
        "nightly": "every 1d at 02:00 UTC",
        "usual": "every 1d",
    }
    assert "T02:00:00" in before["nightly"]
    registry.stop()
    registry.start()
    assert shown(commands) == before
    with registry.connect() as api:
        for tag in ("pr-1", "dev-1", "v1"):
            api.push_image("team/app", make_image(tag), tag)
    commands.fine("jobs", "run", "apply-retention", "--wait")
    with registry.connect() as api:
        assert api("GET", "/v2/team/app/tags/list").json["tags"] == ["v1"]
    after = shown(commands)
    assert after["nightly"] == before["nightly"]
    assert after["hourly"] != before["hourly"]
    (plan,) = commands.data("retention", "ls")
    assert plan["policies"] == ["hourly", "nightly", "usual"]


def test_times_of_day_are_those_of_the_time_zone(fresh_registry: FreshRegistry) -> None:
    zone = "    timezone: Asia/Kolkata\n    firstrun: true"  # 5:30 before UTC, all year.
    commands = Commands(fresh_registry(CONFIG.replace("    firstrun: true", zone)))
    nightly = shown(commands)["nightly"]
    assert nightly.startswith("every 1d at 02:00 Asia/Kolkata, next plan ")
    assert "T20:30:00" in nightly
