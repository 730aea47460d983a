"""What users of other registries report about retention, and what a real registry does in each case."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import FreshRegistry
from .guarded import guarded
from .images import Content, Image, image_manifest, make_image, to_json
from .pages import blocks
from .programs import attempt
from .registry import OCILOT
from .test_account_commands import Commands
from .test_collection import assert_pulls, control_of, stored
from .test_retain import EVERYTHING, config, push, tags_after_apply, verdicts
from .times import DAY, let_pass

PAGE = Path(__file__).parents[2] / "docs/operate/retention.md"


def test_a_plan_changes_nothing(fresh_registry: FreshRegistry) -> None:
    """R2: making, showing and explaining a plan leaves a line in the audit log, and all else as it was."""
    registry = fresh_registry(config(keep=[{"tags": "v*", "newest": 1}]))
    commands = Commands(registry)
    push(registry, "v1", "v2")

    def changes() -> list[str]:
        return [entry["action"] for entry in commands.data("audit")]

    before, blobs = changes(), stored(registry)
    plan = commands.data("retention", "plan")
    assert plan["delete"]["tags"] == 1
    commands.fine("retention", "show", str(plan["id"]))
    commands.fine("retention", "explain", "team/app:v1")
    with control_of(registry) as control:
        control.ask("POST", "/api/v1/retention/matches", {})
    assert changes() == ["retention.plan", *before]
    assert stored(registry) == blobs
    with registry.connect() as api:
        for tag in ("v1", "v2"):
            assert_pulls(api, "team/app", tag, make_image(f"team/app:{tag}"))


def test_only_administrators_plan_and_apply(tmp_path: Path) -> None:
    """R2: the right to delete in a repository is none to delete by rules, nor to see what they say."""
    with guarded(tmp_path) as there:
        for method, path in (
            ("GET", "/api/v1/retention"),
            ("GET", "/api/v1/retention/plans"),
            ("POST", "/api/v1/retention/plan"),
            ("POST", "/api/v1/retention/apply"),
            ("GET", "/api/v1/retention/explain?repository=team/app&tag=1"),
        ):
            assert there.ask("alice", method, path, b"{}" if method == "POST" else None).status == 403, path


PATTERNS = ["^v1", "v1$", "v[0-9]+", "(main|dev)-1", "v\\d", "/v\\d+/", "/sha256:.+/"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_regular_expression_is_refused_and_not_taken_for_a_pattern(tmp_path: Path, pattern: str) -> None:
    """R5, R33: it matches nothing else than was meant; the place, and what is expected, are named."""
    rules = {"keep": [{"tags": pattern}], "delete": EVERYTHING}
    policy = {"name": "p", "repositories": ["**"], **rules}
    file = tmp_path / "config.yml"
    file.write_text(yaml.safe_dump({"version": 0.1, "ocilot": {"retention": {"policies": [policy]}}}))
    ran = attempt([OCILOT, "config", "check", file], env={"PATH": "/usr/bin:/bin"}, seconds=60)
    assert (ran.code, ran.out) == (2, ""), ran
    lines = file.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "- tags: " in text)
    assert f"config.yml:{line}: invalid value" in ran.err
    assert "ocilot.retention.policies.0.keep.0.tags: expected a pattern of whole tags" in ran.err


def test_versions_are_told_from_builds_of_them(fresh_registry: FreshRegistry) -> None:
    """R5: `v1.0.0` but not `v1.0.0-12-ge7e7` is `semver: true`, and `except` leaves it to another rule."""
    rules = [{"semver": True}, {"tags": "v*-*", "newest": 1}]
    registry = fresh_registry(config(keep=rules))
    push(registry, "v1.0.0", "v1.0.0-12-ge7e7", "v1.0.0-13-gabab", "v1.1.0", "x-v1.0.0")
    kept = tags_after_apply(registry, Commands(registry))
    assert kept == ["v1.0.0", "v1.0.0-13-gabab", "v1.1.0"]


def image_of(created: str | None) -> Image:
    """One that says that it was made then, or does not say it."""
    image = make_image(f"created {created}")
    inner = json.loads(image.config.data)
    inner.pop("created", None)
    if created:
        inner["created"] = created
    changed = Content(image.config.media_type, to_json(inner))
    media_type = image.manifest.media_type
    document = image_manifest(media_type, changed, image.layers)
    return Image(Content(media_type, to_json(document)), changed, image.layers, image.platform)


def test_the_date_in_an_image_never_counts(fresh_registry: FreshRegistry) -> None:
    """R15, R29: the order is that of the pushes; an image without a date is not the oldest."""
    registry = fresh_registry(config(keep=[{"tags": "*", "newest": 2}, {"tags": "*", "pushed-within": "1m"}]))
    commands = Commands(registry)
    dates = {"a": "2030-01-01T00:00:00Z", "b": "2020-01-01T00:00:00Z", "c": "1970-01-01T00:00:00Z", "d": None}
    with registry.connect() as api:
        for tag, created in dates.items():
            api.push_image("team/app", image_of(created), tag)
    assert {verdict for verdict, _ in verdicts(commands).values()} == {"keep"}
    let_pass(registry, DAY, noticed=False)
    assert tags_after_apply(registry, commands) == ["c", "d"]


def test_a_repository_that_rules_would_empty_keeps_its_floor(fresh_registry: FreshRegistry) -> None:
    """R15: whatever the rules select, the newest tag stays unless `floor: 0` is said."""
    registry = fresh_registry(config(floor=1))
    push(registry, "a", "b")
    assert tags_after_apply(registry, Commands(registry)) == ["b"]


KEEPS: dict[str, Any] = {"name": "keeps", "repositories": ["**"], "keep": [{"tags": "deployed-to-*"}]}
DELETES: dict[str, Any] = {
    "name": "deletes",
    "repositories": ["**"],
    "floor": 0,
    "protect": [],
    "delete": [{"tags": "deployed-*"}, *EVERYTHING],
    "keep": [{"tags": "other"}],
}
ORDERS = [
    [
        {**DELETES, "delete": [*deletes], "keep": [{"tags": "deployed-to-*"}, *DELETES["keep"]]}
        for deletes in itertools.permutations(DELETES["delete"])
    ],
    [KEEPS, DELETES],
    [DELETES, KEEPS],
]


def test_keep_wins_in_any_order(fresh_registry: FreshRegistry) -> None:
    """R19: what a keep rule selects stays, whatever deletes it, before it or after it, in any policy."""
    one, other = ({**policy, "name": f"p{number}"} for number, policy in enumerate(ORDERS[0]))
    orders = [[one], [other], [one, other], *ORDERS[1:]]
    registry = fresh_registry(config())
    push(registry, "deployed-to-prod", "deployed-never", "x")
    with control_of(registry) as control:
        for policies in orders:
            plan = control.ask("POST", "/api/v1/retention/plan", {"policies": policies})["id"]
            rows = control.ask("GET", f"/api/v1/retention/plans/{plan}?verdict=delete")["rows"]
            assert {row["tag"] for row in rows} == {"deployed-never", "x"}, policies


def test_a_plan_has_the_times_that_its_rules_compared(fresh_registry: FreshRegistry) -> None:
    """R25: each row has the rule, its text, and what was compared; the times are those of the tags."""
    keep = [{"tags": "v*", "newest": 1}, {"tags": "k*", "pulled-within": "30d"}]
    registry = fresh_registry(config(keep=keep, delete=[{"tags": "*", "older-than": "14d"}]))
    commands = Commands(registry)
    push(registry, "v1", "v2", "k1", "x")
    let_pass(registry, 20 * DAY, noticed=False)
    push(registry, "young")
    with registry.connect() as api:
        assert api("GET", "/v2/team/app/manifests/k1").status == 200
    rows = {row["tag"]: row for row in commands.data("retention", "plan", "--all")["rows"]}
    said = {tag: (row["verdict"], row["rule"], row["why"]) for tag, row in rows.items()}
    assert said.pop("k1")[:2] == ("keep", "p.keep.1")
    assert said == {
        "v1": ("delete", "p.delete.0", "tags *, older than 14d: pushed 20d ago"),
        "v2": ("keep", "p.keep.0", "tags v*, newest 1: number 1, pushed 20d ago"),
        "x": ("delete", "p.delete.0", "tags *, older than 14d: pushed 20d ago"),
        "young": ("keep", None, "no delete rule selects it"),
    }
    assert rows["k1"]["why"].startswith("tags k*, pulled within 30d: pulled ")
    with control_of(registry) as control:
        tags = control.ask("GET", "/api/v1/repositories/team/app/tags")["tags"]
    for tag in tags:
        row = rows[tag["name"]]
        assert (row["digest"], row["pushed_at"]) == (tag["digest"], tag["pushed"]["at"])
        assert row["pulled_at"] == (tag["pulled"]["at"] if tag["pulled"] else None)


def test_the_policy_to_start_with_keeps_what_a_rollback_needs(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    """R34: what is deployed, patches of each minor version and the newest tags stay; the rest can return."""
    text = PAGE.read_text(encoding="utf-8").partition("## A policy to start with\n")[2]
    file = tmp_path / "starter.md"
    file.write_text(text.partition("\n## ")[0])
    deployed = tmp_path / "deployed.txt"
    deployed.write_text("registry.example.com/team/app:build-1\n")
    (starter,) = (block.text for block in blocks(file) if block.language == "yaml")
    registry = fresh_registry("version: 0.1\n" + starter.replace("/etc/ocilot/deployed.txt", str(deployed)))
    commands = Commands(registry)
    builds = [f"build-{number}" for number in range(3)]
    versions = [f"v1.{minor}.{patch}" for minor in range(2) for patch in range(5)]
    push(registry, "latest", *builds, *versions, "rollback-1", "rollback-2", "rollback-3")
    let_pass(registry, 60 * DAY, noticed=False)
    kept = tags_after_apply(registry, commands)
    newest = [f"v1.{minor}.{patch}" for minor in range(2) for patch in (2, 3, 4)]
    assert kept == sorted(["build-1", "latest", *newest, "rollback-1", "rollback-2", "rollback-3"])
    commands.fine("restore", "team/app:build-2")
    with registry.connect() as api:
        assert_pulls(api, "team/app", "build-2", make_image("team/app:build-2"))
