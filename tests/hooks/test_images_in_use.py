"""`images_in_use` hooks name images: all are asked, and one that fails fails the question."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ocilot.hooks import InUseQuery, is_image_name
from ocilot.hooks.problem import Problem
from ocilot.hooks.testing import Harness, WrongAnswer, an_in_use_query

from .conftest import Running
from .fake_box import FakeBox

HEAD = "from ocilot.hooks import *\n"
AT = 1_700_000_000_000_000
DIGEST = "sha256:" + "a" * 64


def asked(box: FakeBox) -> tuple[object, ...]:
    return box.asked("images_in_use", AT)


def written(directory: Path, text: str) -> Path:
    path = directory / "script.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize("isolation", ["thread", "process"])
@pytest.mark.parametrize("keyword", ["", "async "])
def test_a_hook_names_images_and_gets_the_time(running: Running, isolation: str, keyword: str) -> None:
    answer = f"[f'team/app:{{query.at:%Y%m%d}}', 'r.example/b@{DIGEST}']"
    running.script(
        HEAD + f"{keyword}def images_in_use(query): return {answer}\n",
        isolation=isolation,
    )
    box = running.start()
    assert [point for point, _ in box.points] == ["images_in_use"]
    day = datetime.fromtimestamp(AT / 1_000_000, UTC).strftime("%Y%m%d")
    named = [f"team/app:{day}", f"r.example/b@{DIGEST}"]
    assert asked(box) == ("in_use", [(named, "a.py", None)])
    box.wait_until(lambda: box.counts)
    assert box.counts == [("a.py", "images_in_use", "keep")]


def test_all_hooks_are_asked_and_each_answers_for_its_repositories(running: Running) -> None:
    """The registry joins the lists: it knows which repositories have other names."""
    running.script(HEAD + "def images_in_use(query): return ['team/a']\n", "one.py")
    text = """
def images_in_use(query): return []
class More(Hook):
    def images_in_use(self, query): return ['team/b', 'team/c']
"""
    running.script(HEAD + text, "two.py", repositories=("team/*", "x"))
    assert asked(running.start()) == (
        "in_use",
        [
            (["team/a"], "one.py", None),
            ([], "two.py", ["team/*", "x"]),
            (["team/b", "team/c"], "two.py", ["team/*", "x"]),
        ],
    )


@pytest.mark.parametrize("isolation", ["thread", "process"])
@pytest.mark.parametrize(
    "answer", ["['a']", "('a',)", "{'a'}", "frozenset('a')", "{'a': 1}.keys()", "(name for name in 'a')"]
)
def test_a_list_may_be_any_collection(running: Running, isolation: str, answer: str) -> None:
    running.script(HEAD + f"def images_in_use(query): return {answer}\n", isolation=isolation)
    assert asked(running.start()) == ("in_use", [(["a"], "a.py", None)])


@pytest.mark.parametrize("isolation", ["thread", "process"])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("None", "it answered None; images_in_use takes the list of references, which may be empty"),
        ("'team/app'", "it answered 'team/app'; images_in_use takes the list"),
        ("b'team/app'", "it answered b'team/app'; images_in_use takes the list"),
        ("{'team/app': 'v1'}", "it answered {'team/app': 'v1'}; images_in_use takes the list"),
        ("7", "it answered 7; images_in_use takes the list"),
        ("[1]", "it answered a list with 1; images_in_use takes references such as team/app:v1"),
        ("['']", "it answered a list with ''; images_in_use takes references"),
        ("['team/app', 'team/app:v 1']", "it answered a list with 'team/app:v 1'; images_in_use takes"),
        ("['team/\\udcff']", "it answered a list with 'team/\\udcff'; images_in_use takes"),
        ("(1 / 0 for _ in 'a')", "ZeroDivisionError"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_hook_that_fails_fails_the_question(
    running: Running, isolation: str, answer: str, said: str
) -> None:
    running.script(HEAD + "def images_in_use(query): return ['team/app']\n", "good.py")
    running.script(HEAD + f"def images_in_use(query): return {answer}\n", "bad.py", isolation=isolation)
    kind, reason, script = asked(running.start())
    assert (kind, script) == ("fail", "bad.py")
    assert said in str(reason)


def test_a_hook_that_is_late_fails_the_question(running: Running) -> None:
    body = "import time\ndef images_in_use(query):\n  while True: time.sleep(0.01)\n"
    running.script(HEAD + body, deadline=0.1)
    assert asked(running.start())[0] == "fail"


def test_a_failure_cannot_be_allowed(tmp_path: Path) -> None:
    from ocilot.hooks.loading import loader
    from ocilot.hooks.loading.spec import Spec

    written(tmp_path, "def images_in_use(query): return []\n")
    with pytest.raises(Problem, match=r"on_error: allow is for admit_.*: nothing is deleted if it fails"):
        loader.load(Spec("script.py", base=tmp_path, on_error="allow"))


def test_a_long_list_passes_the_process(running: Running) -> None:
    text = f"def images_in_use(query): return [f'team/app-{{n}}@{DIGEST}' for n in range(100_000)]\n"
    running.script(HEAD + text, isolation="process", deadline=60.0)
    kind, lists = asked(running.start())
    assert kind == "in_use"
    assert isinstance(lists, list)
    assert len(lists[0][0]) == 100_000


# The test kit


def test_the_harness_joins_the_lists_of_a_script(tmp_path: Path) -> None:
    text = """
from ocilot.hooks import Hook

def images_in_use(query): return ["team/app:v1", str(query.at.year) + "/app"]

class More(Hook):
    async def images_in_use(self, query): return ("team/app:v1", "team/b")
"""
    hook = Harness(written(tmp_path, text))
    query = an_in_use_query(at=datetime(2031, 1, 1, tzinfo=UTC))
    assert query == InUseQuery(datetime(2031, 1, 1, tzinfo=UTC))
    assert hook.images_in_use(query) == ["team/app:v1", "2031/app", "team/b"]
    assert "team/b" in hook.images_in_use(), "a query of its own"


def test_a_wrong_answer_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WrongAnswer, match="it answered None"):
        Harness(written(tmp_path, "def images_in_use(query): query.at\n")).images_in_use()
    text = "async def other(): ...\ndef images_in_use(query): return other()\n"
    with pytest.raises(WrongAnswer, match="coroutine"):
        Harness(written(tmp_path, text)).images_in_use()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("team/app", True),
        ("localhost/team/app:v1", True),
        (f"registry.example.com:5000/team/app:v1@{DIGEST}", True),
        (f"docker-pullable://registry.example.com/team/app@{DIGEST}", False),
        ("Team/App", False),
        ("team/\udcff", False),
        ("", False),
    ],
)
def test_a_script_can_tell_what_it_may_answer(text: str, is_one: bool) -> None:
    assert is_image_name(text) is is_one
