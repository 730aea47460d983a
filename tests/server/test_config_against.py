"""`ocilot config check --against`: what rules match is known before a registry starts with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import FreshRegistry
from .images import make_image
from .programs import Ran, attempt
from .registry import OCILOT, Registry
from .test_retain import labelled

RULES = """\
version: 0.1
ocilot:
  accounts: {enabled: true}
  retention:
    policies:
      - name: one
        repositories: ["team/**", "gone/*"]
        keep:
          - {tags: "v*"}
          - {tags: "release-*"}
        delete:
          - {tags: "*", older-than: 30d}
          - {untagged-for: 30d}
      - name: two
        repositories: ["none/**"]
        delete: [{tags: "v*"}]
  quotas:
    - {repositories: "other/*", tags: 5}
    - {repositories: "**", tags: 500}
  access:
    - repositories: ["*/app"]
      allow: {everyone: [pull]}
"""
POLICIES = "ocilot.retention.policies"


@pytest.fixture(params=["running", "stopped"])
def registry(request: pytest.FixtureRequest, fresh_registry: FreshRegistry) -> Registry:
    """A registry with another configuration than the one that is checked."""
    one = fresh_registry("version: 0.1\n")
    with one.connect() as api:
        for repository in ("team/app", "more/app"):
            for tag in ("v1", "v2", "dev"):
                api.push_image(repository, make_image(tag), tag)
    if request.param == "stopped":
        one.stop()
    return one


def check(home: Path, rules: str, root: Path | str, *words: str) -> Ran:
    file = home / "new.yml"
    file.write_text(rules)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
    return attempt([OCILOT, "config", "check", file, "--against", root, *words], env=env, seconds=60)


def rows_of(ran: Ran) -> dict[str, dict[str, Any]]:
    assert ran.code == 0, ran
    return {row["key"]: row for row in json.loads(ran.out)}


def test_each_rule_is_compared_with_what_the_registry_holds(registry: Registry, tmp_path: Path) -> None:
    before = sorted(path.name for path in (registry.root / "ocilot").iterdir())
    ran = check(tmp_path, RULES, registry.root, "-o", "json")
    rows = rows_of(ran)
    counted = {key: (row["matches"], row["of"]) for key, row in rows.items()}
    assert counted == {
        f"{POLICIES}.0.repositories": (1, 2),
        f"{POLICIES}.0.repositories.1": (0, 2),
        f"{POLICIES}.0.keep.0": (2, 3),
        f"{POLICIES}.0.keep.1": (0, 3),
        f"{POLICIES}.0.delete.0": (0, 3),
        f"{POLICIES}.0.delete.1": (0, 0),
        f"{POLICIES}.1.repositories": (0, 2),
        f"{POLICIES}.1.delete.0": (0, 0),
        "ocilot.quotas.0.repositories": (0, 2),
        "ocilot.quotas.1.repositories": (2, 2),
        "ocilot.access.0.repositories": (2, 2),
    }
    noted = [key for key, row in rows.items() if row["note"]]
    assert noted == [
        f"{POLICIES}.0.repositories.1",
        f"{POLICIES}.0.keep.1",
        f"{POLICIES}.0.delete.0",
        f"{POLICIES}.1.repositories",
        "ocilot.quotas.0.repositories",
        "ocilot.access.0.repositories",
    ]
    place = f"{tmp_path}/new.yml"
    assert f"note: {place}:10: {POLICIES}.0.keep.1 matches none of 3 tags: compare its patterns" in ran.err
    assert "0.delete.0 matches none of 3 tags now: 3 have its names" in ran.err
    assert f"note: {place}:21: ocilot.access.0.repositories matches all 2 repositories: write **" in ran.err
    assert ran.err.endswith("new.yml is fine\n")
    assert sorted(path.name for path in (registry.root / "ocilot").iterdir()) == before, "nothing was written"


def test_a_rule_that_matches_everything_is_noted_unless_it_says_so(
    registry: Registry, tmp_path: Path
) -> None:
    head = RULES.partition("  accounts")[0] + "  retention:\n    policies:\n      - name: one\n"
    head += "        repositories: team/*\n"
    keep = f"{head}        keep: [{{tags: '?*'}}]\n        delete: [{{tags: '*', everything: true}}]\n"
    rows = rows_of(check(tmp_path, keep, registry.root, "-o", "json"))
    assert "nothing is deleted there" in rows[f"{POLICIES}.0.keep.0"]["note"]
    assert rows[f"{POLICIES}.0.delete.0"]["note"] is None
    delete = f"{head}        delete: [{{tags: '?*'}}]\n"
    rows = rows_of(check(tmp_path, delete, registry.root, "-o", "json"))
    assert "say `everything: true`" in rows[f"{POLICIES}.0.delete.0"]["note"]


def test_an_empty_registry_says_nothing_about_rules(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    empty = fresh_registry("version: 0.1\n")
    rows = rows_of(check(tmp_path, RULES, empty.root, "-o", "json"))
    assert [row["note"] for row in rows.values() if row["note"]] == []


def test_what_is_no_data_directory_is_refused(tmp_path: Path) -> None:
    elsewhere = check(tmp_path, RULES, "https://registry.example.com")
    assert (elsewhere.code, elsewhere.out) == (2, "")
    assert "run this on the machine of the registry" in " ".join(elsewhere.err.replace("│", " ").split())
    missing = check(tmp_path, RULES, tmp_path / "none")
    assert (missing.code, missing.out) == (3, "")
    assert "no registry found" in missing.err


def test_rules_by_label_are_counted_where_labels_can_be_read(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry("version: 0.1\n")
    with registry.connect() as api:
        api.push_image("team/app", labelled({"env": "prod"}), "v1")
        api.push_image("team/app", make_image("other"), "v2")
    rules = (
        "version: 0.1\nocilot:\n  retention:\n    policies:\n      - name: one\n"
        "        repositories: team/*\n        keep: [{label: {env: prod}}]\n        delete: [{tags: 'v*'}]\n"
    )
    row = rows_of(check(tmp_path, rules, registry.root, "-o", "json"))[f"{POLICIES}.0.keep.0"]
    assert (row["matches"], row["of"], row["note"]) == (1, 2, None)
    registry.stop()
    rows = rows_of(check(tmp_path, rules, registry.root, "-o", "json"))
    assert "the labels of 2 tags cannot be read" in rows[f"{POLICIES}.0.keep.0"]["note"]
    assert "labels" not in rows[f"{POLICIES}.0.delete.0"]["note"], "it has none"
