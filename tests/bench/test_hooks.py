"""Hooks that are measured do what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocilot.config.load import load
from ocilot.hooks import Allow
from ocilot.hooks.loading.configured import specs_of
from ocilot.hooks.testing import Harness, an_access

from . import servers
from .runs import HOOKS
from .workloads import WORKLOADS

SCRIPTS = sorted({work.hook for work in WORKLOADS.values() if work.hook})


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_measured_hook_allows(script: str) -> None:
    assert Harness(str(HOOKS / script)).authorize(an_access(repository="bench/app")) == Allow()


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_measured_server_is_configured_with_its_hook(script: str, tmp_path: Path) -> None:
    server = servers.Ocilot(servers.Setup(tmp_path / "data", tmp_path, 5000, hook=HOOKS / script))
    config = next(Path(word) for word in server.command() if str(word).endswith(".yml"))
    (spec,) = specs_of(load(config, {}))
    assert Path(spec.base, spec.path) == HOOKS / script
