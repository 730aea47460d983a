"""Nothing grows past what can be read in one go."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from .measure import cpp_functions, python_functions
from .tree import name, under

HEADER, SOURCE, FUNCTION, SCRIPT = 250, 400, 60, 60

LONGER: dict[str, str] = {}
"""Files and functions (`file:function`) that are longer, each with its reason. This list only shrinks."""


@cache
def too_long() -> dict[str, int]:
    found = {}
    for path in (*under("cpp", ".h", ".cpp"), *under("tests", ".h", ".cpp", ".py"), *under("python", ".py")):
        text = path.read_text()
        lines = text.count("\n")
        if lines > (HEADER if path.suffix == ".h" else SOURCE):
            found[name(path)] = lines
        functions = python_functions(text) if path.suffix == ".py" else cpp_functions(text)
        found.update({f"{name(path)}:{function}": size for function, size in functions if size > FUNCTION})
    return found


def test_headers_sources_and_functions_keep_their_ceilings() -> None:
    assert {what: size for what, size in too_long().items() if what not in LONGER} == {}


def test_the_list_of_exceptions_only_shrinks() -> None:
    assert sorted(LONGER) == sorted(what for what in too_long() if what in LONGER), (
        "take out what is short by now"
    )
    assert all(LONGER.values()), "each exception needs a reason"


@pytest.mark.parametrize("script", under("hooks", ".py"), ids=name)
def test_a_script_is_short_and_says_first_what_it_does(script: Path) -> None:
    text = script.read_text()
    assert text.count("\n") <= SCRIPT
    doc = ast.get_docstring(ast.parse(text))
    assert doc, "its docstring is its documentation"
    assert doc.splitlines()[0].endswith("."), "its first line is one sentence"


CPP = """\
#define LONG(x) \\
    { x }
namespace a::b {
struct Plain { int x = f({1}); };
enum class Kind : int { one, two };
template <class T>
class Holder final : public Base<T> {
  public:
    Holder(int x) : x_{x}, y_{} {}
    int short_one() const { return '"' + '{'; }
    int value = 1'000;
};
Task<int> long_one(std::string text,
                   Options options = {}) {
    // a brace in a comment: {
    auto const inner = [&](int x) {
        return x;
    };
    if (text == "}{") {
        co_return R"({)"[0];
    }
    co_return 1;
}
extern "C" { void c_one(int x) { g(x); } }
}
"""


def test_functions_are_found_by_their_braces() -> None:
    assert list(cpp_functions(CPP)) == [("Holder", 1), ("short_one", 1), ("long_one", 11), ("c_one", 1)]
