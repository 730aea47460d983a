"""The section `ocilot.retention`: which tags are deleted, and which are kept whatever else selects them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from ocilot import _core

from .section import Section
from .tree import Scalar
from .values import FLAG, NETWORKS, InvalidValue, Kind, Raw, read_duration, show_duration


def _plain(raw: Raw) -> Any:
    """Scalars as the texts that they were written as: `tags: [1.10]` is not the number 1.1."""
    if isinstance(raw, Scalar):
        return raw.value if raw.value is None or isinstance(raw.value, bool) else raw.text
    if isinstance(raw, dict):
        return {key: _plain(value) for key, value in raw.items()}
    return [_plain(value) for value in raw]


def _as_json(policies: Sequence[Mapping[str, Any]]) -> str:
    if not policies:
        return "[]"
    import json  # Only where there are policies: `serve` loads little.

    return json.dumps(policies)


def _read_policies(raw: Raw) -> list[Mapping[str, Any]] | None:
    if not isinstance(raw, list):
        return None
    policies: list[Mapping[str, Any]] = _plain(raw)
    problem = _core.retention_problem(_as_json(policies))
    if problem is not None:
        path, sentence, is_refused = problem
        raise InvalidValue(sentence, is_refused=is_refused, at=tuple(path))
    return policies


def _read_interval(raw: Raw) -> int | None:
    seconds = read_duration(raw)
    return seconds if seconds and seconds >= _SHORTEST else None


_SHORTEST: Final = 60

POLICIES: Final = Kind(
    "policies",
    "a list of policies, each with name, repositories, keep and delete",
    _read_policies,
    text_depth=None,
)
INTERVAL: Final = Kind(
    "duration", "a number and a unit, at least 1m, such as 24h", _read_interval, show_duration
)


class Retention(Section):
    """Deletion of tags by rules."""

    policies: Annotated[list[dict[str, Any]], POLICIES] = []
    """Policies, each with `name`, `repositories`, rules in `keep` and `delete`, and optionally `except`,
    `floor`, `protect`, `fuse`, `every` and `at`; see [retention](../operate/retention.md). Default: nothing
    is deleted."""
    interval: Annotated[int, INTERVAL] = 24 * 3600
    """Interval between two scheduled plans of a policy without `every` and `at`."""
    firstrun: Annotated[bool, FLAG] = False
    """Whether the first plan of new or changed policies is applied by the job. Default: it waits until an
    administrator applies it."""

    networks: Annotated[list[str], NETWORKS] = []
    """Private networks from which lists of images in use (`in-use: https://...`) may be fetched. Default:
    public addresses only."""

    def apply(self, settings: _core.Settings) -> None:
        """Hands the core what these keys say."""
        settings.retention_policies = _as_json(self.policies)
        settings.retention_interval = self.interval
        settings.retention_first_run_applies = self.firstrun
        settings.retention_networks = self.networks
