"""The section `ocilot.retention`: which tags are deleted, and which are kept whatever else selects them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from ocilot import _core

from .access import SUBJECTS
from .section import Section
from .tree import Scalar
from .values import FLAG, NETWORKS, TEXT, InvalidValue, Kind, Raw, read_duration, show_duration


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


def policies_of(raw: list[Raw]) -> list[dict[str, Any]]:
    """Policies as they were written, checked by the core. Raises InvalidValue."""
    policies: list[dict[str, Any]] = _plain(raw)
    problem = _core.retention_problem(_as_json(policies))
    if problem is not None:
        path, sentence, is_refused = problem
        raise InvalidValue(sentence, is_refused=is_refused, at=tuple(path))
    return policies


def _read_policies(raw: Raw) -> list[dict[str, Any]] | None:
    return policies_of(raw) if isinstance(raw, list) else None


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


def _read_timezone(raw: Raw) -> str | None:
    name = TEXT.read(raw)
    if not name or name == "UTC":
        return name or None
    from .time_zone import is_known  # Only where there is one: `serve` loads little.

    return name if is_known(name) else None


TIMEZONE: Final = Kind(
    "time zone",
    "a name in the time zone database of this machine (package tzdata), such as Europe/Berlin or UTC",
    _read_timezone,
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
    timezone: Annotated[str, TIMEZONE] = "UTC"
    """Time zone of the times of day in `at`, such as `Europe/Berlin`."""
    firstrun: Annotated[bool, FLAG] = False
    """Whether the first plan of new or changed policies is applied by the job. Default: it waits until an
    administrator applies it."""

    readers: Annotated[list[str], SUBJECTS] = []
    """Callers who may make and read plans besides administrators, written as in access rules: `user:alice`,
    `group:release`. Only administrators apply them."""
    networks: Annotated[list[str], NETWORKS] = []
    """Private networks from which lists of images in use (`in-use: https://...`) may be fetched. Default:
    public addresses only."""

    def apply(self, settings: _core.Settings) -> None:
        """Hands the core what these keys say."""
        settings.retention_policies = _as_json(self.policies)
        settings.retention_interval = self.interval
        settings.retention_first_run_applies = self.firstrun
        settings.retention_networks = self.networks
        settings.retention_readers = self.readers
        settings.retention_timezone = self.timezone
        if self.timezone != "UTC":
            from .time_zone import offsets_of

            settings.retention_offsets = offsets_of(self.timezone)
