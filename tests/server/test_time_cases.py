"""What the times of collection, retention and undo promise, whatever the clock does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from ocilot.cli.gc import run_round
from ocilot.cli.retention import run_apply

from .conftest import FreshRegistry
from .garbage import collecting, delete
from .images import make_image
from .programs import wait_until
from .registry import Registry
from .test_account_commands import Commands
from .test_collection import IN_AN_HOUR, assert_pulls, collect, contents, control_of, stored
from .times import DAY, HOUR, let_pass

A_DAY = "{enabled: false, grace: 24h, pending: 1h}"


def test_a_tag_that_is_pushed_every_day_leaves_the_image_of_yesterday(fresh_registry: FreshRegistry) -> None:
    """G7: overwritten images go when their grace is over, and until then it can be asked why."""
    registry = collecting(fresh_registry, A_DAY)
    commands = Commands(registry)
    images = [make_image(f"day {number}") for number in range(5)]
    for number, image in enumerate(images):
        with registry.connect() as api:
            api.push_image("team/app", image, "latest")
        collect(registry)
        assert stored(registry) == contents(*images[max(0, number - 1) : number + 1])
        if image is not images[-1]:
            let_pass(registry, DAY + 60, noticed=False)
    ran = commands("gc", "why", images[-2].digest)
    assert "needed by nothing since" in ran.out, ran
    (holding,) = commands.data("gc", "why", images[-2].digest)["repositories"]
    released, due = (datetime.fromisoformat(holding[name]) for name in ("released_at", "due_at"))
    assert due - released == timedelta(hours=24)
    history = commands.data("history", "team/app:latest")
    assert [row["digest"] for row in history] == [image.digest for image in reversed(images)]
    assert datetime.fromisoformat(history[0]["at"]) == released
    ran = commands("gc", "why", images[0].digest)
    assert (ran.code, ran.out) == (3, ""), ran


def test_a_clock_that_is_set_back_takes_no_restore_away(fresh_registry: FreshRegistry) -> None:
    """What was deleted in the future is deleted: it is neither collected early nor unknown to a restore."""
    registry = collecting(fresh_registry, IN_AN_HOUR)
    commands = Commands(registry)
    first, second, gone = (make_image(name) for name in ("first", "second", "gone"))
    with registry.connect() as api:
        for image in (first, second):
            api.push_image("team/app", image, "latest")
        api.push_image("team/app", gone, "gone")
        delete(api, "team/app", gone.digest)
    collect(registry)
    let_pass(registry, -3 * HOUR)
    collect(registry)
    assert stored(registry) == contents(first, second, gone)
    for _ in range(2):
        ran = commands("restore", f"team/app@{gone.digest}")
        assert ran.err.endswith("tags: gone\n"), ran
        with registry.connect() as api:
            assert_pulls(api, "team/app", "gone", gone)
            delete(api, "team/app", gone.digest)
    commands.fine("restore", "team/app:latest")
    with registry.connect() as api:
        assert_pulls(api, "team/app", "latest", first)
    digests = [row["digest"] for row in commands.data("history", "team/app:latest")]
    assert digests == [first.digest, second.digest, first.digest], "the newest change is the last one"
    collect(registry)
    assert stored(registry) == contents(first, second, gone)


def test_after_a_long_stop_nothing_is_deleted_until_an_administrator_says_so(
    fresh_registry: FreshRegistry,
) -> None:
    """A stop of more than 26 h may be a wrong clock: scheduled plans and the collection wait."""
    policy = {
        "name": "p",
        "repositories": ["**"],
        "floor": 0,
        "every": "1h",
        "delete": [{"tags": "*", "older-than": "2h"}],
    }
    own = {"gc": {"grace": "1h"}, "retention": {"firstrun": True, "policies": [policy]}}
    storage = {"delete": {"enabled": True}}
    registry = fresh_registry(json.dumps({"version": 0.1, "storage": storage, "ocilot": own}))
    tagged, deleted = make_image("tagged"), make_image("deleted")
    with registry.connect() as api:
        api.push_image("team/app", tagged, "v1")
        api.push_image("team/app", deleted, "v2")
        delete(api, "team/app", "v2")
    work(registry)
    let_pass(registry, 27 * HOUR)
    registry.wait_for_line("garbage collection waits")
    registry.wait_for_line("retention waits for an administrator")
    work(registry)
    assert stored(registry) == contents(tagged, deleted)
    with registry.connect() as api, control_of(registry) as control:
        assert control.ask("GET", "/api/v1/retention")["clock_is_doubted"]
        waiting = control.ask("GET", "/api/v1/retention/plans")["plans"][0]
        assert (waiting["state"], waiting["delete"]["tags"]) == ("waiting", 1)
        assert "stopped for more than 26h" in waiting["waits"]
        assert api.tags("team/app") == ["v1"]
        assert run_apply(control, waiting["id"])["applied"]["tags"] == 1
        assert not control.ask("GET", "/api/v1/retention")["clock_is_doubted"]
        assert not api.has_manifest("team/app", "v1")
        for tag in ("v1", "v2"):
            control.ask("POST", "/api/v1/restore", {"repository": "team/app", "tag": tag})
        assert_pulls(api, "team/app", "v1", tagged)
        assert_pulls(api, "team/app", "v2", deleted)


def work(registry: Registry) -> None:
    """A whole round of the collection, and one of retention."""
    with control_of(registry) as control:
        run_round(control)
        asked = control.ask("POST", "/api/v1/jobs/apply-retention")["round"]
        wait_until(lambda: control.ask("GET", "/api/v1/jobs/apply-retention")["rounds"] >= asked, "the round")


def test_a_short_stop_lets_schedules_continue(fresh_registry: FreshRegistry) -> None:
    """What was due while the registry was stopped is done after the start, and asks nobody."""
    policy = {
        "name": "p",
        "repositories": ["**"],
        "floor": 0,
        "every": "1h",
        "delete": [{"tags": "pr-*", "older-than": "2h"}],
    }
    own = {"retention": {"firstrun": True, "policies": [policy]}}
    registry = fresh_registry(json.dumps({"version": 0.1, "ocilot": own}))
    with registry.connect() as api:
        for tag in ("pr-1", "v1"):
            api.push_image("team/app", make_image(tag), tag)
    work(registry)
    let_pass(registry, 5 * HOUR)
    registry.wait_for_line("retention plan applied")
    with registry.connect() as api:
        assert api.tags("team/app") == ["v1"]
