"""What pages and comments say about files is so: names, links, commands, and the tables that others keep."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from .pages import anchors, dead_links, pages, prose, quoted, spans, stale_names
from .test_floors import ROOMS
from .tree import ROOT, files, name, under

MADE_BY_READERS = {
    "no_latest.py": "the reader of docs/hooks/index.md writes it",
    "test_no_latest.py": "the reader of docs/hooks/index.md writes it",
    "announce.py": "the reader of docs/hooks/events.md writes it",
    "stable.py": "the reader of docs/hooks/events.md writes it",
    "test_stable.py": "the reader of docs/hooks/events.md writes it",
    "require_source.py": "the reader of docs/hooks/examples.md writes it",
    "by_digest.py": "the reader of docs/client/cookbook.md writes it",
    "report.py": "the reader of docs/client/cookbook.md writes it",
    "test_release.py": "the reader of docs/client/cookbook.md writes it",
    "dockerRegistryV2.py": "a script that docs/client/cookbook.md replaces",
    "policy_service.py": "the reader of docs/hooks/examples.md writes it",
    "policy_services.py": "the reader of docs/hooks/examples.md writes it",
    "newest_per_day.py": "the reader of docs/operate/retention.md writes it",
    "docker_images.py": "the reader of docs/operate/retention.md writes it",
    "test_policy_service.py": "the reader of docs/hooks/examples.md writes it",
}
"""File names on pages that are no files of the project, each with its reason."""

FOREIGN = re.compile(r"docs/spec/|http/1\.1$")
"""What comments name that only looks like a file: distribution's specifications, a protocol of ALPN."""

PAGES = pytest.mark.parametrize("page", pages(), ids=name)


@PAGES
def test_links_lead_to_pages_and_headings(page: Path) -> None:
    assert list(dead_links(page, page.read_text())) == []


@PAGES
def test_files_that_pages_name_exist(page: Path) -> None:
    assert [what for what in stale_names(page, page.read_text()) if what not in MADE_BY_READERS] == []


def test_the_list_of_readers_files_only_shrinks() -> None:
    named = {what for page in pages() for what in quoted(page.read_text())}
    assert set(MADE_BY_READERS) <= named
    assert not {path.name for path in files()} & set(MADE_BY_READERS)


def test_files_that_comments_name_exist() -> None:
    wrong = []
    for path in files():
        if path.suffix in {".h", ".cpp", ".py", ".pyi", ".txt", ".cmake"} and path != Path(__file__):
            stale = stale_names(path, path.read_text())
            wrong += [f"{name(path)} names {what}" for what in stale if not FOREIGN.match(what)]
    assert wrong == []


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = (ROOT / "docs/index.md").read_text()
    missing = []
    for page in under("docs", ".md"):
        entry = name(page).removeprefix("docs/").removesuffix(".md")
        if entry != "index" and not entry.startswith("adr/") and f"\n{entry}\n" not in listed:
            missing.append(entry)
    assert missing == []


@PAGES
def test_decisions_are_called_by_their_numbers(page: Path) -> None:
    for number, file in re.findall(r"\[ADR (\d+)\]\((?:[^)]*/)?([^)/]+)\)", page.read_text()):
        assert file.startswith(f"{int(number):04}-")


def test_numbers_of_decisions_are_given_once() -> None:
    numbers = [page.name[:4] for page in under("docs/adr", ".md")]
    assert sorted(set(numbers)) == numbers


COMMANDS = re.compile(r"(?<![\w/])\./dev (\w+)")


@PAGES
def test_commands_of_dev_exist(page: Path) -> None:
    known = {"help", *re.findall(r"^    (\w+)\)", (ROOT / "dev").read_text(), re.MULTILINE)}
    assert set(COMMANDS.findall(page.read_text())) - known == set()


def rows(page: str, heading: str) -> list[list[str]]:
    """The table below a heading, without its own."""
    after = (ROOT / page).read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in after.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


def test_the_page_has_the_table_of_floors() -> None:
    """Rooms within a room are described with the room around them."""
    told = {
        room.strip("`"): (int(floor), seen)
        for floor, room, _, seen in rows("docs/architecture.md", "Rooms and floors")
    }
    outer = {room: row for room, row in ROOMS.items() if "/" not in room}
    outer |= {
        room.partition("/")[0]: row for room, row in ROOMS.items() if room.partition("/")[0] not in outer
    }
    assert {room: floor for room, (floor, _) in told.items()} == {
        room: row.floor for room, row in outer.items()
    }
    for room, (_, seen) in told.items():
        within = {inner for inner in ROOMS if inner == room or inner.startswith(f"{room}/")}
        may_see = {other.partition("/")[0] for inner in within for other in ROOMS[inner].may_see} - {room}
        words = set(seen.partition(" (")[0].split()) - {"std,", "boost.system,", "asio"}
        assert words in ({"all", "below"}, may_see), room


