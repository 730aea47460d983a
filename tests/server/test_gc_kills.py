"""A collection that is killed at any step leaves no metadata without bytes, and the next ends its work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

import ocilot
from ocilot.cli.gc import start_round
from ocilot.errors import Error

from .conftest import FreshRegistry
from .garbage import ON_REQUEST, collecting, delete
from .images import make_image
from .kill_harness import Order, build_steps
from .programs import wait_until
from .registry import Registry
from .test_collection import assert_pulls, collect, contents, control_of, stored

MOMENTS = [
    ("unlink blob", [("before", 1), ("after", 1), ("after", 4), ("before", 8)]),
    ("write wal", [("half-way", 1), ("before", 4), ("after", 8)]),
    ("sync wal", [("before", 1), ("after", 2), ("after", 4)]),
]
"""Where the process ends: how often such a step came. A blob is two: its file and its directory."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_steps(tmp_path_factory.mktemp("steps"))


def killed_at(registry: Registry, order: Order, step: str, when: str, times: int) -> None:
    """Starts a round, in which the process ends, and the process again."""
    order.give(step, when, times)
    with control_of(registry) as control, suppress(Error):  # It may end before it answers.
        start_round(control)
    wait_until(lambda: registry.process.exit_code is not None, f"{step}, {times} times")
    order.withdraw()
    registry.start()


@pytest.mark.parametrize(("step", "moments"), MOMENTS, ids=[step for step, _ in MOMENTS])
def test_a_kill_at_any_step_leaves_no_metadata_without_bytes(
    fresh_registry: FreshRegistry,
    library: Path,
    tmp_path: Path,
    step: str,
    moments: Sequence[tuple[str, int]],
) -> None:
    """G12: metadata first, bytes second."""
    order = Order(tmp_path)
    env = {"LD_PRELOAD": str(library), "OCILOT_TEST_KILL_ORDER": str(order.path)}
    registry = collecting(fresh_registry, ON_REQUEST, env=env)
    kept = make_image("kept")
    with registry.connect() as api:
        api.push_image("team/kept", kept, "1")
    for when, times in moments:
        image = make_image(f"{step} {when} {times}")
        with registry.connect() as api:
            api.push_image("team/app", image, "1")
            delete(api, "team/app", "1")
        killed_at(registry, order, step, when, times)
        report = ocilot.fsck(registry.root)
        assert report.ok, list(report.problems)
        collect(registry)
        assert stored(registry) == contents(kept)
    with registry.connect() as api:
        assert_pulls(api, "team/kept", "1", kept)
