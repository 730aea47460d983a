"""The examples of the client's docstrings, as a program runs them."""

from __future__ import annotations

import asyncio
import doctest
import importlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ocilot

from .conftest import Host
from .seed import AMD64, push, push_index
from .test_artifacts import chart
from .test_verify import Key, payload, push_tag_signature

MODULES = (
    "client.artifacts",
    "client.catalog",
    "client.charts",
    "client.events",
    "client.image",
    "client.listing",
    "client.options",
    "client.plan",
    "client.reader",
    "client.registry",
    "client.repository",
    "client.tags",
    "client.usage",
    "comparing",
    "display",
    "display.layer_bars",
    "display.svg",
    "display.tables",
    "display.timelines",
    "display.treemaps",
    "signatures.documents",
    "async_verbs",
    "verbs",
)


def examples() -> Iterator[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in MODULES:
        module = importlib.import_module(f"ocilot.{name}")
        for test in finder.find(module, f"ocilot.{name}", module=module):
            if test.examples:
                yield test


EXAMPLES = list(examples())


@pytest.fixture
def names(open_host: Host, tmp_path: Path, name: str) -> Iterator[dict[str, Any]]:
    """What examples speak of: a registry with the repository `team/app`, and a directory with files."""
    key = Key("p256")
    (tmp_path / "sbom.json").write_text("{}")
    chart(tmp_path, version="1.0.0+x")
    with ocilot.Server(deletes=True) as server, ocilot.connect(server.address) as registry:
        app = registry.repository("team/app")
        push(app, AMD64, "v1", "v1.1")
        push_index(app, "latest")
        app.push(tmp_path / "sbom.json", artifact_type="application/vnd.example.sbom", subject="v1", tag="")
        document = payload(AMD64.digest)
        ocilot.copy(app["v1"], f"oci:{tmp_path / 'layout'}")
        yield {
            "app": app,
            "asyncio": asyncio,
            "directory": tmp_path,
            "host": server.address,
            "image": app.get("v1"),
            "ocilot": ocilot,
            "public_key": key.pem,
            "registry": registry,
            "sign": lambda: push_tag_signature(app, AMD64.digest, document, key.sign(document)),
        }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name.removeprefix("ocilot."))
def test_an_example_runs_as_it_is_written(example: doctest.DocTest, names: dict[str, Any]) -> None:
    if "verify_signature" in example.name:
        names["sign"]()
    if "Repository.pull" in example.name:
        names["app"].push(names["directory"] / "sbom.json", tag="sbom")
    example.globs = {**example.globs, **names}
    out = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    assert runner.run(example, out=out.write).failed == 0, out.getvalue()


def test_every_public_name_of_the_client_has_an_example() -> None:
    """Of what does something: attributes that only say what a thing is need none."""
    tested = {example.name.rpartition(".")[2] for example in EXAMPLES}
    done = {
        name
        for kind in (ocilot.Registry, ocilot.Repository, ocilot.Image, ocilot.Index, ocilot.Listing)
        for name in dir(kind)
        if not name.startswith("_") and callable(getattr(kind, name))
    }
    assert done - tested - {"close"} == set()
    assert {"connect", "aconnect", "open", "aopen", "copy", "acopy"} <= tested
