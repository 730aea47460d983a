"""`ocilot jobs`, and what a page says about the jobs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .certificates import Certificates
from .conftest import FreshRegistry
from .images import make_image
from .pages import follow
from .programs import wait_until
from .test_account_commands import Commands
from .test_settings import config_of

PAGE = Path(__file__).parents[2] / "docs/operate/jobs.md"
SLOW_SCRUB = "version: 0.1\nocilot: {scrub: {rate: 1KiB}}\n"
"""A round over a mebibyte takes a quarter of an hour."""


@pytest.fixture
def slow(fresh_registry: FreshRegistry) -> Commands:
    """A registry whose scrub is under way for longer than any test."""
    registry = fresh_registry(SLOW_SCRUB)
    with registry.connect() as api:
        api.push_blob("a", b"x" * 1024 * 1024)
    commands = Commands(registry)
    commands.fine("jobs", "run", "scrub")
    wait_until(lambda: state(commands, "scrub") == "running", "the round")
    return commands


def state(commands: Commands, name: str) -> str:
    (job,) = (job for job in commands.data("jobs", "ls") if job["name"] == name)
    return str(job["state"])


def test_jobs_are_listed_and_run(fresh_registry: FreshRegistry) -> None:
    commands = Commands(fresh_registry("version: 0.1\n"))
    names = [job["name"] for job in commands.data("jobs", "ls")]
    assert names == [
        *("apply-retention", "collect-garbage", "expire-audit-log", "expire-tag-history"),
        *("expire-uploads", "flush-refusals", "measure-free-space", "measure-storage"),
        *("pin-images", "rank-repositories", "record-pulls", "scrub"),
    ]
    title, *lines = commands.fine("jobs", "ls").splitlines()
    assert title.split()[:4] == ["NAME", "STATE", "EVERY", "ROUNDS"]
    assert [line.split()[0] for line in lines] == names
    ran = commands("jobs", "run", "expire-uploads", "--wait")
    assert (ran.code, ran.out) == (0, "")
    assert re.fullmatch(r"expire-uploads done: 0 items in [\d.]+s\n", ran.err), ran
    (job,) = (job for job in commands.data("jobs", "ls") if job["name"] == "expire-uploads")
    assert (job["state"], job["last"]["outcome"], job["last"]["error"]) == ("idle", "ok", None)
    entry = commands.data("audit", "--action", "job.run")[0]
    assert (entry["by"]["kind"], entry["subject"]) == ("local", "expire-uploads")


def test_a_round_is_joined_and_cancelled(slow: Commands) -> None:
    assert slow("jobs", "run", "scrub").err == "scrub is already running\n"
    assert slow("jobs", "cancel", "scrub").err == "scrub is being cancelled\n"
    wait_until(lambda: state(slow, "scrub") == "idle", "the end of the round")
    assert slow("jobs", "cancel", "scrub").err == "scrub is not running\n"
    (job,) = (job for job in slow.data("jobs", "ls") if job["name"] == "scrub")
    assert job["last"]["outcome"] == "cancelled"


def test_a_round_under_way_does_not_keep_the_registry_from_its_end(slow: Commands) -> None:
    slow.registry.stop()


def test_what_cannot_be_done_has_its_exit_code(fresh_registry: FreshRegistry) -> None:
    commands = Commands(fresh_registry("version: 0.1\n"))
    for words in (("run", "missing"), ("cancel", "missing")):
        ran = commands("jobs", *words)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.startswith('unknown job "missing": expected one of apply-retention, ')
    commands.registry.stop()
    assert commands("jobs", "ls").code == 6


def test_a_job_that_is_switched_off_runs_on_request_only(fresh_registry: FreshRegistry) -> None:
    commands = Commands(fresh_registry("version: 0.1\nocilot: {scrub: {enabled: false}}\n"))
    assert state(commands, "scrub") == "disabled"
    commands.fine("jobs", "run", "scrub", "--wait")
    assert state(commands, "scrub") == "disabled"


def test_the_page_names_every_job_and_what_it_does(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    policy = "{name: all, repositories: ['**'], delete: [{tags: v*, older-than: 30d}]}"
    quota = "{repositories: ['**'], tags: 10}"
    all_on = (
        f"ocilot: {{accounts: {{enabled: true}}, quotas: [{quota}], retention: {{policies: [{policy}]}}}}\n"
    )
    commands = Commands(fresh_registry(Certificates(tmp_path).config() + all_on))
    rows = re.findall(r"^\| `([a-z-]+)` \| ([A-Z].*?) \| (?:`.*`, )?(\w+) \|", PAGE.read_text(), re.MULTILINE)
    shown = [line.split() for line in commands.fine("jobs", "ls").splitlines()[1:]]
    every = {words[0]: words[2] for words in shown}
    assert rows == [(job["name"], job["purpose"], every[job["name"]]) for job in commands.data("jobs", "ls")]


def test_every_command_of_the_page_works(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    commands = Commands(fresh_registry("version: 0.1\n"))

    def say(words: list[str]) -> str:
        ran = commands(*words[1:])
        assert ran.code == 0, ran
        return ran.out + ran.err

    follow(PAGE, tmp_path, say)


def test_the_history_of_a_tag_has_a_length(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(ocilot={"taghistory": {"entries": 3}}))
    images = [make_image(f"history {number}") for number in range(10)]
    with registry.connect() as api:
        for image in images:
            api.push_image("team/app", image, "moving")
    commands = Commands(registry)
    assert len(commands.data("history", "team/app:moving")) == 10
    commands.fine("jobs", "run", "expire-tag-history", "--wait")
    kept = [row["digest"] for row in commands.data("history", "team/app:moving")]
    assert kept == [image.digest for image in reversed(images[-3:])]
