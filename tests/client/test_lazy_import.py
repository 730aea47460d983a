"""`import ocilot` loads next to nothing; what is asked for comes when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import ocilot


def modules_after(code: str) -> set[str]:
    words = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    return set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_package_loads_none_of_its_modules() -> None:
    loaded = modules_after("import ocilot") - modules_after("")
    assert {name for name in loaded if name.startswith("ocilot")} == {"ocilot"}


def test_connecting_loads_neither_the_server_nor_the_command_line() -> None:
    loaded = modules_after("import ocilot; ocilot.connect('nowhere.invalid').repository('a')['v1']")
    assert not {"typer", "rich", "httpx2", "httpcore2", "cryptography", "sigstore", "yaml"} & loaded
    assert not {"ocilot.cli", "ocilot.config", "ocilot.server"} & loaded


def test_every_name_is_there() -> None:
    for name in ocilot.__all__:
        assert getattr(ocilot, name) is not None
    assert set(ocilot.__all__) <= set(dir(ocilot))
