"""Helm pushes and pulls charts, alone and by the index that a script makes of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

import ocilot

from .conftest import FreshRegistry
from .foreign import Tool, needs, scripted
from .garbage import delete
from .images import make_image
from .programs import wait_until
from .registry import Registry
from .test_account_commands import Commands

pytestmark = needs("helm")

PASSWORD = "correct horse battery"


class Website:
    """A directory with the index, which a web server shows."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.index = directory / "index.yaml"

        class Quiet(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(directory)))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def entries(self) -> list[dict[str, Any]]:
        """What the index says of the chart."""
        whole = json.loads(self.index.read_text()) if self.index.exists() else {"entries": {}}
        return list(whole["entries"].get("app", []))

    def wait_for(self, *versions: str) -> list[dict[str, Any]]:
        """Until exactly these are in it, the last push first."""
        wait_until(
            lambda: [one["version"] for one in self.entries()] == [*versions], f"{versions} in the index"
        )
        return self.entries()

    def options(self) -> dict[str, str]:
        """Of the script."""
        return {"file": str(self.index), "registry": "PLACE"}


@pytest.fixture
def website(tmp_path: Path) -> Iterator[Website]:
    one = Website(tmp_path / "www")
    yield one
    one.close()


@pytest.fixture
def helm(tmp_path: Path) -> Tool:
    """Helm, where a chart `app` is."""
    tool = Tool("helm", tmp_path / "home")
    tool("create", "app")
    return tool


def package(helm: Tool, version: str) -> Path:
    helm("package", "app", "--version", version)
    return helm.home / f"app-{version}.tgz"


def push(helm: Tool, registry: Registry, version: str) -> bytes:
    """Pushes a version of the chart; the file that was pushed."""
    path = package(helm, version)
    helm("push", path, f"oci://{registry.local}/charts", "--plain-http")
    return path.read_bytes()


def pulled(helm: Tool, chart: str, version: str) -> bytes:
    """The file that `helm pull` writes."""
    directory = helm.home / f"pulled-{version}"
    directory.mkdir()
    helm("pull", chart, "--version", version, "--plain-http", "--destination", directory)
    (path,) = directory.iterdir()
    return path.read_bytes()


def found(helm: Tool) -> list[str]:
    """The versions in the index, as `helm search` finds them."""
    return [
        one["version"]
        for one in json.loads(helm("search", "repo", "mine/app", "--versions", "--devel", "-o", "json"))
    ]


def test_charts_are_found_and_pulled_by_the_index(
    fresh_registry: FreshRegistry, website: Website, helm: Tool
) -> None:
    registry = scripted(fresh_registry, "chart_index", website.options(), rights=("pull",))
    packages = {"0.1.0": push(helm, registry, "0.1.0")}
    website.wait_for("0.1.0")
    helm("repo", "add", "mine", website.url)
    assert found(helm) == ["0.1.0"]
    for version in ("0.2.0-rc.1", "0.2.0+build.5"):
        packages[version] = push(helm, registry, version)
    entries = website.wait_for("0.2.0+build.5", "0.2.0-rc.1", "0.1.0")
    helm("repo", "update")
    assert found(helm) == ["0.2.0+build.5", "0.2.0-rc.1", "0.1.0"]
    assert entries[0]["urls"] == [f"oci://{registry.local}/charts/app:0.2.0_build.5"]
    for version, content in packages.items():
        words = ("show", "chart", "mine/app", "--version", version, "--plain-http")
        assert yaml.safe_load(helm(*words))["version"] == version
        assert pulled(helm, "mine/app", version) == content
    for one in entries[1:]:  # Helm takes no tag with an underscore.
        shown = yaml.safe_load(helm("show", "chart", *one["urls"], "--plain-http"))
        assert shown == {name: one[name] for name in shown}


def test_what_is_no_chart_any_more_leaves_the_index(
    fresh_registry: FreshRegistry, website: Website, helm: Tool
) -> None:
    registry = scripted(fresh_registry, "chart_index", website.options(), rights=("pull",))
    for version in ("0.1.0", "0.2.0"):
        push(helm, registry, version)
    website.wait_for("0.2.0", "0.1.0")
    helm("repo", "add", "mine", website.url)
    with registry.connect() as api:
        api.push_image("charts/app", make_image("no chart"), "0.1.0")
        website.wait_for("0.2.0")
        delete(api, "charts/app", "0.2.0")
    website.wait_for()
    helm("repo", "update")
    assert found(helm) == []


def test_a_login_is_needed_where_the_registry_has_accounts(
    fresh_registry: FreshRegistry, website: Website, helm: Tool
) -> None:
    others = {"user:ann": ["pull", "push"]}
    registry = scripted(fresh_registry, "chart_index", website.options(), rights=("pull",), others=others)
    Commands(registry).fine("user", "add", "ann", "--password-stdin", stdin=f"{PASSWORD}\n")
    path, target = package(helm, "0.1.0"), f"oci://{registry.local}/charts"
    assert "authoriz" in helm.run("push", path, target, "--plain-http").err
    login = ["registry", "login", registry.local, "--username", "ann", "--password-stdin"]
    if "--plain-http" in helm("registry", "login", "--help"):
        login.append("--plain-http")  # Before 3.18 Helm found out by itself.
    assert helm.run(*login, stdin="wrong").code != 0
    helm(*login, stdin=PASSWORD)
    helm("push", path, target, "--plain-http")
    website.wait_for("0.1.0")
    helm("repo", "add", "mine", website.url)
    assert pulled(helm, "mine/app", "0.1.0") == path.read_bytes()
    helm("registry", "logout", registry.local)
    assert "authoriz" in helm.run("pull", "mine/app", "--plain-http").err


def test_charts_are_exchanged_with_the_client(fresh_registry: FreshRegistry, helm: Tool) -> None:
    registry = fresh_registry()
    pushed = {"0.1.0+x": push(helm, registry, "0.1.0+x")}
    with ocilot.connect(registry.local) as client:
        charts = client.repository("charts/app")
        (path,) = charts.pull("0.1.0_x", helm.home / "client")
        assert path.read_bytes() == pushed["0.1.0+x"]
        of_helm = charts.manifest("0.1.0_x")
        path = package(helm, "0.2.0+x")
        charts.push_chart(path)
        assert pulled(helm, f"oci://{registry.local}/charts/app", "0.2.0+x") == path.read_bytes()
        charts.push_chart(helm.home / "app-0.1.0+x.tgz")
        ours = charts.manifest("0.1.0_x")
    for mine, theirs in zip(ours.blobs(), of_helm.blobs(), strict=True):
        assert mine.media_type == theirs.media_type
