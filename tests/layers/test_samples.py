"""Each habit is seen to be broken where it is: what breaks it, beside what only looks like it."""

from __future__ import annotations

import pytest

from .rules import capturing_coroutines, coroutines, globals_that_change, interfaces, mentions
from .test_rules import DOORS

INTERFACES = """\
namespace a {
/// virtual int no() = 0;
class Wide : public Base<T> {
  public:
    virtual ~Wide() = default;
    [[nodiscard]] virtual std::function<void(int)> one(Options options = {}) const = 0;
    virtual int two() { return 2; }
    virtual Task<Result<std::map<int, int>>> three() noexcept = 0;
    int plain() const { return 0; }
    struct Inner { virtual void four() = 0; };
  private:
    int number_ = 0;
};
struct Filled : Wide { virtual int two(); int three() override; };
template <class T> class Of final { virtual int one(std::string const& text = "}") = 0; };
enum class Kind { one, two };
}
"""


def test_methods_of_interfaces_are_counted() -> None:
    assert interfaces(INTERFACES) == {"Wide": 3, "Inner": 1, "Of": 1}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("auto f = [this](int x) -> Task<> { co_await x; };", [1]),
        ("run(\n  [&] { co_return; });", [2]),
        ("return [x = y[0]]() mutable -> Task<std::pair<int, int>> { co_yield x; };", [1]),
        ("auto f = [](int x) -> Task<> { co_await x; };", []),
        ("auto f = [this] { spawn([](int x) -> Task<> { co_await x; }(1)); };", []),
        ("auto f = [] { spawn([=]() -> Task<> { co_return; }); };", [1]),
        ("Task<> f() { auto& [a, b] = c; if (values[i]) { co_await a; } }", []),
        ("Task<> f() { auto const g = [&] { return 1; }; co_return; }", []),
        ('[[nodiscard]] Task<> f() { g("[x] {"); co_return; }  // [x] { co_await', []),
    ],
)
def test_capturing_coroutines_are_found(text: str, lines: list[int]) -> None:
    assert capturing_coroutines(text) == lines


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("namespace a { int counter = 0; }", ["counter"]),
        ("namespace { std::atomic<int const*> place{nullptr}; }", ["place"]),
        ("namespace a { char const* text; }", ["text"]),
        ("namespace a { inline thread_local std::string scratch; }", ["scratch"]),
        ("alignas(64) int wide;", ["wide"]),
        ("struct S { static int shared; static inline int other = 1; int own = 0; };", ["shared", "other"]),
        ("int f() { static int calls = 0; return ++calls; }", ["calls"]),
        ("struct S { S() : x{1} { static std::map<int, int> seen; } int x; };", ["seen"]),
        ("namespace a { constexpr int one = 1; int const two = 2; char const* const three = nullptr; }", []),
        ("namespace a { std::array<int, 2> const four{1, 2}; constexpr auto five = f(1); }", []),
        (
            "int f(int x = 0); bool operator==(A, B) = default; A& A::operator=(A&&) = default;",
            [],
        ),
        (
            "namespace a { using X = int; class Y; enum class Z : int { one }; template <class T> class V; }",
            [],
        ),
        ("int f() { static EVP_MD const* const md = g(); static constexpr int x = 1; return x; }", []),
        ("struct S { static constexpr int x = 1; static S make(int y = 0); };", []),
    ],
)
def test_globals_are_found(text: str, found: list[str]) -> None:
    assert globals_that_change(text) == found


def test_coroutines_are_measured() -> None:
    text = "Task<> App::long_one(int x) {\n    co_await x;\n}\nint other() {\n    return 1;\n}\n"
    assert list(coroutines(text)) == [("App::long_one", 3)]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("catch", "try { f(); } catch (...) {}"),
        ("spawn", "asio::co_spawn(context, f(), rethrow);"),
        ("spawn", "boost::asio::co_spawn(context, f(), asio::detached);"),
        ("post", "asio::post(context_, [] {});"),
        ("post", "asio::dispatch(executor, [] {});"),
        ("thread", "std::thread other(f);"),
        ("thread", "std::jthread other(f);"),
        ("thread", "worker.detach();"),
        ("thread", "auto later = std::async(f);"),
    ],
)
def test_what_is_for_doors_is_seen(what: str, text: str) -> None:
    assert mentions(text, DOORS[what][0]) == [1]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("catch", '// catch (all)\nauto text = "catch (me)";'),
        ("spawn", "#include <boost/asio/co_spawn.hpp>\ngroup.spawn(f());"),
        ("post", "co_await asio::post(use_task); post(std::move(job));"),
        ("thread", "std::thread::id id; std::this_thread::get_id(); std::thread::hardware_concurrency();"),
    ],
)
def test_what_only_looks_like_it_is_not(what: str, text: str) -> None:
    assert mentions(text, DOORS[what][0]) == []
