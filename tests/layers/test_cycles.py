"""No module of the package imports itself through others, also not in functions or for type checkers."""

from __future__ import annotations

from .imports import cycles, graph


def test_no_module_imports_itself_through_others() -> None:
    assert cycles(graph()) == []


def test_a_cycle_is_found() -> None:
    edges = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}, "e": set()}
    assert cycles(edges) == [["a", "b", "c"]]


def test_imports_are_seen_wherever_they_stand() -> None:
    edges = graph()
    assert "ocilot.integrity" in edges["ocilot"]  # For type checkers, and in a function.
    assert "ocilot.config.load" in edges["ocilot.config"]
    assert "ocilot._core" in edges["ocilot.errors"]
