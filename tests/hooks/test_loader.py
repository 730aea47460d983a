"""A script that cannot work is refused before anything depends on it, in one sentence that says where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ocilot.hooks.loading.loader import load, load_all
from ocilot.hooks.loading.script import Script
from ocilot.hooks.loading.spec import Spec
from ocilot.hooks.problem import Problem


def loaded(directory: Path, text: str, **spec: Any) -> Script:
    (directory / "a.py").write_text(text)
    return load(Spec("a.py", base=directory, **spec))


def problem(directory: Path, text: str, **spec: Any) -> str:
    with pytest.raises(Problem) as caught:
        loaded(directory, text, **spec)
    return str(caught.value)


HOOK = "from ocilot.hooks import *\nfrom dataclasses import dataclass\n"


def test_functions_and_methods_named_like_points_are_hooks(tmp_path: Path) -> None:
    script = loaded(
        tmp_path,
        '"""What it does.\n\nMore."""\n' + HOOK + "def helper(a, b): ...\n"
        "def admit_tag(move): ...\n"
        "async def authorize(access): ...\n"
        "class One(Hook):\n"
        "    def admit_tag(self, move): ...\n"
        "    @staticmethod\n    def admit_blob(blob): ...\n"
        "    @classmethod\n    def admit_delete(cls, deletion): ...\n"
        "    def helper(self, a): ...\n",
    )
    assert [(hook.title, hook.is_async) for hook in script.hooks] == [
        ("admit_tag", False),
        ("authorize", True),
        ("One.admit_tag", False),
        ("One.admit_blob", False),
        ("One.admit_delete", False),
    ]
    assert script.points == ("admit_tag", "authorize", "admit_blob", "admit_delete")
    assert script.summary == "What it does."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "def admit_manifets(push): ...",
            "a.py:1: unknown hook point admit_manifets; did you mean admit_manifest?",
        ),
        ("def admitblob(blob): ...", "a.py:1: unknown hook point admitblob; did you mean admit_blob?"),
        ("def on_push(event): ...", "a.py:1: unknown hook point on_push; did you mean on_blob_pushed?"),
        ("\n\ndef authorise(access): ...", "a.py:3: unknown hook point authorise; did you mean authorize?"),
        ("x = 1", "a.py: has no hook: give it a function named like a hook point (authenticate, authorize, "),
        ("def admit_tag(): ...", "a.py:1: admit_tag takes the arguments (); expected one"),
        ("def admit_tag(a, b): ...", "a.py:1: admit_tag takes the arguments (a, b); expected one"),
        ("def admit_tag(a, *, b): ...", "a.py:1: admit_tag takes the arguments (a, *, b); expected one"),
        ("def admit_tag(a): yield", "a.py:1: admit_tag is a generator"),
        ("def admit_tag(a: ...", "a.py:1: not Python: "),
        ("import nothing_like_it", "a.py:1: it cannot be loaded: ModuleNotFoundError: No module named"),
        ("\nraise SystemExit(3)", "a.py:2: it cannot be loaded: SystemExit: 3"),
        (
            "def on_mirrored(e): ...",
            "a.py:1: on_mirrored would never be asked: this version has no such event",
        ),
        (
            "def retain(history, tags): ...",
            "a.py:1: retain takes the arguments (history, tags); expected one",
        ),
        (
            "def images_in_use(): ...",
            "a.py:1: images_in_use takes the arguments (); expected one",
        ),
        (
            "def images_used(query): ...",
            "a.py:1: unknown hook point images_used; did you mean images_in_use?",
        ),
        (
            "def images_in_use(query): yield 'team/app'",
            "a.py:1: images_in_use is a generator; it has to return its answer, not to yield",
        ),
        (
            "def admit_mirror(m): ...",
            "a.py:1: admit_mirror would never be asked: this version does not fetch",
        ),
        (
            "class A:\n  def admit_tag(self, m): ...",
            "a.py:2: A.admit_tag is never called, because A is not a Hook; write",
        ),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert problem(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  def admit_tga(self, m): ...", "a.py:4: unknown hook point admit_tga; did you mean admit_tag?"),
        ("  def admit_tag(self): ...", "a.py:4: A.admit_tag takes the arguments (); expected one"),
        (
            "  def admit_tag(m): ...\n  def admit_blob(s, m, n): ...",
            "a.py:4: A.admit_tag takes the arguments (m)",
        ),
        (
            "  def start(self, x): ...\n  def admit_tag(self, m): ...",
            "a.py:4: A.start takes the arguments (x)",
        ),
    ],
)
def test_methods_are_looked_at_as_functions_are(tmp_path: Path, text: str, said: str) -> None:
    assert problem(tmp_path, HOOK + "class A(Hook):\n" + text).startswith(said)


def test_private_names_imported_ones_and_variables_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("def on_nothing(): ...\ndef admit_blob(blob): ...\n")
    script = loaded(
        tmp_path,
        HOOK + "from beside import on_nothing, admit_blob\n"
        "on_off = 5\n"
        "def _admit_manifets(): ...\n"
        "class _Base(Hook):\n    def admit_tag(self, move): ...\n"
        "class One(_Base): ...\n",
    )
    assert [hook.title for hook in script.hooks] == ["admit_blob", "One.admit_tag"]


def test_a_missing_file_names_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "releases.py").write_text("")
    with pytest.raises(
        Problem, match=r"^release\.py: there is no such file \(.*\); did you mean releases\.py\?$"
    ):
        load(Spec("release.py", base=tmp_path))
    with pytest.raises(Problem, match=r"there is no such file \(/nowhere/a\.py\)$"):
        load(Spec("/nowhere/a.py"))


def test_every_script_has_a_world_of_its_own(tmp_path: Path) -> None:
    for name, size in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "helper.py").write_text(f"SIZE = {size}\n")
        (tmp_path / name / "hook.py").write_text(
            "import helper\nclass State: ...\ndef admit_blob(blob): return helper.SIZE\n"
        )
    before = list(sys.path)
    one, two = (load(Spec(f"{name}/hook.py", base=tmp_path)) for name in ("one", "two"))
    assert [script.hooks[0].call(None) for script in (one, two)] == [1, 2]
    assert one.siblings == [tmp_path / "one/helper.py"]
    (tmp_path / "one/helper.py").write_text("SIZE = 3\n")
    assert load(Spec("one/hook.py", base=tmp_path)).hooks[0].call(None) == 3
    assert one.hooks[0].call(None) == 1
    assert sys.path == before
    assert "helper" not in sys.modules
    assert "hook" not in sys.modules
    one.forget()
    assert one.module not in sys.modules


def test_a_script_named_like_a_library_takes_nobody_s_place(tmp_path: Path) -> None:
    (tmp_path / "wave.py").write_text("raise RuntimeError\n")
    script = loaded(tmp_path, "import wave\ndef admit_blob(blob): return wave.__file__\n")
    assert script.hooks[0].call(None) != str(tmp_path / "wave.py")


OPTIONS = (
    HOOK
    + """\
