"""What valgrind, strace and /proc say is read right."""

from __future__ import annotations

import pytest

from .counters import ALLOCATORS, CannotCount, calls, is_asleep, is_log_thread, total

PROFILE = """\
# callgrind format
events: Ir
summary: 0

ob=(8) /usr/lib/libstdc++.so.6
fl=(1) ???
fn=(10) operator new(unsigned long)
0 30
cob=(4) /usr/lib/libc.so.6
cfi=(3) malloc.c
cfn=(64) malloc
calls=5 3281
0 200

fn=(11) std::string::reserve(unsigned long)
0 7
cfn=(10)
calls=5 0
0 230
cob=(4)
cfi=(3)
cfn=(70) memalign
calls=2 3516
0 90

ob=(4)
fn=(70)
3516 12
cfn=(64)
calls=2 3281
0 80
cfn=(65) malloc_consolidate
calls=1 4711
0 3

totals: 652
"""


def test_instructions_of_all_threads_are_summed() -> None:
    assert total(PROFILE) == 652


def test_a_profile_of_nothing_is_an_error() -> None:
    with pytest.raises(CannotCount, match="no line with totals"):
        total("summary: 0\n")


def test_an_allocation_that_the_c_library_hands_on_counts_once() -> None:
    assert calls(PROFILE, ALLOCATORS) == 7


def test_the_thread_that_writes_the_log_is_known() -> None:
    assert is_log_thread('poll([{fd=1, events=POLLOUT}], 1, 100) = 1\nwrite(1, "127.0.0.1"..., 120) = 120\n')
    assert not is_log_thread('pwrite64(1, "x", 1, 0) = 1\nwrite(12, "x", 1) = 1\n')


def test_a_thread_that_is_looked_at_by_strace_is_not_asleep() -> None:
    assert is_asleep("7 (a) R (b) S 1 7 7 0 -1")
    assert not is_asleep("7 (python) t 1 7 7 0 -1")
    assert not is_asleep("7 (python) R 1 7 7 0 -1")
