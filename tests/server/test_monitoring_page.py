"""docs/operate/monitoring.md keeps its word: Prometheus takes its rules, and a registry has their metrics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from .certificates import Certificates
from .conftest import FreshRegistry
from .pages import Block, blocks
from .people import with_tokens
from .registry import Registry
from .shell import Shell, typed

PAGE = Path(__file__).parents[2] / "docs/operate/monitoring.md"


@pytest.fixture(scope="module")
def parts() -> dict[str, Block]:
    """What the page gives to Prometheus, by its first word."""
    return {block.text.split(":")[0]: block for block in blocks(PAGE) if block.language == "yaml"}


@pytest.fixture
def everything(fresh_registry: FreshRegistry, certificates: Certificates, tmp_path: Path) -> Registry:
    """A registry with accounts, hooks and TLS: it has every metric."""
    hooks = "  hooks: {scripts: [{path: 'ocilot:immutable_releases'}]}\n"
    tls = certificates.config().removeprefix("version: 0.1\n")
    return fresh_registry(with_tokens(tmp_path) + hooks + tls)


def test_prometheus_takes_the_job_and_the_rules(parts: dict[str, Block], tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"/etc/prometheus": str(tmp_path)})
    job, rules, files = (parts[name] for name in ("scrape_configs", "groups", "rule_files"))
    (tmp_path / "ocilot-secret").write_text("secret")
    (tmp_path / "ocilot.rules.yml").write_text(rules.text)
    (tmp_path / "prometheus.yml").write_text(shell.here(job.text + files.text))
    (check,) = [
        command
        for block in blocks(PAGE)
        if block.language == "console"
        for command, _ in typed(block)
        if command.startswith("promtool ")
    ]
    assert f"{len(yaml.safe_load(rules.text)['groups'][0]['rules'])} rules found" in shell.type(check)


def test_a_registry_has_what_the_rules_ask_for(
    parts: dict[str, Block], everything: Registry, certificates: Certificates
) -> None:
    with everything.connect(certificates.context()) as api:
        assert api("GET", "/readyz").status == 200
        samples = api("GET", "/metrics").body.decode()
    asked = re.findall(r"(ocilot_\w+)(?:\{(\w+)=(~?)\"([^\"]+)\"\})?", parts["groups"].text)
    assert len(asked) == 14
    for metric, label, pattern, value in asked:
        found = re.findall(rf"^{metric}(?:\{{(.*)\}})? ", samples, re.MULTILINE)
        assert found, metric
        if label and not pattern:
            assert any(f'{label}="{value}"' in labels for labels in found), (metric, label, value)
        elif label:
            assert all(re.search(rf'{label}="\d\d\d"', labels) for labels in found), (metric, label)
