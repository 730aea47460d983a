"""Configs of images: made, changed, and their history kept in step with the layers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ocilot.arguments import check_list, check_mapping, check_texts, check_type
from ocilot.errors import InvalidReference
from ocilot.oci import Config, Digest, Platform

_PORT: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?")
_LISTS: Final = {
    "cmd": '["/bin/sh"]',
    "entrypoint": '["/bin/sh"]',
    "ports": "[80]",
    "volumes": '["/data"]',
}
Pairs = Mapping[str, str | None] | Iterable[str]


@dataclass(frozen=True)
class Changes:
    """What is to be different about how an image runs. None: as it is; empty: removed."""

    env: Pairs = ()
    """`NAME=VALUE`, or a mapping; the value None removes a variable. Others stay."""
    labels: Pairs = field(default_factory=dict)
    """As `env`."""
    cmd: Sequence[str] | None = None
    entrypoint: Sequence[str] | None = None
    user: str | None = None
    workdir: str | None = None
    ports: Sequence[str | int] | None = None
    """Such as `80` or `53/udp`; added to those there are."""
    volumes: Sequence[str] | None = None
    """Paths; added to those there are."""
    stop_signal: str | None = None

    def __post_init__(self) -> None:
        for name in ("env", "labels"):
            _check_pairs(name, getattr(self, name))
        for name, value in (("cmd", self.cmd), ("entrypoint", self.entrypoint)):
            if isinstance(value, str):
                expected = 'a list of words, such as ["/bin/sh"]'
                raise InvalidReference(f'invalid {name} "{value}": expected {expected}')
        for name, example in _LISTS.items():
            if getattr(self, name) is not None:
                check_list(name, getattr(self, name), f"a list such as {example}")
        for name in ("cmd", "entrypoint", "volumes"):
            if getattr(self, name) is not None:
                check_texts(name, getattr(self, name), f"a list such as {_LISTS[name]}")
        for name in ("user", "workdir", "stop_signal"):
            if getattr(self, name) is not None:
                check_type(name, getattr(self, name), str, "a text")

    def apply(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """The field `config` of a config with these changes; fields that are not known here stay."""
        changed = dict(run)
        _set(changed, "User", self.user)
        _set(changed, "ExposedPorts", _added(run.get("ExposedPorts"), _ports(self.ports)))
        _set(changed, "Env", self._env(run.get("Env")))
        _set(changed, "Entrypoint", None if self.entrypoint is None else list(self.entrypoint))
        _set(changed, "Cmd", None if self.cmd is None else list(self.cmd))
        _set(changed, "Volumes", _added(run.get("Volumes"), self.volumes))
        _set(changed, "WorkingDir", self.workdir)
        _set(changed, "Labels", self._labels(run.get("Labels")))
        _set(changed, "StopSignal", self.stop_signal)
        return changed

    def _env(self, before: Any) -> list[str] | None:
        wanted = pairs(self.env, "env")
        if not wanted:
            return None
        left = dict(wanted)
        found: list[str] = []
        for entry in before if isinstance(before, list) else ():
            name = str(entry).partition("=")[0]
            if name not in wanted:
                found.append(str(entry))
            elif (value := left.pop(name, None)) is not None:
                found.append(f"{name}={value}")
        return found + [f"{name}={value}" for name, value in left.items() if value is not None]

    def _labels(self, before: Any) -> dict[str, str] | None:
        wanted = pairs(self.labels, "labels")
        if not wanted:
            return None
        merged = (before if isinstance(before, dict) else {}) | wanted
        return {name: value for name, value in merged.items() if value is not None}

    def __bool__(self) -> bool:
        return self != Changes()


def pairs(found: Pairs, what: str) -> dict[str, str | None]:
    """Names with values; raises InvalidReference.

    >>> pairs(["A=1", "B=x=y"], "env")
    {'A': '1', 'B': 'x=y'}
    """
    if isinstance(found, Mapping):
        return dict(found)
    if isinstance(found, str):
        found = [found]
    made: dict[str, str | None] = {}
    for text in found:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidReference(f'invalid {what} "{text}": expected NAME=VALUE')
        made[name] = value
    return made


def _check_pairs(name: str, found: object) -> None:
    if isinstance(found, Mapping):
        check_mapping(name, found, removes=True)
    elif not isinstance(found, str):
        check_texts(name, found, "a list of NAME=VALUE, or a mapping")


def _ports(ports: Sequence[str | int] | None) -> list[str] | None:
    """Ports as docker writes them."""
    if ports is None:
        return None
    found = []
    for port in map(str, ports):
        matched = _PORT.fullmatch(port)
        numbers = [int(number) for number in matched.groups()[:2] if number] if matched else []
        if not numbers or not all(0 < number < 65536 for number in numbers):
            raise InvalidReference(f'invalid port "{port}": expected NUMBER[/tcp|udp|sctp], such as 8080')
        found.append(port if "/" in port else f"{port}/tcp")
    return found


def _added(before: Any, names: Sequence[str] | None) -> dict[str, Any] | None:
    if names is None:
        return None
    if not names:
        return {}
    return dict(sorted(((before if isinstance(before, dict) else {}) | {name: {} for name in names}).items()))


def _set(fields: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        return
    if value:
        fields[name] = value
    else:
        fields.pop(name, None)


def new_config(platform: Platform, created: str, changes: Changes) -> Config:
    """The config of an image without layers."""
    return Config(
        encoded(
            {
                "created": created,
                **platform.to_json(),
                "config": changes.apply({}),
                "rootfs": {"type": "layers", "diff_ids": []},
                "history": [],
            }
        )
    )


def changed_config(config: Config, changes: Changes) -> Config:
    """A config with changes; fields that are not known here stay."""
    fields = dict(config.json)
    if changes:
        run = fields.get("config")
        fields["config"] = changes.apply(run if isinstance(run, dict) else {})
    fields["history"] = aligned(_history(config), len(config.diff_ids))
    return Config(encoded(fields))


def with_layers(
    config: Config, added: Sequence[tuple[Digest, Mapping[str, Any]]], created: str = ""
) -> Config:
    """A config with further layers on top, each with its entry of the history."""
    history = aligned(_history(config), len(config.diff_ids))
    return with_rootfs(
        config,
        [*config.diff_ids, *(diff_id for diff_id, _ in added)],
        [*history, *(dict(entry) for _, entry in added)],
        created,
    )


def with_rootfs(
    config: Config, diff_ids: Sequence[Digest], history: Sequence[Mapping[str, Any]], created: str = ""
) -> Config:
    """A config with these layers and this history."""
    fields = dict(config.json)
    if created:
        fields["created"] = created
    fields["rootfs"] = {"type": "layers", "diff_ids": [str(diff_id) for diff_id in diff_ids]}
    fields["history"] = [dict(entry) for entry in history]
    return Config(encoded(fields))


def history_of(config: Config) -> list[dict[str, Any]]:
    """The history with one entry for each layer."""
    return aligned(_history(config), len(config.diff_ids))


def history_above(config: Config, base: Config) -> list[dict[str, Any]]:
    """The steps of an image that came after its base."""
    history, below = history_of(config), history_of(base)
    if history[: len(below)] == below:
        return history[len(below) :]
    # The base was made with other words: its layers are the lowest ones.
    made = [place for place, entry in enumerate(history) if entry.get("empty_layer") is not True]
    count = len(base.diff_ids)
    return history[made[count - 1] + 1 :] if count else history


def aligned(history: Sequence[Mapping[str, Any]], layers: int) -> list[dict[str, Any]]:
    """A history with one entry for each layer: other programs reject an image whose numbers differ.

    Missing entries are added at the end; surplus ones stay, as steps that made no layer.

    >>> aligned([{"created_by": "a"}], 2)
    [{'created_by': 'a'}, {'comment': 'layer without history'}]
    """
    found = []
    seen = 0
    for entry in history:
        if entry.get("empty_layer") is not True:
            seen += 1
            if seen > layers:
                entry = {**entry, "empty_layer": True}
        found.append(dict(entry))
    return found + [{"comment": "layer without history"} for _ in range(layers - seen)]


def _history(config: Config) -> list[dict[str, Any]]:
    """Entries with all their fields."""
    found = config.json.get("history")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def encoded(fields: Mapping[str, Any]) -> bytes:
    """The bytes of a config: the same fields in the same order are the same bytes."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
