"""The plugin of pytest, in projects that are not this one: each is written, and pytest runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USES_ALL = """\
import ocilot
import pytest
from ocilot.errors import AuthError, RegistryError


def test_an_image_is_seeded_and_pulled(oci_registry):
    digest = oci_registry.seed("team/app:v1", files={"etc/motd": b"hello"}, env=["A=1"], labels={"x": "y"})
    with ocilot.connect(oci_registry.host) as registry:
        image = registry.repository("team/app").get("v1", platform="linux/amd64")
        assert (image.digest, image.config.env, image.labels) == (digest, {"A": "1"}, {"x": "y"})
        assert image.read("etc/motd") == b"hello"
    assert [one.path for one in oci_registry.requests if one.path.endswith("/manifests/v1")]


def test_each_test_has_an_empty_one(oci_registry):
    assert oci_registry.requests == []
    with ocilot.connect(oci_registry.host) as registry:
        assert registry.repositories().all() == []


def test_users_log_in(oci_registry_with_accounts):
    alice = oci_registry_with_accounts.add_user("alice")
    with ocilot.connect(oci_registry_with_accounts.host, auth=alice) as registry:
        assert registry.whoami().user == "alice"
    with ocilot.connect(oci_registry_with_accounts.host, auth=("alice", "wrong")) as registry:
        with pytest.raises(AuthError):
            registry.ping()


@pytest.mark.parametrize("name", ["a", "b"])
def test_one_is_shared(oci_registry_shared, name):
    oci_registry_shared.seed(f"team/{name}:v1")
    with ocilot.connect(oci_registry_shared.host) as registry:
        assert f"team/{name}" in [one.name for one in registry.repositories()]
"""
USES_NONE = """\
import sys


def test_nothing_of_it_is_loaded():
    assert "ocilot.pytest_plugin" in sys.modules
    heavy = ("ocilot._core", "ocilot.testing", "ocilot.server", "ocilot.client", "httpcore2", "asyncio")
    assert [name for name in heavy if name in sys.modules] == []
"""
TELLS = """\
import json
import os
import pathlib
import pytest


@pytest.mark.parametrize("number", range(4))
def test_it_is_used(oci_registry_shared, number, worker_id):
    oci_registry_shared.seed(f"team/app-{number}:v1")
    place = pathlib.Path(__file__).with_name(f"used-{number}.json")
    place.write_text(json.dumps([worker_id, oci_registry_shared.handle, oci_registry_shared.host]))
"""


def run(project: Path, text: str, *options: str, ini: str = "") -> subprocess.CompletedProcess[str]:
    """Runs pytest in a project with one file of tests."""
    (project / "test_it.py").write_text(text)
    (project / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    # As if nothing else was installed that has a plugin.
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(ROOT / "python"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "ocilot.pytest_plugin"]
    return subprocess.run(
        [*command, *options],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_its_fixtures_serve_a_project(tmp_path: Path) -> None:
    ran = run(tmp_path, USES_ALL)
    assert "5 passed" in ran.stdout, ran.stdout + ran.stderr


def test_a_project_that_does_not_use_it_does_not_load_it(tmp_path: Path) -> None:
    ran = run(
        tmp_path, USES_NONE, "-p", "no:logging", "-p", "no:unraisableexception", "-p", "no:threadexception"
    )
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


@pytest.mark.parametrize(("value", "registries"), [("worker", 2), ("run", 1)])
def test_workers_share_a_registry_if_they_are_told_to(tmp_path: Path, value: str, registries: int) -> None:
    options = ("-p", "xdist.plugin", "-n", "2", "--maxschedchunk", "1")
    ran = run(tmp_path, TELLS, *options, ini=f"oci_registry_shared = {value}")
    assert "4 passed" in ran.stdout, ran.stdout + ran.stderr
    used = [json.loads(path.read_text()) for path in tmp_path.glob("used-*.json")]
    workers = {worker for worker, _, _ in used}
    assert len(workers) == 2
    assert len({tuple(handle) for _, handle, _ in used}) == registries
    assert len({host for _, _, host in used}) == len(workers), "each has a record of requests of its own"
    assert not any(Path(control).exists() for _, (_, control), _ in used), "nothing is left"


def test_an_unknown_way_of_sharing_is_rejected(tmp_path: Path) -> None:
    ran = run(tmp_path, USES_NONE, ini="oci_registry_shared = all")
    assert ran.returncode == 4
    assert 'invalid oci_registry_shared "all": expected worker or run' in ran.stderr


def test_pytest_finds_it_where_it_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"ocilot": "ocilot.pytest_plugin"}
    assert any(one.startswith("pytest") for one in project["optional-dependencies"]["pytest"])
