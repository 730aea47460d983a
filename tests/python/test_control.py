"""Commands ask the registry through its control socket, or start one for a moment."""

from __future__ import annotations

import http.server
import os
import socketserver
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import ocilot
from ocilot import _core
from ocilot.cli.control import Control
from ocilot.cli.exit import Exit
from ocilot.errors import ConfigError, Error


def control_of(root: Path) -> Control:
    return Control.of(None, root)


def made(root: Path) -> Path:
    """A data directory."""
    with ocilot.Server(root=root):
        pass
    return root


@contextmanager
def answering(path: Path, status: int, body: bytes) -> Iterator[None]:
    """Something at a socket that answers everything alike."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "local"

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield
        server.shutdown()


def test_the_running_registry_is_asked(tmp_path: Path) -> None:
    root = tmp_path / "data"
    with ocilot.Server(root=root), control_of(root) as control:
        assert not control.runs_alone
        assert control.ask("GET", "/v2/_catalog") == {"repositories": []}
        assert stat.S_IMODE((root / "ocilot" / "control.sock").stat().st_mode) == 0o600


def test_the_prefix_of_its_urls_is_for_clients_outside(tmp_path: Path) -> None:
    with ocilot.Server(root=tmp_path, prefix="/registry/"), control_of(tmp_path) as control:
        assert control.ask("GET", "/v2/_catalog") == {"repositories": []}


def test_without_one_a_registry_runs_as_long_as_it_is_asked(tmp_path: Path) -> None:
    root = made(tmp_path / "data")
    with control_of(root) as control:
        assert control.runs_alone
        assert control.ask("GET", "/v2/_catalog") == {"repositories": []}
    assert not (root / "ocilot" / "control.sock").exists()
    with ocilot.Server(root=root):
        pass


@pytest.mark.parametrize("there", [[], ["data"], ["data", "data/docker/registry/v2"]])
def test_no_command_makes_a_data_directory(tmp_path: Path, there: list[str]) -> None:
    for directory in there:
        (tmp_path / directory).mkdir(parents=True)
    with pytest.raises(Error, match=r"^no registry found at .*/data; start one there with") as caught:
        control_of(tmp_path / "data").__enter__()
    assert Exit.of(caught.value) is Exit.NOT_FOUND
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert found == sorted({*there, *(["data/docker", "data/docker/registry"] if len(there) > 1 else [])})


def test_what_a_killed_registry_left_is_in_nobodys_way(tmp_path: Path) -> None:
    with answering(tmp_path / "s", 200, b""):
        pass
    made(tmp_path)
    (tmp_path / "s").rename(tmp_path / "ocilot" / "control.sock")
    with control_of(tmp_path) as control:
        assert control.runs_alone


def test_a_path_of_any_length_is_reached(tmp_path: Path) -> None:
    root = tmp_path / ("d" * 100) / ("e" * 100)
    with ocilot.Server(root=root), control_of(root) as control:
        assert not control.runs_alone
        assert control.ask("GET", "/v2/_catalog") == {"repositories": []}


@pytest.mark.parametrize(
    ("status", "code", "ends"),
    [
        (400, "bad_request", Exit.USAGE),
        (401, "unauthorized", Exit.AUTH),
        (403, "denied", Exit.AUTH),
        (404, "not_found", Exit.NOT_FOUND),
        (409, "conflict", Exit.CONFLICT),
        (503, "unavailable", Exit.NETWORK),
        (500, "internal", Exit.OTHER),
    ],
)
def test_an_error_is_the_sentence_of_the_registry_and_an_exit_code(
    tmp_path: Path, status: int, code: str, ends: Exit
) -> None:
    (tmp_path / "ocilot").mkdir()
    body = b'{"errors":[{"code":"X","message":"one thing"},{"code":"X","message":"and another"}]}'
    with answering(tmp_path / "ocilot" / "control.sock", status, body), control_of(tmp_path) as control:
        with pytest.raises(Error) as caught:
            control.ask("GET", "/api/v1/x")
        assert str(caught.value) == "one thing\nand another"
        assert (caught.value.code, Exit.of(caught.value)) == (code, ends)


def test_an_answer_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "ocilot").mkdir()
    with (
        answering(tmp_path / "ocilot" / "control.sock", 500, b"<html>"),
        control_of(tmp_path) as control,
        pytest.raises(Error, match="responded with status 500 without a message"),
    ):
        control.ask("GET", "/")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_socket_of_somebody_else_is_an_error_of_rights(tmp_path: Path) -> None:
    with ocilot.Server(root=tmp_path):
        (tmp_path / "ocilot" / "control.sock").chmod(0)
        with (
            pytest.raises(Error, match="run this as the user that runs the registry") as caught,
            control_of(tmp_path),
        ):
            pass
        assert Exit.of(caught.value) is Exit.AUTH


def test_a_registry_in_memory_is_asked_where_its_socket_is_named(tmp_path: Path) -> None:
    settings = _core.Settings()
    settings.in_memory = True
    with pytest.raises(ConfigError, match=r"ocilot\.controlsocket"), Control(settings):
        pass
    settings.control_socket = str(tmp_path / "socket")
    with pytest.raises(Error, match="no running registry") as caught, Control(settings):
        pass
    assert Exit.of(caught.value) is Exit.NETWORK
    with ocilot.Server(control_socket=str(tmp_path / "socket")), Control(settings) as control:
        assert control.ask("GET", "/v2/_catalog") == {"repositories": []}


def test_settings_without_effect_are_not_noted_by_each_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yml"
    config.write_text("version: 0.1\nstorage: {cache: {blobdescriptor: inmemory}, filesystem: {}}\n")
    Control.of(str(config), tmp_path)
    assert capsys.readouterr() == ("", "")
