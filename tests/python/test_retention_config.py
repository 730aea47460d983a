"""Policies of retention are checked before anything runs: file, line, key and remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ocilot import config as configuration
from ocilot.errors import ConfigError

HEAD = """\
version: 0.1
ocilot:
  retention:
    policies:
      - name: applications
        repositories: ["team/**"]
"""


def problem(tmp_path: Path, rules: str) -> str:
    file = tmp_path / "config.yml"
    file.write_text(HEAD + rules)
    with pytest.raises(ConfigError) as raised:
        configuration.load(file)
    return str(raised.value).removeprefix(f"{tmp_path}/")


@pytest.mark.parametrize(
    ("rules", "line", "key", "remedy"),
    [
        ("        delete: [{tags: v*, older-than: 5x}]\n", 7, "delete.0.older-than", "such as 36h, 14d"),
        ("        delete:\n          - {tags: v*}\n          - {tagz: v*}\n", 9, "delete.1.tagz", "one of"),
        ("        delete: [{tags: '*'}]\n", 7, "delete.0", "everything: true"),
        ("        keep: [{tags: '^v.*$'}]\n", 7, "keep.0.tags", "regular expressions are not supported"),
        ("        delete: [{tags: '*', until-size: 5x}]\n", 7, "delete.0.until-size", "such as 50GiB"),
        ("        keep: [{in-use: 'http://a.example/l'}]\n", 7, "keep.0.in-use", "use https://"),
        ("        keep: [{in-use: 'hook:a.py'}]\n", 7, "keep.0.in-use", "ocilot.hooks.scripts"),
        ("        delete: [{tags: v*, pulled-within: 7d}]\n", 7, "delete.0.pulled-within", "a keep rule"),
        ("        delete: [{untagged-for: 7d, newest: 3}]\n", 7, "delete.0.newest", "one of"),
        (
            "        delete: [{tags: v*}]\n        fuse: 500 tags\n",
            8,
            "fuse",
            "a number of tags in a plan such as 500",
        ),
        ("        delete: [{tags: v*}]\n        fuse: {share: 200%}\n", 8, "fuse.share", "such as 25%"),
        ("        flor: 3\n", 7, "flor", "one of"),
        ("        delete: [{tags: v*}]\n        at: 2am\n", 8, "at", 'such as "02:00" or "sun 02:00"'),
        ("        delete: [{tags: v*}]\n        at: 02:00\n        every: 36h\n", 9, "every", "whole days"),
    ],
)
def test_a_wrong_rule_is_named_with_its_place(
    tmp_path: Path, rules: str, line: int, key: str, remedy: str
) -> None:
    found = problem(tmp_path, rules)
    assert found.startswith(f"config.yml:{line}: "), found
    assert f"ocilot.retention.policies.0.{key}" in found
    assert remedy in found


def test_policies_reach_the_core_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text(HEAD + "        keep: [{tags: [1.10], newest: 3}]\n        delete: [{tags: 1.*}]\n")
    settings = configuration.load(file).settings
    assert json.loads(settings.retention_policies)[0]["keep"] == [{"tags": ["1.10"], "newest": "3"}]
    assert settings.retention_interval == 24 * 3600
    assert not settings.retention_first_run_applies


def test_a_time_of_day_needs_no_quotes(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text(HEAD + "        delete: [{tags: v*}]\n        at: 02:00\n        every: 7d\n")
    (policy,) = json.loads(configuration.load(file).settings.retention_policies)
    assert (policy["at"], policy["every"]) == ("02:00", "7d")


def test_a_time_zone_is_handed_over_as_its_offsets(tmp_path: Path) -> None:
    """The core has no database of time zones."""
    file = tmp_path / "config.yml"
    file.write_text("version: 0.1\nocilot:\n  retention: {timezone: Europe/Berlin}\n")
    settings = configuration.load(file).settings
    assert settings.retention_timezone == "Europe/Berlin"
    offsets = dict(settings.retention_offsets)
    assert list(offsets) == sorted(offsets)
    # In summer 2027, from 28 March to 31 October.
    assert (offsets[1806195600], offsets[1824944400]) == (7200, 3600)
    file.write_text("version: 0.1\nocilot:\n  retention: {timezone: UTC}\n")
    assert configuration.load(file).settings.retention_offsets == []


@pytest.mark.parametrize("name", ["Europe/Nowhere", "/etc/localtime", "../UTC", "Europe", "CEST+1"])
def test_an_unknown_time_zone_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    file = tmp_path / "config.yml"
    file.write_text(f"version: 0.1\nocilot:\n  retention:\n    timezone: {name}\n")
    with pytest.raises(ConfigError, match=r":4: invalid .*ocilot\.retention\.timezone: expected a name"):
        configuration.load(file)
