"""Pulls are counted whoever pulls, survive a restart, and decide what retention keeps."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .api import Api
from .clients import Docker, Skopeo
from .conftest import FreshRegistry
from .images import make_image
from .programs import wait_until
from .registry import Registry
from .test_account_commands import Commands
from .test_settings import config_of

DAY = 24 * 3600
BY_PULL = {
    "policies": [
        {
            "name": "unused",
            "repositories": ["team/**"],
            "keep": [{"tags": "*", "pulled-within": "30d"}],
            "delete": [{"tags": "*", "older-than": "14d"}],
            "floor": 0,
            "protect": [],
        }
    ]
}


def counting(fresh_registry: FreshRegistry, **pulls: object) -> Registry:
    """A registry that records pulls at once every hour, or when it is asked for a plan."""
    registry = fresh_registry(config_of(ocilot={"pulls": {"interval": "1h", **pulls}, "retention": BY_PULL}))
    with registry.connect() as api:
        for tag in ("v1", "v2"):
            api.push_image("team/app", make_image(tag), tag)
    return registry


def pulls_of(registry: Registry, tag: str) -> dict[str, Any]:
    return dict(Commands(registry).data("retention", "explain", f"team/app:{tag}"))


def get(api: Api, reference: str, method: str = "GET") -> None:
    assert api(method, f"/v2/team/app/manifests/{reference}").status == 200


def age(registry: Registry, days: int) -> None:
    """As if everything had happened so many days earlier."""
    registry.stop()
    with closing(sqlite3.connect(registry.root / "ocilot/meta.sqlite")) as database, database:
        earlier = f"- {days * DAY * 1_000_000}"
        database.execute(f"UPDATE tag SET moved_at = moved_at {earlier}")
        database.execute(f"UPDATE tag_pull SET pulled_at = pulled_at {earlier}")
        database.execute(f"UPDATE manifest_pull SET pulled_at = pulled_at {earlier}")
        database.execute(f"UPDATE job_place SET noted_at = noted_at {earlier} WHERE job = 'record-pulls'")
    registry.start()


def test_a_pull_by_skopeo_is_counted(skopeo: Skopeo, fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = counting(fresh_registry)
    before = pulls_of(registry, "v1")
    assert (before["pulled_at"], before["pulls"]) == (None, 0)
    skopeo.copy(f"docker://{registry.local}/team/app:v1", f"oci:{tmp_path}/image:v1")
    after = pulls_of(registry, "v1")
    assert after["pulls"] == 1
    assert after["pulled_at"] >= after["pulls_counted_since"]
    assert pulls_of(registry, "v2")["pulled_at"] is None
    said = Commands(registry).fine("retention", "explain", "team/app:v1")
    assert f"last pulled {after['pulled_at']}, 1 pull by this tag\n" in said


def test_a_pull_by_docker_is_use_of_the_tag(docker: Docker, fresh_registry: FreshRegistry) -> None:
    registry = counting(fresh_registry)
    docker("pull", f"{registry.local}/team/app:v1")
    assert pulls_of(registry, "v1")["pulled_at"] is not None
    assert pulls_of(registry, "v2")["pulled_at"] is None


def test_a_scanner_renews_nothing(skopeo: Skopeo, fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    """R22: what a named caller pulls does not count."""
    registry = counting(fresh_registry, ignore=["user-agent:skopeo/*"])
    age(registry, 40)
    with registry.connect() as api:
        get(api, "v2")
    skopeo.copy(f"docker://{registry.local}/team/app:v1", f"oci:{tmp_path}/image:v1")
    assert pulls_of(registry, "v1")["pulled_at"] is None
    Commands(registry).fine("retention", "apply", "--yes")
    with registry.connect() as api:
        assert api.tags("team/app") == ["v2"]


def test_what_clients_ask_for_without_fetching_it_is_in_use(fresh_registry: FreshRegistry) -> None:
    """R23: some clients resolve a tag with HEAD, and have the image."""
    registry = counting(fresh_registry)
    age(registry, 40)
    with registry.connect() as api:
        for _ in range(30):
            get(api, "v1", "HEAD")
    assert pulls_of(registry, "v1")["pulls"] == 0
    Commands(registry).fine("retention", "apply", "--yes")
    with registry.connect() as api:
        assert api.tags("team/app") == ["v1"]


def test_nothing_is_deleted_for_want_of_pulls_that_were_not_counted(fresh_registry: FreshRegistry) -> None:
    registry = counting(fresh_registry)
    age(registry, 40)
    registry.stop()
    with closing(sqlite3.connect(registry.root / "ocilot/meta.sqlite")) as database, database:
        database.execute("DELETE FROM job_place WHERE job = 'record-pulls'")  # As of an older version.
    registry.start()
    assert Commands(registry)("retention", "apply", "--yes").err.startswith("nothing to delete: ")
    assert "not pulled since counting began" in pulls_of(registry, "v1")["why"]
    age(registry, 29)
    assert Commands(registry)("retention", "apply", "--yes").err.startswith("nothing to delete: ")
    age(registry, 2)
    Commands(registry).fine("retention", "apply", "--yes")
    with registry.connect() as api:
        assert api.tags("team/app") == []


def test_pulls_survive_a_restart(fresh_registry: FreshRegistry) -> None:
    registry = counting(fresh_registry)
    since = pulls_of(registry, "v1")["pulls_counted_since"]
    with registry.connect() as api:
        get(api, "v1")
        get(api, "v1")
    registry.stop()
    registry.start()
    found = pulls_of(registry, "v1")
    assert (found["pulls"], found["pulls_counted_since"]) == (2, since)


def test_a_kill_loses_the_pulls_since_the_last_record_and_no_others(fresh_registry: FreshRegistry) -> None:
    registry = counting(fresh_registry)
    with registry.connect() as api:
        get(api, "v1")
    Commands(registry).fine("jobs", "run", "record-pulls", "--wait")
    with registry.connect() as api:
        get(api, "v1")
    registry.kill()
    registry.start()
    assert pulls_of(registry, "v1")["pulls"] == 1


def test_pulls_are_part_of_the_usage_of_an_image(fresh_registry: FreshRegistry) -> None:
    registry = counting(fresh_registry)
    image = Commands(registry).data("usage", "team/app:v1")
    assert (image["tag_pulls"], image["manifest_pulls"]) == (None, None)
    with registry.connect() as api:
        get(api, "v1")
        get(api, make_image("v1").digest)
    Commands(registry).fine("jobs", "run", "record-pulls", "--wait")
    image = Commands(registry).data("usage", "team/app:v1")
    assert (image["tag_pulls"]["count"], image["manifest_pulls"]["count"]) == (1, 2)
    assert image["tag_pulls"]["last_at"] == image["manifest_pulls"]["last_at"]


def test_pulls_are_in_the_metrics(fresh_registry: FreshRegistry) -> None:
    registry = counting(fresh_registry, interval="1s")
    with registry.connect() as api:
        get(api, "v1")
        wait_until(
            lambda: "\nocilot_pulls_recorded_total 1\n" in api("GET", "/metrics").body.decode(), "the record"
        )
        assert "\nocilot_pulls_dropped_total 0\n" in api("GET", "/metrics").body.decode()


@pytest.mark.parametrize("subject", ["anonymous", "everyone", "scanner", "user-agent:"])
def test_pulls_of_all_cannot_be_ignored(fresh_registry: FreshRegistry, subject: str) -> None:
    config = config_of(ocilot={"pulls": {"ignore": [subject]}})
    said = fresh_registry(config, start=False).refused_start()
    assert "ocilot.pulls.ignore" in said.err
