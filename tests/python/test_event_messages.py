"""Server-sent events are read as browsers read them."""

from __future__ import annotations

from ocilot.cli.event_messages import Message, read_messages


def read(text: str) -> list[Message]:
    return list(read_messages(text.split("\n")[:-1]))


def test_an_event_has_data_and_the_last_of_a_change_has_a_place() -> None:
    assert read('data: {"a":1}\n\nid: 7\ndata: {"a":2}\n\n') == [
        Message(None, "", {"a": 1}),
        Message("7", "", {"a": 2}),
    ]


def test_a_place_may_come_alone_and_comments_say_nothing() -> None:
    assert read(":\n\nretry: 2000\nid: 8\n\n: a comment\n\n") == [Message("8", "", None)]


def test_a_reset_is_named() -> None:
    assert read('event: reset\nid: 3\ndata: {"after":3}\n\n') == [Message("3", "reset", {"after": 3})]


def test_a_message_that_was_cut_off_is_none() -> None:
    assert read('id: 7\ndata: {"a":1}\n') == []
