"""The habits of the core that its text shows: docs/architecture.md says why each of them is one."""

from __future__ import annotations

import pytest

from .rules import capturing_coroutines, coroutines, globals_that_change, interfaces, mentions
from .tree import ROOT, name, under

METHODS, HANDLER = 12, 40

CATCHES = {
    "cpp/jose/strict_json.cpp": "JSON: the parser throws",
    "cpp/base/blocking_pool.cpp": "pool: a system without threads to give leaves the work to those there are",
    "cpp/base/blocking_pool.h": "pool: what a job throws is its answer",
    "cpp/base/both.h": "two tasks side by side: what one throws waits for the end of the other",
    "cpp/base/aside.h": "task of another thread: what it throws is its answer",
    "cpp/base/log.cpp": "log: what other doors catch can always be logged",
    "cpp/base/task_group.cpp": "task group: what a task throws ends that task; so does its cancellation",
    "cpp/jobs/delivery_loop.cpp": "delivery: what a turn throws ends that turn",
    "cpp/jobs/job_loop.cpp": "job: what a round throws ends that round",
    "cpp/meta/annotations_json.cpp": "JSON: the parser throws",
    "cpp/meta/sqlite/names_json.cpp": "JSON: the parser throws",
    "cpp/meta/sqlite/writer.h": "SQL: what a job of the writer throws is its answer",
    "cpp/python/python_callback.h": "binding: what Python raises crosses the core",
    "cpp/server/listener.cpp": "listener: what an accepted connection throws costs that connection",
    "cpp/server/server.cpp": "binding: what the start throws is the answer to it",
    "cpp/server/session.cpp": "session: what a request throws costs one connection",
    "cpp/server/worker.cpp": "I/O thread: what a handler throws ends that handler",
}

SPAWNS = {
    "cpp/base/both.h": "the task that starts one beside itself waits for its end",
    "cpp/base/task_group.cpp": "the group itself",
    "cpp/server/sync_wait.h": "runs a task to its end before it returns",
}

POSTS = {
    "cpp/base/aside.cpp": "starts and cancels tasks on their own thread",
    "cpp/base/aside.h": "crosses to the context whose group then spawns",
    "cpp/base/suspend.h": "wakes a suspended task where it was",
    "cpp/jobs/job_loop.cpp": "wakes the loop of a job on its own thread",
    "cpp/jobs/job_runner.cpp": "wakes the runner on its own thread",
    "cpp/jobs/hook_deliveries.cpp": "wakes the deliveries on their own thread",
    "cpp/jobs/webhooks.cpp": "wakes the deliveries on their own thread",
    "cpp/meta/commit_waiter.cpp": "wakes a reader of the log on its own thread",
    "cpp/server/listener.cpp": "closes an idle connection on the thread that has it",
    "cpp/server/worker.cpp": "crosses to the context whose group then spawns",
}

THREADS = {
    "cpp/base/blocking_pool.h": "the pool",
    "cpp/base/log_writer.cpp": "leaves the log's thread to itself when it is stuck in a write",
    "cpp/base/log_writer.h": "the log's own thread",
    "cpp/hookbox/mailbox.h": "the ticker of the deadlines",
    "cpp/meta/sqlite/writer.h": "the writer's own thread",
    "cpp/server/worker.cpp": "runs the I/O context",
    "cpp/server/worker.h": "runs the I/O context",
}

DOORS: dict[str, tuple[str, dict[str, str]]] = {
    "catch": (r"\bcatch\s*\(", CATCHES),
    "spawn": (r"\bco_spawn\s*\(|\bdetached\b|\bmake_parallel_group\b|\bco_composed\b", SPAWNS),
    "post": (r"(?<!co_await )\basio::(?:post|dispatch|defer)\s*\(", POSTS),
    "thread": (
        r"\bstd::j?thread\b(?!::)|\bstd::async\b|\bpthread_create\b|[.>]detach\(\)|\bfork\(\)",
        THREADS,
    ),
}
"""What is done only at doors: how it is found, and the files that are doors, each with its reason."""

MANY_METHODS: dict[str, str] = {}
LONG_HANDLERS: dict[str, str] = {}
GLOBALS = {
    "cpp/meta/sqlite/db.cpp:once": "SQLite itself is configured once a process",
    "cpp/net/http_connection_pool.h:id": "Asio finds a service of an I/O context by it; nobody changes it",
}
"""Exceptions from the other habits, each with its reason. These lists only shrink."""


