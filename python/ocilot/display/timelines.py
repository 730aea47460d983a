"""What happened when: a lane for each tag, a mark for each push, pull and removal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from html import escape
from typing import Any, Final

from .svg import FAINT, INK, Colour, Picture, heading, line, shortened, text

LANES: Final = 30
"""Lanes that are drawn; what happened in others is counted."""
LANE: Final = 26
NAMES: Final = 200
HEAD: Final = 76
LEGEND: Final = 250
"""Pixels of the legend."""
HOUR: Final = 3600
DAY: Final = 24 * HOUR
STEPS: Final = (
    *(1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800),
    *(HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR),
    *(DAY, 2 * DAY, 7 * DAY, 14 * DAY),
)
"""Seconds between the lines of the scale."""
MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120)
"""Months between them, where the time is longer."""
MARKS: Final = 6
"""Lines of the scale, at most."""
PUSH: Final = Colour("#1a6fc4", "#6cb0f5")
PULL: Final = Colour("#2a8a4a", "#6fce8b")
REMOVAL: Final = Colour("#b3302c", "#f08a86")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened."""

    time: str
    """RFC 3339."""
    lane: str
    """Row, such as `team/app:v1`."""
    kind: str
    """`push`, `pull` or `removal`."""
    note: str = ""
    """Shown where the pointer rests."""


def moment_of(row: Mapping[str, Any]) -> Moment:
    """A moment of an event, an audit entry or a change of a tag, as `to_row` or `to_json` has it.

    >>> moment_of({"at": "2026-11-21T17:48:55Z", "action": "tag.moved", "repository": "app"}).lane
    'app'
    """
    action = str(row.get("action") or ("tag.set" if row.get("digest") else "tag.deleted"))
    removed = any(word in action for word in ("delete", "remove", "collect"))
    kind = "pull" if "pull" in action else "removal" if removed else "push"
    tags: Sequence[Any] = row.get("tags") or []
    tag = row.get("tag") or (tags[0] if len(tags) == 1 and isinstance(tags[0], str) else "")
    lane = ":".join(filter(None, [str(row.get("repository") or ""), str(tag or "")])) or "registry"
    by = row.get("actor.name") or row.get("by.name") or row.get("by") or ""
    times = f"{row['times']} times" if (row.get("times") or 1) > 1 else ""
    return Moment(
        str(row.get("time") or row["at"]), lane, kind, ", ".join(filter(None, [action, str(by), times]))
    )


def timeline(moments: Iterable[Any], title: str, *, width: int = 960) -> Picture:
    """A picture of moments, in lanes, the lane of the newest moment first.

    `moments`: values of `Moment`, or what has `to_row()` or is a mapping with `time` or `at`, `action`,
    `repository` and `tag`, such as `registry.admin.events.list()`. `width`: pixels.

    >>> timeline([Moment("2026-11-21T17:48:55Z", "team/app:v1", "push")], "pushes")
    <Picture 'pushes' 960 x 120>
    """
    found = sorted((_moment(one) for one in moments), key=lambda one: (_seconds(one.time), one.lane))
    lanes = list(dict.fromkeys(one.lane for one in reversed(found)))
    shown = {lane: place for place, lane in enumerate(lanes[:LANES])}
    height = HEAD + LANE * max(1, len(shown)) + 18
    content = [heading(title, width - LEGEND - 24), _legend(width)]
    if not found:
        content.append(text(width / 2, HEAD + 16, "nothing happened", colour=FAINT, anchor="middle"))
        return Picture(title, width, height, "".join(content))
    times = [_seconds(one.time) for one in found]
    first, last = min(times), max(times)
    reach = max(last - first, 1.0)
    left, right = NAMES + 24, width - 40

    def at(seconds: float) -> float:
        return (left + right) / 2 if first == last else left + (seconds - first) / reach * (right - left)

    content += _scale(first, last, reach, at, height)
    for lane, place in shown.items():
        y = HEAD + LANE * place + LANE / 2
        content += [line(left, y, right, y), text(NAMES + 8, y + 4, shortened(lane, NAMES - 8), anchor="end")]
    for one, seconds in zip(found, times, strict=True):
        if one.lane in shown:
            content.append(_mark(at(seconds), HEAD + LANE * shown[one.lane] + LANE / 2, one))
    if len(lanes) > LANES:
        content.append(text(12, height - 6, f"and {len(lanes) - LANES} more", colour=FAINT))
    return Picture(title, width, height, "".join(content))


def _moment(one: Any) -> Moment:
    if isinstance(one, Moment):
        return one
    if isinstance(one, Mapping):
        return moment_of(one)
    return moment_of(one.to_row() if hasattr(one, "to_row") else one.to_json())


def _seconds(time: str) -> float:
    found = datetime.fromisoformat(time)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _scale(first: float, last: float, reach: float, at: Any, height: int) -> list[str]:
    begin, end = datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)
    words, until = f"{begin:%Y-%m-%d %H:%M:%S}", f"{end:%Y-%m-%d %H:%M:%S}"
    if words != until:
        words += f" to {end:%H:%M:%S}" if begin.date() == end.date() else f" to {until}"
    content = [text(12, 44, f"{words} UTC", size=11, colour=FAINT)]
    for mark in _marks(begin, end, reach):
        x = at(mark.timestamp())
        pattern = "%Y-%m-%d" if mark.time() == time() else "%H:%M:%S" if reach < MARKS * 60 else "%H:%M"
        content.append(line(x, HEAD - 6, x, height - 18))
        content.append(text(x, HEAD - 10, mark.strftime(pattern), size=11, colour=FAINT, anchor="middle"))
    return content


def _marks(begin: datetime, end: datetime, reach: float) -> Iterator[datetime]:
    """Round times between two others."""
    if step := next((one for one in STEPS if reach / one <= MARKS), 0):
        mark = (int(begin.timestamp()) // step + 1) * step
        while mark <= end.timestamp():
            yield datetime.fromtimestamp(mark, UTC)
            mark += step
        return
    months = next((one for one in MONTHS if reach / (one * 30 * DAY) <= MARKS), MONTHS[-1])
    count = (begin.year * 12 + begin.month - 1) // months * months
    while (count := count + months) <= end.year * 12 + end.month - 1:
        yield datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)


def _mark(x: float, y: float, one: Moment) -> str:
    """A shape for each kind: colours alone are not seen by everybody."""
    shapes = {
        "push": (PUSH, f"M{x - 6:.1f} {y + 5:.1f}L{x + 6:.1f} {y + 5:.1f}L{x:.1f} {y - 6:.1f}Z"),
        "pull": (PULL, f"M{x - 6:.1f} {y - 5:.1f}L{x + 6:.1f} {y - 5:.1f}L{x:.1f} {y + 6:.1f}Z"),
    }
    removal = (
        REMOVAL,
        f"M{x - 6:.1f} {y - 4:.1f}l2 -2l4 4l4 -4l2 2l-4 4l4 4l-2 2l-4 -4l-4 4l-2 -2l4 -4Z",
    )
    colour, path = shapes.get(one.kind, removal)
    hint = escape("\n".join(filter(None, [one.time, one.lane, one.note])))
    return f'<path d="{path}" {colour.as_("fill")}><title>{hint}</title></path>'


def _legend(width: int) -> str:
    content, x = [], width - LEGEND
    for kind in ("push", "pull", "removal"):
        content += [_mark(x, 22, Moment("", kind, kind)), text(x + 11, 26, kind, colour=INK)]
        x += 80
    return "".join(content)