from pathlib import Path
from typing import Literal
@dataclass
class A(Hook):
    name: str = "x"
    count: int = 1
    share: float = 0.5
    on: bool = False
    tags: tuple[str, ...] = ()
    sizes: dict[str, int] | None = None
    place: Path = Path("y")
    limit: Size = Size("2KiB")
    age: Duration = Duration("1m")
    mode: Literal["a", "b"] = "a"
    def admit_tag(self, move): return self
"""
)


def test_options_become_what_the_fields_say(tmp_path: Path) -> None:
    given = {
        "name": "n",
        "count": 5,
        "share": 1,
        "on": True,
        "tags": ["a", "b"],
        "sizes": {"x": 1},
        "place": "z/file",
        "limit": "2MiB",
        "age": "1h30m",
        "mode": "b",
    }
    one: Any = loaded(tmp_path, OPTIONS, options=given).objects[0]
    assert (one.name, one.count, one.on, one.tags, one.sizes) == ("n", 5, True, ("a", "b"), {"x": 1})
    assert (one.share, one.limit, one.age, one.mode) == (1.0, 2 << 20, 5400.0, "b")
    assert one.place == tmp_path / "z/file"
    assert type(one.share) is float
    default: Any = loaded(tmp_path, OPTIONS).objects[0]
    assert (default.limit, default.age) == (2048, 60.0)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"nmae": "x"}, "option nmae is unknown; did you mean name?"),
        ({"name": 5}, "option name of A: it is 5, expected text; put it in quotes"),
        ({"count": "5"}, "option count of A: it is '5', expected a whole number"),
        ({"count": True}, "option count of A: it is True, expected a whole number"),
        ({"on": 1}, "option on of A: it is 1, expected true or false"),
        ({"tags": "a"}, "option tags of A: it is 'a', expected a list"),
        ({"tags": ["a", 1]}, "option tags of A: it is 1, expected text; put it in quotes"),
        ({"sizes": {"x": "y"}}, "option sizes of A: it is {'x': 'y'}, expected dict[str, int] or None"),
        (
            {"limit": "many"},
            "option limit of A: invalid size 'many': expected a number of bytes, such as 65536 or 4MiB",
        ),
        (
            {"age": "many"},
            "option age of A: invalid duration 'many': expected a number and a unit, such as 30s or 5m",
        ),
        ({"mode": "c"}, "option mode of A: it is 'c', expected a or b"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, option: dict[str, Any], said: str) -> None:
    assert problem(tmp_path, OPTIONS, options=option).startswith(f"a.py: {said}")


def test_options_without_a_class_or_a_value_are_refused(tmp_path: Path) -> None:
    said = problem(tmp_path, "def admit_tag(move): ...", options={"a": 1})
    assert said.startswith("a.py: option a is unknown: the script has none")
    needs = HOOK + "@dataclass\nclass A(Hook):\n  size: int\n  def admit_tag(self, m): ...\n"
    assert problem(tmp_path, needs) == (
        "a.py: option size of A is required (int); "
        "set it in `options` of the script, or with --option size=VALUE"
    )
    strange = HOOK + "import re\n@dataclass\nclass A(Hook):\n  x: re.Pattern\n  def admit_tag(self, m): ...\n"
    assert "its type Pattern cannot be written" in problem(tmp_path, strange, options={"x": "y"})


def test_what_a_class_says_about_its_options_is_told(tmp_path: Path) -> None:
    text = OPTIONS + '    def __post_init__(self):\n        raise ValueError("tags is empty; name some")\n'
    assert problem(tmp_path, text) == "a.py: A cannot be made: ValueError: tags is empty; name some"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"points": ("admit_tga",)}, "a.py: unknown hook point admit_tga; did you mean admit_tag?"),
        ({"points": ("admit_tag",)}, "a.py: it has no admit_tag; it has admit_blob, authorize, on_mirrored"),
        ({"repositories": ("Team/*",)}, 'a.py: invalid repository pattern "Team/*": a character'),
        ({"points": ("authorize",), "on_error": "allow"}, "a.py: on_error: allow is for admit_* only"),
    ],
)
def test_what_the_configuration_says_has_to_fit_the_script(
    tmp_path: Path, spec: dict[str, Any], said: str
) -> None:
    text = "def admit_blob(b): ...\ndef authorize(a): ...\ndef on_mirrored(e): ...\n"
    assert problem(tmp_path, text, **spec).startswith(said)
    # With points that leave it out, what would never be asked may stay.
    assert loaded(tmp_path, text, points=("admit_blob",), on_error="allow").points == ("admit_blob",)


def test_every_script_s_problem_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def admit_tag(): ...\n")
    (tmp_path / "b.py").write_text("def admit_tag(move): ...\n")
    before = set(sys.modules)
    with pytest.raises(Problem) as caught:
        load_all([Spec(name, base=tmp_path) for name in ("a.py", "b.py", "c.py")])
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["a.py", "c.py"]
    assert set(sys.modules) == before


def test_a_script_may_begin_with_a_byte_order_mark_and_has_a_largest_size(tmp_path: Path) -> None:
    assert loaded(tmp_path, "\ufeffdef admit_blob(blob): ...\n").points == ("admit_blob",)
    with pytest.raises(
        Problem, match=r"^a\.py: cannot read the script .*/a\.py: larger than 16777216 bytes$"
    ):
        loaded(tmp_path, "#" * ((16 << 20) + 1))
