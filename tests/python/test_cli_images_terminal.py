"""Commands for images on a terminal: tables, bars and questions; and what ends them."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

import pytest

import ocilot
from ocilot.cli.commands import COMMANDS, IMAGES, SERVER
from ocilot.cli.control import Control

from .cli_place import Place

PROGRAM = [sys.executable, "-m", "ocilot"]


def environment(home: Path, **more: str) -> dict[str, str]:
    path = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm", **path, **more}


class Terminal:
    """A command whose streams are a terminal."""

    prefix: ClassVar[list[str]] = []
    """Program that runs the command."""

    def __init__(self, home: Path, *words: str, **environ: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*self.prefix, *PROGRAM, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(home, COLUMNS="100", **environ),
            cwd=home,
            start_new_session=True,
        )
        os.close(slave)
        self._text = b""

    def read_until(self, pattern: bytes) -> str:
        """What it has shown, once that matches."""
        while not re.search(pattern, self._text):
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:
                data = b""
            if not data:
                pytest.fail(f"no {pattern!r} in {self._text!r}")
            self._text += data
        return self._text.decode()

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def end(self) -> tuple[int, str]:
        """Its exit code, and all that it has shown."""
        while True:
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:
                break
            if not data:
                break
            self._text += data
        os.close(self._master)
        return self.process.wait(30), self._text.decode().replace("\r\n", "\n")


class ControllingTerminal(Terminal):
    """A command that runs as in a shell: its terminal is also `/dev/tty`."""

    prefix: ClassVar[list[str]] = ["setsid", "--ctty", "--wait"]


def test_a_terminal_gets_tables_and_short_digests(fresh: Place) -> None:
    digest = fresh.content.image("team/app", "v1")["digest"]
    code, text = Terminal(fresh.directory, "tags", "-l", fresh.app).end()
    assert (code, text) == (0, f"TAG  DIGEST\nv1   {digest[:19]}\n")


def test_a_terminal_gets_no_binary_file(fresh: Place) -> None:
    """Its bytes could change how the terminal works; a pipe and a file get them."""
    fresh.content.image("team/app", "v1", ({"etc/motd": b"hello\n", "bin/true": b"\x7fELF\0\x1b[31m"},))
    code, text = Terminal(fresh.directory, "cat", f"{fresh.app}:v1", "/bin/true").end()
    assert code == 2
    assert "ELF" not in text
    assert text == (
        "/bin/true is binary, and standard output is a terminal; write it to a file or a pipe: "
        f"ocilot cat {fresh.app}:v1 /bin/true > FILE\n"
    )
    assert Terminal(fresh.directory, "cat", f"{fresh.app}:v1", "/etc/motd").end() == (0, "hello\n")
    assert fresh.fine("cat", f"{fresh.app}:v1", "/bin/true") == "\x7fELF\0\x1b[31m"
    layer = fresh.json("inspect", f"{fresh.app}:v1")["layers"][0]["digest"]
    code, text = Terminal(fresh.directory, "api", "GET", f"{fresh.host}/v2/team/app/blobs/{layer}").end()
    assert code == 2
    assert text.startswith("the answer is binary, and standard output is a terminal")


def test_a_terminal_gets_a_bar_for_each_blob(fresh: Place) -> None:
    fresh.content.image("team/app", "v1", ({"a": os.urandom(1 << 20)},))
    code, text = Terminal(fresh.directory, "cp", f"{fresh.app}:v1", "oci:layout:v1").end()
    assert code == 0
    assert "\x1b[" in text
    assert re.search(r"sha256:[0-9a-f]{12} 1\.0MiB copied", text)
    assert "started" not in text


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": "unknown"}])
def test_a_terminal_without_a_cursor_gets_lines(fresh: Place, environ: dict[str, str]) -> None:
    fresh.content.image("team/app", "v1")
    code, text = Terminal(fresh.directory, "cp", f"{fresh.app}:v1", "oci:layout:v1", **environ).end()
    assert code == 0
    assert "\x1b[" not in text
    assert text.count("started") == 2


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, []), ("n\n", 130, ["v1"])])
def test_a_deletion_is_asked_about(fresh: Place, answer: str, code: int, left: list[str]) -> None:
    fresh.content.image("team/app", "v1")
    terminal = Terminal(fresh.directory, "rm", f"{fresh.app}:v1")
    shown = terminal.read_until(rb"Delete this\?")
    assert f"removes from {fresh.app}" in shown
    terminal.type(answer)
    assert terminal.end()[0] == code
    assert fresh.content.tags("team/app") == left


def test_login_asks_for_what_is_missing(tmp_path: Path) -> None:
    root = tmp_path / "data"
    with ocilot.Server(root=root, accounts=True) as server:
        with Control.of(None, root) as control:
            account = {"name": "alice", "kind": "user", "password": "correct horse"}
            control.ask("POST", "/api/v1/accounts", account)
        terminal = Terminal(tmp_path, "login", server.address)
        terminal.read_until(b"User: ")
        terminal.type("alice\n")
        terminal.read_until(b"Password of alice on .*: ")
        terminal.type("correct horse\n")
        code, text = terminal.end()
    assert code == 0
    assert f"logged in to {server.address} as alice" in text
    assert "correct horse" not in text


def test_an_interrupted_command_is_exit_code_130(tmp_path: Path) -> None:
    """The registry accepts the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ran = subprocess.Popen(
            [*PROGRAM, "tags", f"127.0.0.1:{port}/team/app", "--plain-http", f"127.0.0.1:{port}"],
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = server.accept()
        with connection:
            connection.recv(1 << 16)
            ran.send_signal(signal.SIGINT)
            out, err = ran.communicate(timeout=30)
    assert (ran.returncode, out, err) == (130, "", "interrupted\n")


def test_an_interrupted_copy_leaves_nothing_behind(tmp_path: Path, fresh: Place) -> None:
    fresh.content.image("team/app", "v1", ({"a": os.urandom(1 << 20)},))
    with Cutting(fresh.host, after=200_000) as proxy:
        ran = subprocess.Popen(
            [*PROGRAM, "cp", f"{proxy.host}/team/app:v1", "oci-archive:out.tar", "--plain-http", proxy.host],
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        proxy.stalled.wait(30)
        ran.send_signal(signal.SIGINT)
        out, err = ran.communicate(timeout=30)
    assert (ran.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []


class Cutting:
    """Passes connections on to a registry, and stalls after so many bytes of answers."""

    def __init__(self, target: str, after: int) -> None:
        host, _, port = target.partition(":")
        self._target = (host, int(port))
        self._left = after
        self.stalled = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._open: list[socket.socket] = []

    def __enter__(self) -> Cutting:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in [self._server, *self._open]:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            upstream = socket.create_connection(self._target)
            self._open += [client, upstream]
            threading.Thread(target=self._pass, args=(client, upstream, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(upstream, client, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        while True:
            try:
                data = source.recv(16384)
                if counts:
                    self._left -= len(data)
                if counts and self._left < 0:
                    self.stalled.set()
                    return
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(data)
            except OSError:
                return


def loaded_by(home: Path, *words: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", "-m", "ocilot", *words]
    ran = subprocess.run(
        command, env=environment(home), cwd=home, capture_output=True, text=True, check=False
    )
    found = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if "|" in line}
    return {name for name in found if name.startswith("ocilot.")}


SHARED = {
    f"ocilot.cli.{name}"
    for name in (
        "main",
        "commands",
        "exit",
        "error_exit",
        "output",
        "options",
        "reaching",
        "version",
        "typer_app",
        "help_imports",
    )
}


def test_a_command_for_images_loads_nothing_of_the_operator(fresh: Place) -> None:
    fresh.content.image("team/app", "v1")
    for words in (["tags", fresh.app], ["cp", f"{fresh.app}:v1", "oci:layout:v1"], ["cp", "--help"]):
        loaded = loaded_by(fresh.directory, *words)
        assert "ocilot.cli.images.shared" in loaded
        assert {name for name in loaded if name.startswith("ocilot.config")} == set()
        own = {name for name in loaded if name.startswith("ocilot.cli.")}
        assert {name for name in own if not name.startswith("ocilot.cli.images.")} <= SHARED
        assert loaded & {"ocilot.server", "ocilot.hooks", "ocilot.local_connection"} == set()


@pytest.mark.parametrize("words", [["version"], ["--help"], ["user", "--help"], ["config", "show"]])
def test_an_operator_s_command_loads_nothing_for_images(words: list[str], tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, *words)
    unwanted = ("ocilot.cli.images", "ocilot.client", "ocilot.oci", "ocilot.layers", "ocilot.verbs")
    assert {name for name in loaded if name.startswith(unwanted)} == set()


def test_help_of_a_command_for_images_loads_no_client(tmp_path: Path) -> None:
    for row in COMMANDS:
        if row.family == IMAGES and row.name in ("cp", "sync", "import", "inspect"):
            loaded = loaded_by(tmp_path, row.name, "--help")
            assert {name for name in loaded if name.startswith(("ocilot.client", "ocilot.verbs"))} == set()


def test_every_command_belongs_to_a_family() -> None:
    assert {row.family for row in COMMANDS} == {IMAGES, SERVER}
    names = [row.name for row in COMMANDS]
    assert len(names) == len(set(names))