def test_the_page_of_what_is_missing_names_what_the_references_refuse() -> None:
    refused = {spans(key)[0] for key, _ in rows("docs/reference/config.md", "Refused")}
    known = {spans(key)[0] for key, *_ in rows("docs/reference/config.md", "Keys")}
    points = (ROOT / "docs/reference/hooks.md").read_text().partition("Reserved hook points")[2]
    later = set(re.findall(r"^\| `(\w+)` \|", points.partition("\n## ")[0], re.MULTILINE))
    page = (ROOT / "docs/not-yet.md").read_text()
    missing = {
        span for line in page.splitlines() if line.startswith("| **") for span in spans(line.split(" | ")[0])
    }
    assert (refused | later) - missing == set()
    assert known & missing == set(), "it is built: take it off the page"


METRIC = re.compile(r"ocilot(?:_[a-z]+){2,}")


def test_every_metric_is_on_a_page_and_every_metric_on_a_page_exists() -> None:
    quoted = re.compile(rf'"({METRIC.pattern})"')
    made = {metric for path in under("cpp", ".cpp", ".h") for metric in quoted.findall(path.read_text())}
    told = {
        metric
        for path in under("docs", ".md")
        for span in spans(path.read_text())
        if "…" not in span
        for metric in METRIC.findall(span)
    }
    assert made
    assert made == told


def test_every_action_of_the_audit_log_is_on_its_page() -> None:
    source = (ROOT / "cpp/meta/change_kind.cpp").read_text()
    kinds = set(re.findall(r'"([a-z]+(?:\.[a-z]+)?)"', source)) - {"unknown"}
    told = {span for row in rows("docs/reference/api.md", "Audit log") for span in spans(row[0])}
    assert kinds
    assert kinds - told == set()


def test_every_number_of_the_readme_stands_beside_its_command() -> None:
    for what, *command in rows("README.md", "What is tested"):
        assert len(command) == 1, what
        assert any(span.startswith("./dev ") for span in spans(command[0])), what


PROMISE = re.compile(r"(?=.*[a-z])(?:[A-Z][a-z0-9]*){6,}")


@PAGES
def test_promises_that_pages_name_are_those_of_tests(page: Path) -> None:
    named = {span for span in spans(page.read_text()) if PROMISE.fullmatch(span)}
    assert {test for test in named if not re.search(rf"\b{test}\b", promises_of_the_core())} == set()


@cache
def promises_of_the_core() -> str:
    return "\n".join(path.read_text() for path in under("tests/cpp", ".cpp", ".h"))


def test_names_that_the_readme_picks_tests_by_are_those_of_tests() -> None:
    stems = " ".join(name(path) for path in under("tests", ".py"))
    for picked in re.findall(r"\./dev test [^`]*-k (\w+)", (ROOT / "README.md").read_text()):
        assert picked == "NAME" or picked in stems or f"({picked}, " in promises_of_the_core()


def test_every_parser_that_is_fuzzed_is_on_the_page() -> None:
    page = prose((ROOT / "docs/develop/fuzzing.md").read_text())
    told = {
        span for line in page.splitlines() if line.startswith("| `") for span in spans(line.split("|")[1])
    }
    assert told == {path.parent.name for path in files() if path.is_relative_to(ROOT / "tests/fuzz/corpus")}


SAMPLE = """\
# A page, `really`
See [the plan](architecture.md#rooms-and-floors), [this](#a-page-really), [no](#nothing),
[gone](gone.md), [half](architecture.md#no-such), [out](https://example.com/x.md) and `[code](not-a-link.md)`.
Files: `cpp/FLOORS`, `tests/cpp/<room>`, `base/task_group`, `base/no_such`.
And: `tests/gone.py`, `gone.h`, `team/app`.
```sh
cat cpp/gone.h [no link](nor-this.md)
```
## A page, `really`
"""


def test_dead_links_are_found() -> None:
    page = ROOT / "docs/sample.md"
    assert [found.split(" links to ")[1] for found in dead_links(page, SAMPLE)] == [
        "#nothing: no such heading",
        "gone.md: no such file",
        "architecture.md#no-such: no such heading",
    ]


def test_stale_names_are_found() -> None:
    assert stale_names(ROOT / "docs/sample.md", SAMPLE) == [
        "base/no_such",
        "cpp/gone.h",
        "gone.h",
        "tests/gone.py",
    ]


def test_equal_headings_are_numbered() -> None:
    assert anchors(SAMPLE) == {"a-page-really", "a-page-really-1"}


def test_every_promise_of_the_security_page_names_its_tests() -> None:
    promises = rows("docs/operate/security.md", "Promises and their tests")
    assert len(promises) > 15
    for promise, how, tests in promises:
        assert how, promise
        assert re.search(r"`tests/[\w/]+\.(?:py|cpp)`|fuzzers ", tests), promise
    for heading in ("Threat model", "Not protected"):
        assert len(rows("docs/operate/security.md", heading)) >= 8
