"""Fixtures for pytest: a registry for the tests of any project, with `pip install 'ocilot[pytest]'`.

def test_push(oci_registry):
    digest = oci_registry.seed("team/app:v1")
    my_program("pull", f"{oci_registry.host}/team/app:v1")
    assert any(one.path.endswith("/manifests/v1") for one in oci_registry.requests)

With pytest-xdist each worker has an `oci_registry_shared` of its own; `oci_registry_shared = run` in the
configuration of pytest has all workers use one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

# Every project where this is installed loads this module: all else is loaded by the fixtures.
if TYPE_CHECKING:
    from ocilot.testing import RegistryForTests

OPTION = "oci_registry_shared"
WORKER, RUN = "worker", "run"
KEY: pytest.StashKey[RegistryForTests] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option that says who shares `oci_registry_shared`."""
    parser.addini(
        OPTION,
        f"Tests that share one oci_registry_shared: those of an xdist worker ({WORKER}), or all ({RUN}).",
        default=WORKER,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Rejects an unknown value of the option."""
    if (value := config.getini(OPTION)) not in (WORKER, RUN):
        raise pytest.UsageError(f'invalid {OPTION} "{value}": expected {WORKER} or {RUN}')


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Names the registry of the run to a worker of pytest-xdist.

    The controller has it: it is there before the first worker and after the last one, whichever ends first or
    crashes, which a file with a count of users would not survive.
    """
    config: pytest.Config = node.config
    if config.getini(OPTION) == RUN:
        from ocilot.testing import RegistryForTests

        if KEY not in config.stash:
            config.stash[KEY] = RegistryForTests()
            config.add_cleanup(config.stash[KEY].stop)
        node.workerinput[OPTION] = config.stash[KEY].handle


@pytest.fixture
def oci_registry() -> Iterator[RegistryForTests]:
    """A registry of this test's own, empty and open to all; see `ocilot.testing.RegistryForTests`."""
    from ocilot.testing import RegistryForTests

    with RegistryForTests() as registry:
        yield registry


@pytest.fixture
def oci_registry_with_accounts() -> Iterator[RegistryForTests]:
    """A registry of this test's own whose users log in: `add_user()` makes them."""
    from ocilot.testing import RegistryForTests

    with RegistryForTests(accounts=True) as registry:
        yield registry


@pytest.fixture(scope="session")
def oci_registry_shared(request: pytest.FixtureRequest) -> Iterator[RegistryForTests]:
    """A registry that tests share: those of a worker, or of the whole run with `oci_registry_shared = run`.

    Each test uses repositories of its own in it. `requests`, `fail_next` and `reset` are those of the worker.
    """
    from ocilot.testing import RegistryForTests

    handle = getattr(request.config, "workerinput", {}).get(OPTION)
    with RegistryForTests() if handle is None else RegistryForTests.joined(handle) as registry:
        yield registry
