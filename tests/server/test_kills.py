"""A process that is killed loses nothing it acknowledged and shows nothing by halves; `./dev kill` does it
1000 times."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from .kill_client import Book, Key
from .kill_harness import STEPS, Files, Harness, Order, build_steps, memory_directory
from .receivers import Receiver
from .registry import Registry
from .webhooks import config, push

TAG: Key = ("tag", "team/app", "1")
MANIFEST: Key = ("manifest", "team/app", "sha256:new")


def test_kills_at_named_steps_and_random_moments() -> None:
    with tempfile.TemporaryDirectory(prefix="ocilot-kill-", dir=memory_directory()) as home:
        harness = Harness(Path(home), seed=7)
        harness.run(40)
    count = harness.count
    assert (count.kills, count.at_random) == (40, 16)
    assert sum(count.steps.values()) + sum(count.not_reached.values()) == 24
    assert count.steps.keys() & set(STEPS), count
    assert count.facts > 100
    assert count.events > 100
    assert count.hook_events > 100


def test_what_a_receiver_took_before_it_could_be_noted_comes_again_with_its_id(tmp_path: Path) -> None:
    """The process ends when it has the answer, and is about to write that it has."""
    order = Order(tmp_path)
    env = {"LD_PRELOAD": str(build_steps(tmp_path)), "OCILOT_TEST_KILL_ORDER": str(order.path)}
    with Receiver() as receiver:
        registry = Registry(tmp_path, config=config({"name": "ci", "url": receiver.url}), env=env).start()
        try:
            with registry.connect() as api:
                push(api, "team/app", "v1")
            taken = receiver.wait_for(2)
            order.give("write wal", "before", 1)
            registry.process.wait()
            assert order.is_carried_out
            order.withdraw()
            registry.start()
            again = receiver.wait_for(4)[2:]
            assert again == taken, "the same events, to the last member"
            sent = [delivery.headers["webhook-id"] for delivery in receiver.deliveries]
            assert sent == [event["id"] for event in taken] * 2
            assert "ocilot-replay" not in receiver.deliveries[2].headers
        finally:
            registry.close()


def test_the_harness_sees_a_request_that_is_half_visible() -> None:
    book = Book(facts={TAG: "sha256:old"})
    book.attempt({MANIFEST: "sha256:new", TAG: "sha256:new"})
    with pytest.raises(AssertionError, match="half visible"):
        book.settle({MANIFEST: None, TAG: "sha256:new"}.get)
    book.settle({MANIFEST: "sha256:new", TAG: "sha256:new"}.get)
    assert book.facts[TAG] == "sha256:new"


def test_the_harness_sees_a_torn_blob(tmp_path: Path) -> None:
    blob = tmp_path / "docker/registry/v2/blobs/sha256/ab" / ("ab" * 32) / "data"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"torn")
    with pytest.raises(AssertionError, match="is torn"):
        Files(tmp_path).check()
