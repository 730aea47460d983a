"""The stores that upkeep is measured on: half of a heap is garbage, and all of it goes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import content, servers, upkeep, workloads
from .test_data import fsck


class Here(servers.Ocilot):
    """The registry under test, on any core."""

    pinned = False
    program = Path(sys.executable).with_name("ocilot")


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Here]:
    """With the settings of a workload."""
    settings = workloads.WORKLOADS[request.param].settings
    made = Here(servers.Setup(tmp_path / "data", tmp_path / "home", servers.free_port(), settings=settings))
    yield made
    made.stop()


@pytest.mark.parametrize("server", ["collect"], indirect=True)
def test_half_of_a_heap_is_collected_and_the_other_half_stays(server: Here) -> None:
    store = upkeep.new_store(server, lambda: upkeep.heaps(200, 10))
    fsck(store)
    server.start()
    with upkeep.control_of(server) as control:
        assert upkeep.delete_garbage(control) == 10
        done = upkeep.collect_garbage(control)
        assert (done["manifests"], done["links"], done["blobs"], done["failed"]) == (10, 100, 110, 0)
        kept = control.ask("GET", f"/api/v1/repositories/{upkeep.KEPT}")
        assert (kept["tags"], kept["blobs"]) == (10, 100)
    server.stop()
    gone = content.heap_image(upkeep.GARBAGE, 3, 10)
    stays = content.heap_image(upkeep.KEPT, 3, 10)
    assert not any(store.blob(digest).exists() for digest in (gone.digest, *gone.blobs))
    assert all(store.blob(digest).exists() for digest in (stays.digest, *stays.blobs))
    fsck(store)


@pytest.mark.parametrize("server", ["plan"], indirect=True)
def test_a_plan_decides_about_every_tag_of_the_store(server: Here) -> None:
    upkeep.new_store(server, lambda: iter([content.app(1_010, only_ocilot=True)]))
    server.start()
    with upkeep.control_of(server) as control:
        seconds, plan = upkeep.planned(control)
        assert seconds > 0
        assert (plan["tags"], plan["delete"]["tags"]) == (1_010, 10)
        assert len(upkeep.page_times(control, f"/v2/{upkeep.APP}/tags/list?n=100")) == 11
        assert upkeep.page_times(control, "/v2/none/tags/list?n=100") == []


def test_loads_in_sequence_count_together_and_show_the_worst() -> None:
    loads = [
        {"requests": 10, "errors": 1, "p50_us": 5.0, "p99_us": p99, "p999_us": 90.0}
        for p99 in (7.0, 50.0, 8.0)
    ]
    found = upkeep.together(loads)
    assert (found["requests"], found["errors"]) == (30, 3)
    assert (found["p99_us"], found["worst_p99_us"]) == (8.0, 50.0)
