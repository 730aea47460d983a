"""docs/python.md keeps its word: every example is run, and it names what the package has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.server.images import write_docker_archive

import ocilot
from ocilot import _core
from ocilot.hooks import Deny
from ocilot.hooks.testing import Harness, a_tag_move

PAGE = (Path(__file__).parents[2] / "docs/python.md").read_text(encoding="utf-8")


def example(heading: str, number: int = 0) -> str:
    """A block of Python below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return str(re.findall(r"```python\n(.*?)```", section, re.DOTALL)[number])


def ran(text: str) -> list[str]:
    """What an example prints."""
    printed: list[str] = []

    def write(*values: object) -> None:
        printed.append(" ".join(map(str, values)))

    names: dict[str, Any] = {"print": write}
    exec(text, names)
    return printed


def test_a_server_answers_and_prints_what_the_page_shows() -> None:
    url, catalog = ran(example("Registry in a test or a notebook"))
    shown = PAGE.partition("```text\n")[2].partition("```")[0].splitlines()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", shown[0])
    assert shown[1:] == [catalog]


def test_the_fixture_is_one_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_registry.py").write_text(example("Registry in a test or a notebook", 1))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_registry.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done


def test_a_real_client_pushes_and_pulls(tmp_path: Path) -> None:
    write_docker_archive(tmp_path / "hello.tar", "hello:latest", [1000], "seed")
    (tmp_path / "test_client.py").write_text(example("Registry in a test or a notebook", 2))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_client.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done


def test_errors_are_as_described() -> None:
    code, sentence = ran(example("Errors"))
    assert code == "config"
    assert "\n" not in sentence
    assert issubclass(ocilot.errors.ConfigError, ocilot.errors.Error)
    with pytest.raises(TypeError, match="did you mean"):
        ocilot.Server(delets=True)


def test_the_hook_is_a_hook(tmp_path: Path) -> None:
    (tmp_path / "no_latest.py").write_text(example("Hooks"))
    hook = Harness(tmp_path / "no_latest.py")
    assert isinstance(hook.admit(a_tag_move(tag="latest")), Deny)
    assert hook.admit(a_tag_move(tag="v1.2.3")) is None


def test_the_test_of_a_hook_passes() -> None:
    ran(example("Tests for hooks"))


def test_a_data_directory_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ran(example("Check a data directory")) == ["True 0 []"]


def test_the_page_names_everything_that_the_package_offers() -> None:
    for name in ocilot.__all__:
        assert name == "__version__" or f"ocilot.{name}" in PAGE
    assert all(hasattr(_core.Settings, option) for option in ("deletes", "tls_certificate", "manifest_limit"))
