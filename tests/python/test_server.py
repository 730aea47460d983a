"""A registry inside a Python program."""

from __future__ import annotations

import asyncio
import gc
import json
import re
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

import ocilot
from ocilot import _core


def test_it_serves_within_its_block_and_no_longer(tmp_path: Path) -> None:
    with ocilot.Server(root=tmp_path / "data", port=0) as server:
        assert server.port > 0
        assert server.address == f"127.0.0.1:{server.port}"
        assert server.url == f"http://{server.address}"
        assert server.root == str(tmp_path / "data")
        with urlopen(f"{server.url}/v2/_catalog") as answer:
            assert json.load(answer) == {"repositories": []}
    with pytest.raises(URLError):
        urlopen(f"{server.url}/v2/")
    assert repr(server) == f"<ocilot.Server {server.url} (stopped)>"


def test_it_can_be_stopped_twice() -> None:
    server = ocilot.Server()
    assert server.root == ""
    server.stop()
    server.stop()


def test_the_form_for_asyncio_stops_without_blocking_the_loop() -> None:
    async def use() -> ocilot.Server:
        async with ocilot.Server() as server, ocilot.aconnect(server.address) as registry:
            assert [one.name async for one in registry.repositories()] == []
            stopping = asyncio.ensure_future(server.astop())
            await asyncio.sleep(0)
            assert not stopping.done(), "the loop runs meanwhile"
            await stopping
        return server

    server = asyncio.run(use())
    assert repr(server).endswith("(stopped)>")
    with pytest.raises(URLError):
        urlopen(f"{server.url}/v2/")


def test_an_error_in_its_block_stops_it_as_well() -> None:
    async def fail() -> None:
        async with ocilot.Server() as server:
            urls.append(server.url)
            raise KeyError

    urls: list[str] = []
    with pytest.raises(KeyError):
        asyncio.run(fail())
    with pytest.raises(URLError):
        urlopen(f"{urls[0]}/v2/")


def test_several_run_side_by_side_and_may_be_forgotten() -> None:
    with ocilot.Server() as one, ocilot.Server() as other:
        assert one.port != other.port
    forgotten = ocilot.Server()
    del forgotten
    gc.collect()


def test_options_are_settings() -> None:
    with ocilot.Server(headers=[("X-Team", "a")], deletes=False) as server:
        with urlopen(f"{server.url}/v2/") as answer:
            assert answer.headers["X-Team"] == "a"
        upload = Request(f"{server.url}/v2/a/blobs/uploads/", method="POST")
        with urlopen(upload) as answer:
            assert answer.status == 202


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^unknown option 'delets' of Server; did you mean 'deletes'\?$"):
        ocilot.Server(delets=False)


def test_a_port_in_use_is_a_configuration_error() -> None:
    with ocilot.Server() as server:
        with pytest.raises(ocilot.errors.ConfigError) as caught:
            ocilot.Server(port=server.port)
        assert caught.value.code == "config"
        assert str(server.port) in str(caught.value)


def test_settings_are_plain_values() -> None:
    settings = _core.Settings()
    settings.drain_timeout = 5
    assert settings.drain_timeout == 5
    with pytest.raises(ValueError, match="drain_timeout cannot be negative"):
        settings.drain_timeout = -1
    with pytest.raises(TypeError):
        settings.drain_timeout = "5s"  # type: ignore[assignment]


def test_the_readme_keeps_its_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    (example,) = (block for block in blocks if "ocilot.Server(" in block)
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    exec(example, {"print": said.append})
    assert said[0].startswith("http://127.0.0.1:")
    assert (tmp_path / "registry-data" / "ocilot" / "meta.sqlite").exists()
