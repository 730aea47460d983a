"""The section `ocilot.pulls`: how pulls are counted, and whose are not."""

import re
from typing import TYPE_CHECKING, Annotated, Final

from .access import texts_of
from .section import Section
from .values import Kind, Raw, expected, read_duration, show_duration

if TYPE_CHECKING:
    from ocilot import _core

_SUBJECT: Final = re.compile(r"(?:user|group|robot|federated|certificate|user-agent):.+")
_SUBJECT_WORDS: Final = (
    "user:NAME, group:NAME, robot:NAME, federated:PATTERN, certificate:PATTERN or user-agent:PATTERN"
)


def _read_ignored(raw: Raw) -> list[str]:
    subjects = texts_of(raw, "a list of subjects such as [robot:scanner]")
    for number, subject in enumerate(subjects):
        if not _SUBJECT.fullmatch(subject):
            raise expected(_SUBJECT_WORDS, str(number))
    return subjects


def _read_interval(raw: Raw) -> int | None:
    return read_duration(raw) or None


IGNORED: Final = Kind("subjects", "a list of subjects such as [robot:scanner]", _read_ignored, text_depth=1)
INTERVAL: Final = Kind(
    "duration", "a number and a unit, at least 1s, such as 1m", _read_interval, show_duration
)


class Pulls(Section):
    """Times and counts of pulls, which [retention](../operate/retention.md#rules-by-pull) uses."""

    ignore: Annotated[list[str], IGNORED] = []
    """Callers whose pulls do not count, such as scanners and mirrors: `robot:scanner`, `group:ops` and other
    subjects of access rules but `anonymous` and `everyone`, and `user-agent:PATTERN`, in which `*` matches
    any number of characters."""
    interval: Annotated[int, INTERVAL] = 60
    """Interval at which counted pulls are recorded. A pull has the time when it is recorded; a crash loses
    those since the last time."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.pulls_ignore = self.ignore
        settings.pulls_interval = self.interval
