"""Compares the rules of a configuration with what a registry holds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from ocilot import _core
from ocilot.config import Loaded
from ocilot.counting import counted

from .control import Control
from .options import path

SECONDS: Final = 600
"""That a registry may take to count what rules of retention select."""
PAGE: Final = 1000
_LABELS_NEED: Final = "they are read only while the registry of the data directory runs; start it"

Row = dict[str, Any]
"""A rule: `place`, `key`, `rule` in words, `matches` so many `of` all `what`, and a `note` or None."""


def compare(loaded: Loaded, root: str) -> list[Row]:
    """A row for each rule, in the order of retention, quotas and access. Changes nothing in the registry."""
    if "://" in root or not root:
        raise typer.BadParameter(
            "expected a data directory: run this on the machine of the registry", param_hint="--against"
        )
    own = loaded.config.ocilot
    with _control(loaded, root) as control:
        control.set_timeout(SECONDS)
        repositories = control.ask_all(f"{path('repositories')}?n={PAGE}", "repositories")
        names = [repository["name"] for repository in repositories]
        asked = {"policies": own.retention.policies}
        matches = control.ask("POST", path("retention", "matches"), asked)["matches"]
    rows = list(_of_retention(own.retention.policies, matches, names))
    for number, quota in enumerate(own.quotas):
        rows += _of_patterns(("ocilot", "quotas", str(number)), quota.repositories, names)
    for number, (patterns, _) in enumerate(own.access):
        rows += _of_patterns(("ocilot", "access", str(number)), patterns, names)
    return [{"place": loaded.tree.nearest(row["key"].split(".")).where, **row} for row in rows]


def _control(loaded: Loaded, root: str) -> Control:
    """Of the registry that holds something: it need not have this configuration."""
    settings = _core.Settings()
    settings.root = os.path.abspath(root)  # noqa: PTH100
    own = loaded.settings
    # Without a registry that runs, lists of images in use are fetched as this configuration says.
    settings.retention_networks = own.retention_networks
    settings.authorities = own.authorities
    # The registry of this configuration may have its socket elsewhere.
    if own.root == settings.root and own.control_socket and Path(own.control_socket).is_socket():
        settings.control_socket = own.control_socket
    return Control(settings, only_reads=True)


def _of_retention(
    policies: Sequence[dict[str, Any]], matches: Sequence[dict[str, Any]], names: Sequence[str]
) -> Iterator[Row]:
    for number, (policy, found) in enumerate(zip(policies, matches, strict=True)):
        key = ("ocilot", "retention", "policies", str(number))
        patterns = policy["repositories"]
        yield from _of_patterns(key, [patterns] if isinstance(patterns, str) else patterns, names)
        for kind in ("keep", "delete"):
            for place, rule in enumerate(found[kind]):
                written = policy[kind][place]
                note = _note_of_rule(rule, kind, "everything" in written) if found["tags"] else None
                if found["labels_unread"] and _has_labels(written):
                    unread = counted(found["labels_unread"], "tag")
                    note = f"the labels of {unread} cannot be read: {_LABELS_NEED}"
                yield {
                    "key": ".".join((*key, kind, str(place))),
                    "rule": rule["text"],
                    "matches": rule["selected"],
                    "of": rule["candidates"] if rule["candidates"] is not None else rule["selected"],
                    "what": "tags" if rule["candidates"] is not None else "manifests",
                    "note": note,
                }


def _has_labels(written: dict[str, Any]) -> bool:
    return "label" in written or str(written.get("per", "")).startswith("label:")


def _note_of_rule(rule: dict[str, Any], kind: str, is_meant: bool) -> str | None:
    """What an author may not have meant; None if nothing is conspicuous."""
    tags = rule["candidates"]
    if not tags:
        return None
    any_tag, all_tags = counted(tags, "tag"), "the only tag" if tags == 1 else f"all {tags} tags"
    if rule["named"] == 0:
        return f"matches none of {any_tag}: compare its patterns with the list of tags"
    if rule["selected"] == 0:
        named = f"{rule['named']} {'has' if rule['named'] == 1 else 'have'}"
        return f"matches none of {any_tag} now: {named} its names, and none is of its age"
    if rule["selected"] == tags and kind == "keep":
        return f"matches {all_tags}: nothing is deleted there; narrow it, or omit the delete rules"
    if rule["selected"] == tags and not is_meant:
        return f"matches {all_tags}: only keep rules spare any; narrow it, or say `everything: true`"
    return None


def _of_patterns(key: tuple[str, ...], patterns: Sequence[str], names: Sequence[str]) -> Iterator[Row]:
    """The repositories of a rule, and a row for each of several patterns that matches none."""
    matching = [[name for name in names if _core.RepositoryPattern(one).matches(name)] for one in patterns]
    together = len({name for some in matching for name in some})
    yield {
        "key": ".".join((*key, "repositories")),
        "rule": " ".join(patterns),
        "matches": together,
        "of": len(names),
        "what": "repositories",
        "note": _note_of_patterns(together, len(names), "**" in patterns),
    }
    if together == 0 or len(patterns) == 1:
        return
    for number, some in enumerate(matching):
        if not some:
            yield {
                "key": ".".join((*key, "repositories", str(number))),
                "rule": patterns[number],
                "matches": 0,
                "of": len(names),
                "what": "repositories",
                "note": _note_of_patterns(0, len(names), False),
            }


def _note_of_patterns(matching: int, repositories: int, is_meant: bool) -> str | None:
    if not repositories:
        return None
    if matching == 0:
        return f"matches none of {counted(repositories, 'repository')}: compare it with `ocilot repo ls`"
    if matching == repositories > 1 and not is_meant:
        return f"matches all {repositories} repositories: write ** if that is meant"
    return None
