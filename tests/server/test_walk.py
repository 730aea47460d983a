"""The walk of a conformance program: everything the specification names, in order, on one connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .registry import Registry
from .test_settings import config_of
from .walk import STATUSES, Report, Unit, walk_through
from .walk_blobs import blob_units
from .walk_manifests import first_units, manifest_units

DELETE = {"delete": {"enabled": True}}

REGISTRIES = {
    "sparse": config_of(storage=DELETE, ocilot={"sparse": ["**"]}),
    "memory": config_of(storage={"inmemory": {}, **DELETE}, http={"relativeurls": True}),
}


def units(kind: str) -> dict[str, Unit]:
    blobs = {**blob_units("sha256"), **blob_units("sha512")}
    return {**first_units(), **blobs, **manifest_units(may_be_sparse=kind == "sparse")}


@pytest.fixture(scope="module", params=REGISTRIES)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    registry = Registry(tmp_path_factory.mktemp("walk"), config=REGISTRIES[request.param])
    try:
        yield walk_through(registry.start(), units(request.param))
    finally:
        registry.close()


@pytest.mark.parametrize("unit", units("sparse"))
def test_the_walk_passes(report: Report, unit: str) -> None:
    assert unit not in report.failed, report.failed[unit]


@pytest.mark.parametrize("status", STATUSES)
def test_the_walk_checks_every_api(report: Report, status: str) -> None:
    assert report.passed[status]


def test_the_walk_leaves_nothing_out(report: Report) -> None:
    """The number is that of the day it was written: a check that is lost is missed."""
    print(f"{report.passed.total()} checks in {report.requests} requests")
    assert len(STATUSES) == 28
    assert set(report.passed) == set(STATUSES)
    assert report.passed.total() > 20_000