def core() -> list[tuple[str, str]]:
    return [(name(path), path.read_text()) for path in under("cpp", ".h", ".cpp")]


@pytest.mark.parametrize("what", DOORS)
def test_only_doors_do_it(what: str) -> None:
    pattern, doors = DOORS[what]
    found = {file: lines for file, text in core() if (lines := mentions(text, pattern))}
    assert {file: lines for file, lines in found.items() if file not in doors} == {}
    assert sorted(doors.keys() - found.keys()) == [], "no door any more: take it out"


def test_interfaces_have_few_methods() -> None:
    found = {f"{file}:{named}": count for file, text in core() for named, count in interfaces(text).items()}
    many = {what: count for what, count in found.items() if count > METHODS}
    assert sorted(many) == sorted(MANY_METHODS), many


def test_handlers_are_short() -> None:
    found = {
        f"{file}:{named}": lines
        for file, text in core()
        if file.startswith("cpp/http/")
        for named, lines in coroutines(text)
    }
    long = {what: lines for what, lines in found.items() if lines > HANDLER}
    assert sorted(long) == sorted(LONG_HANDLERS), long


CONDITIONAL_AWAIT = r"\?\s*co_await\b|\?[^;{}]*?:\s*co_await\b"
AWAITED_CAPTURE = r"co_await[^;{]*\[[^\]]*=\s*std::move"
AWAITED_MEMBERS = r"co_await[^;]*?\{\s*\.\w"


def test_nothing_global_changes() -> None:
    found = [f"{file}:{variable}" for file, text in core() for variable in globals_that_change(text)]
    assert sorted(found) == sorted(GLOBALS)


def test_no_coroutine_lambda_captures() -> None:
    """In tests neither: what they show is read as the way to do it."""
    files = [*under("cpp", ".h", ".cpp"), *under("tests", ".h", ".cpp")]
    found = {name(path): lines for path in files if (lines := capturing_coroutines(path.read_text()))}
    assert found == {}


def test_no_conditional_expression_awaits() -> None:
    """GCC 12 destroys the value of `a ? b : co_await c` twice: an `if` says the same."""
    files = [*under("cpp", ".h", ".cpp"), *under("tests", ".h", ".cpp")]
    found = {name(path): lines for path in files if (lines := mentions(path.read_text(), CONDITIONAL_AWAIT))}
    assert found == {}
    assert mentions("auto x = ok ? one\n : co_await two();", CONDITIONAL_AWAIT)
    assert not mentions("if (a ? b : c) co_await two();\nauto y = co_await f() ? 1 : 2;", CONDITIONAL_AWAIT)


def test_no_awaited_lambda_holds_a_moved_value() -> None:
    """GCC 12 destroys what a lambda within a `co_await` holds twice: a reference to a local says the same."""
    files = [*under("cpp", ".h", ".cpp"), *under("tests", ".h", ".cpp")]
    found = {name(path): lines for path in files if (lines := mentions(path.read_text(), AWAITED_CAPTURE))}
    assert found == {}
    assert mentions("co_await pool.run([this, all = std::move(list)] { f(all); });", AWAITED_CAPTURE)
    assert not mentions("return pool.run([all = std::move(list)] { f(all); });", AWAITED_CAPTURE)


def test_no_awaited_argument_names_its_members() -> None:
    """GCC 12 destroys `{.name = value}` within a `co_await` twice: a variable before it says the same."""
    files = [*under("cpp", ".h", ".cpp"), *under("tests", ".h", ".cpp")]
    found = {name(path): lines for path in files if (lines := mentions(path.read_text(), AWAITED_MEMBERS))}
    assert found == {}
    assert mentions("co_return co_await apply({.plan = id, .by = me()});", AWAITED_MEMBERS)
    assert mentions("co_await apply(Request{\n    .plan = id});", AWAITED_MEMBERS)
    assert not mentions("Request request{.plan = id};\nco_await apply(request);", AWAITED_MEMBERS)


def test_every_exception_has_its_reason_and_is_a_file() -> None:
    for listed in (MANY_METHODS, LONG_HANDLERS, GLOBALS, *(doors for _, doors in DOORS.values())):
        assert all(listed.values())
        assert all((ROOT / what.partition(":")[0]).is_file() for what in listed)
