"""`retain` hooks keep tags: all are asked, and one that fails keeps everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ocilot.hooks import Tag
from ocilot.hooks.problem import Problem
from ocilot.hooks.testing import Harness, WrongAnswer, a_history, a_tag

from .conftest import Running
from .fake_box import FakeBox

HEAD = "from ocilot.hooks import *\n"
AT = 1_700_000_000_000_000
DAY = 24 * 3600 * 1_000_000

KEEP_LAST = '''\
"""Keep the newest `count` tags that match `pattern`; leave all others alone."""
from dataclasses import dataclass
from ocilot.hooks import Hook, Tag, TagHistory

@dataclass
class KeepLast(Hook):
    count: int = 10
    pattern: str = "*"

    def retain(self, history: TagHistory) -> list[Tag]:
        matching = history.matching(self.pattern)
        return [tag for tag in history.tags if tag not in matching[self.count:]]
'''


def wired(name: str, days: int = 0, annotations: dict[str, str] | None = None) -> tuple[object, ...]:
    """A tag as the registry sends it."""
    return (name, f"sha256:{name}", AT - days * DAY, 7, "text/m", "text/a", annotations or {}, None, 0)


def asked(box: FakeBox, *tags: tuple[object, ...], repository: str = "team/app") -> tuple[object, ...]:
    return box.asked("retain", AT, repository, tags)


def written(directory: Path, text: str) -> Path:
    path = directory / "script.py"
    path.write_text(text)
    return path


def test_a_hook_gets_the_tags_and_what_it_keeps_names_it(running: Running) -> None:
    running.script(HEAD + "def retain(history): print(repr(history.tags)); return history.tags[:1]\n")
    box = running.start()
    assert [point for point, _ in box.points] == ["retain"]
    assert asked(box, wired("v2"), wired("v1", 1)) == ("keep", {"v2": "a.py"})
    box.wait_until(lambda: box.counts)
    assert box.counts == [("a.py", "retain", "keep")]


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_tag_has_what_the_registry_knows(running: Running, isolation: str) -> None:
    running.script(
        HEAD
        + """\
async def retain(history):
    (tag,) = history.tags
    return [repr(history), repr(tag), str(history.age(tag))]
""",
        isolation=isolation,
    )
    at = datetime.fromtimestamp(AT / 1_000_000, UTC)
    tag = Tag("v1", "sha256:v1", at - timedelta(days=3), 7, "text/m", "text/a", {"k": "v"})
    _, kept = asked(running.start(), wired("v1", 3, {"k": "v"}))
    assert isinstance(kept, dict)
    assert list(kept) == [
        f"TagHistory(repository='team/app', at={at!r})",
        repr(tag),
        "3 days, 0:00:00",
    ]


def test_a_tag_stays_if_one_hook_keeps_it(running: Running) -> None:
    running.script(HEAD + "def retain(history): return ['a', 'b']\n", "one.py")
    running.script(HEAD + "def retain(history): return history.matching('[bc]')\n", "two.py")
    running.script(HEAD + "def retain(history): return ['x']\n", "other.py", repositories=("other/*",))
    box = running.start()
    tags = [wired(name) for name in "abcd"]
    assert asked(box, *tags) == ("keep", {"a": "one.py", "b": "one.py", "c": "two.py"})
    assert asked(box, *tags, repository="other/app")[1] == {
        "a": "one.py",
        "b": "one.py",
        "c": "two.py",
        "x": "other.py",
    }


@pytest.mark.parametrize("isolation", ["thread", "process"])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("None", "it answered None; retain takes the list of tags to keep, which may be empty"),
        ("'v1'", "it answered 'v1'; retain takes the list"),
        ("[1]", "it answered a list with 1; retain takes tags, or their names"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_hook_that_fails_keeps_everything(running: Running, isolation: str, answer: str, said: str) -> None:
    running.script(HEAD + "def retain(history): return ['v1']\n", "good.py")
    running.script(HEAD + f"def retain(history): return {answer}\n", "bad.py", isolation=isolation)
    kind, reason, script = asked(running.start(), wired("v1"))
    assert (kind, script) == ("fail", "bad.py")
    assert said in str(reason)


def test_a_hook_that_is_late_keeps_everything(running: Running) -> None:
    running.script(HEAD + "import time\ndef retain(history):\n  while True: time.sleep(0.01)\n", deadline=0.1)
    assert asked(running.start(), wired("v1"))[0] == "fail"


def test_keeping_nothing_is_an_answer(running: Running) -> None:
    running.script(HEAD + "def retain(history): return []\n")
    assert asked(running.start(), wired("v1")) == ("keep", {})


def test_a_failure_cannot_be_allowed(tmp_path: Path) -> None:
    from ocilot.hooks.loading import loader
    from ocilot.hooks.loading.spec import Spec

    written(tmp_path, "def retain(history): return []\n")
    with pytest.raises(Problem, match="on_error: allow is for admit_"):
        loader.load(Spec("script.py", base=tmp_path, on_error="allow"))


def test_the_answer_for_many_tags_passes_the_process(running: Running) -> None:
    running.script(HEAD + "def retain(history): return history.tags\n", isolation="process", deadline=60.0)
    tags = [wired(f"{'x' * 90}-{number}") for number in range(20_000)]
    kind, kept = asked(running.start(), *tags)
    assert kind == "keep"
    assert isinstance(kept, dict)
    assert len(kept) == 20_000


# The test kit


def test_the_example_of_the_documentation_works(tmp_path: Path) -> None:
    hook = Harness(written(tmp_path, KEEP_LAST), count=2, pattern="pr-*")
    history = a_history(tags=["pr-3", "pr-2", "v1", "pr-1"])
    assert hook.retain(history) == ["pr-3", "pr-2", "v1"]


def test_a_history_can_be_made_from_fields() -> None:
    history = a_history("a/b", [{"name": "old", "days": 9, "pulled": 1, "pulls": 3}, a_tag("new"), "newer"])
    assert [tag.name for tag in history.tags] == ["new", "newer", "old"]
    old = history.tags[-1]
    assert history.age(old) == timedelta(days=9)
    assert old.pulled == history.at - timedelta(days=1)
    assert (old.pulls, history.tags[0].pulled, history.tags[0].pulls) == (3, None, 0)


def test_a_wrong_answer_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WrongAnswer, match="it answered None"):
        Harness(written(tmp_path, "def retain(history): history.tags\n")).retain(a_history())
    with pytest.raises(WrongAnswer, match="coroutine"):
        Harness(written(tmp_path, "async def other(): ...\ndef retain(history): return other()\n")).retain(
            a_history()
        )
