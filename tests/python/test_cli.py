"""The `ocilot` command: data on standard output, messages on standard error, telling exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

import ocilot
from ocilot import _core
from ocilot.cli.commands import COMMANDS, Row
from ocilot.cli.console import Console
from ocilot.cli.foreground import Wanted
from ocilot.cli.typer_app import load

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}
COMMAND = [sys.executable, "-m", "ocilot"]


def ocilot_command(
    *words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command, environment = [*COMMAND, *words], {**ENVIRONMENT, **(env or {})}
    return subprocess.run(
        command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_the_version_is_printed(words: list[str]) -> None:
    ran = ocilot_command(*words)
    assert (ran.returncode, ran.stdout) == (0, f"ocilot {ocilot.__version__}\n")


def test_the_version_is_that_of_the_project_and_of_the_core() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert ocilot.__version__ == _core.__version__ == project["version"]


def loaded_by(*words: str) -> set[str]:
    """The modules that Python loads to do something."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *words],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(re.findall(r"^import time:.*\| +(\S+)$", ran.stderr, re.MULTILINE))


@pytest.mark.parametrize(
    ("words", "own"),
    [
        (["-c", "import ocilot"], {"ocilot"}),
        (["-m", "ocilot", "version"], {"ocilot", "ocilot.cli", "ocilot.cli.main", "ocilot.cli.version"}),
        (["-m", "ocilot", "--version"], {"ocilot", "ocilot.cli", "ocilot.cli.main", "ocilot.cli.version"}),
    ],
)
def test_what_is_asked_for_most_loads_next_to_nothing(words: list[str], own: set[str]) -> None:
    loaded = loaded_by(*words)
    assert {name for name in loaded if name.partition(".")[0] == "ocilot"} == own
    assert loaded & (ONLY_FOR_OTHERS | {"yaml"}) == set()


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_the_help_of_all_loads_no_command_and_no_library(word: str) -> None:
    loaded = loaded_by("-m", "ocilot", word)
    own = {name for name in loaded if name.partition(".")[0] == "ocilot"}
    beside = {f"ocilot.cli.{name}" for name in ("main", "commands", "help_page")}
    assert own == {"ocilot", "ocilot.cli"} | beside
    assert loaded & (ONLY_FOR_OTHERS | {"yaml", "gettext", "shutil", "textwrap"}) == set()


@pytest.mark.parametrize("words", [["user", "--help"], ["user", "add", "--help"], ["audit", "--help"]])
def test_the_help_of_a_command_loads_only_what_help_shows(words: list[str]) -> None:
    loaded = loaded_by("-m", "ocilot", *words)
    assert "rich.panel" in loaded
    assert loaded & {"markdown_it", "pygments"} == set()


WITHOUT_OUR_PAGE = """
import sys
from ocilot.cli.typer_app import app
sys.argv[0] = "ocilot"
app()
"""


def help_of_all(drawn_by_typer: bool, **environment: str) -> str:
    program = str(Path(sys.executable).parent / "ocilot")
    command = [sys.executable, "-c", WITHOUT_OUR_PAGE] if drawn_by_typer else [program]
    ran = subprocess.run(
        [*command, "--help"], env={**ENVIRONMENT, **environment}, capture_output=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"restore-backup" in ran.stdout
    return ran.stdout.decode(errors="surrogateescape")


def cells(text: str) -> list[list[tuple[str, str]]]:
    """What a terminal shows: each character with its style, which does not matter for a space."""
    lines, style = [], ""
    for line in text.split("\n"):
        lines.append(list[tuple[str, str]]())
        for change, character in re.findall(r"\x1b\[([0-9;]*)m|(.)", line):
            if character:
                lines[-1].append((character, "" if character == " " else style))
            else:
                style = "" if change == "0" else change
    return lines


@pytest.mark.parametrize("columns", ["72", "80", "97", "121", "200"])
@pytest.mark.parametrize("style", [{}, {"FORCE_COLOR": "1"}, {"PY_COLORS": "1", "TERM": "xterm-256color"}])
def test_the_help_of_all_looks_as_typer_draws_it(columns: str, style: dict[str, str]) -> None:
    ours, of_typer = (help_of_all(by_typer, COLUMNS=columns, **style) for by_typer in (False, True))
    assert cells(ours) == cells(of_typer)
    assert ("\x1b[" in ours) == bool(style)
    assert style or ours == of_typer


@pytest.mark.parametrize(
    "wanted",
    [
        {"COLUMNS": "60"},
        {"TERMINAL_WIDTH": "90"},
        {"TYPER_USE_RICH": "0"},
        {"PYTHONIOENCODING": "latin-1"},
        {"FORCE_COLOR": "1", "NO_COLOR": "1"},
        {"FORCE_COLOR": "1", "TERM": "dumb"},
        {"NO_COLOR": "1"},
        {"TTY_COMPATIBLE": "1"},
    ],
    ids=str,
)
def test_other_looks_of_the_help_of_all_are_those_of_typer(wanted: dict[str, str]) -> None:
    assert help_of_all(False, **wanted) == help_of_all(True, **wanted)


def test_a_terminal_without_a_width_gets_help_too() -> None:
    assert help_of_all(False, COLUMNS="0") == help_of_all(False)


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_the_help_of_all_says_of_a_command_what_its_own_help_says(row: Row) -> None:
    command = load(row)
    assert command.name == row.name
    assert " ".join(command.help.split("\n\n")[0].split()) == row.help


def test_the_program_is_installed_beside_python() -> None:
    program = Path(sys.executable).parent / "ocilot"
    assert subprocess.run([program, "--version"], check=True, capture_output=True).stdout


@pytest.mark.parametrize("words", [["serv"], ["serve", "--rot", "x"], ["config", "show", "-o", "toml"]])
def test_wrong_usage_is_exit_code_2(words: list[str]) -> None:
    ran = ocilot_command(*words)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr


def test_a_good_configuration_is_said_to_be_fine(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("version: 0.1\nstorage: {cache: {blobdescriptor: inmemory}}\n")
    ran = ocilot_command("config", "check", "config.yml", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert ran.stderr.splitlines() == [
        "note: config.yml:2: storage.cache has no effect: descriptors are stored in the metadata and need "
        "no cache",
        "config.yml is fine",
    ]


@pytest.mark.parametrize("words", [["config", "check"], ["config", "show"], ["serve"]])
def test_a_bad_configuration_is_exit_code_2_and_a_line_a_problem(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "config.yml").write_text(
        "version: 0.1\nstorage:\n  delet:\n    enabled: true\nauth: {silly: {}}\n"
    )
    ran = ocilot_command(*words, "config.yml", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines() == [
        "config.yml:3: unknown key storage.delet; did you mean storage.delete?",
        "config.yml:5: invalid section for auth.silly: expected both realm and service",
    ]


@pytest.mark.parametrize(("form", "parse"), [("yaml", yaml.safe_load), ("json", json.loads)])
def test_the_configuration_in_force_is_shown(tmp_path: Path, form: str, parse: Callable[[str], Any]) -> None:
    (tmp_path / "config.yml").write_text("version: 0.1\nhttp: {addr: ':5001'}\n")
    ran = ocilot_command("config", "show", "-o", form, "config.yml", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    shown = parse(ran.stdout)
    assert shown["http"]["addr"] == ":5001"
    assert shown["storage"]["delete"] == {"enabled": False}


def wait_for_line(log: Path, process: subprocess.Popen[bytes], pattern: str) -> re.Match[str]:
    """What a process has written, when it has."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found := re.search(pattern, log.read_text()):
            return found
        if process.poll() is not None:
            break
        time.sleep(0.02)
    pytest.fail(f"no {pattern!r} in:\n{log.read_text()}")


class Serving:
    """`ocilot serve` while a test looks at it."""

    def __init__(self, directory: Path, *words: str | Path, python: tuple[str, ...] = ()) -> None:
        self.log = directory / "stderr"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *python, "-m", "ocilot", "serve", *words],
                env=ENVIRONMENT,
                cwd=directory,
                stderr=log,
                stdout=subprocess.DEVNULL,
            )

    def wait_for(self, pattern: str) -> re.Match[str]:
        return wait_for_line(self.log, self.process, pattern)

    def url(self) -> str:
        return self.wait_for(r"listening on (\S+)\n")[1]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    one = Serving(tmp_path, "--addr", "127.0.0.1:0")
    yield one
    one.process.kill()
    one.process.wait()


def test_serve_says_where_the_data_is_and_how_to_push(serving: Serving, tmp_path: Path) -> None:
    url = serving.url()
    port = url.rpartition(":")[2]
    serving.wait_for(r"_catalog\n")
    text = serving.log.read_text()
    assert f"data in      {tmp_path}/ocilot-data\n" in text
    assert f"docker tag IMAGE localhost:{port}/IMAGE\n" in text
    assert f"docker push localhost:{port}/IMAGE\n" in text
    assert f"curl http://localhost:{port}/v2/_catalog\n" in text
    with urlopen(f"{url}/v2/_catalog") as answer:
        assert json.load(answer) == {"repositories": []}


def test_the_greeting_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[bytes] = []

    def write(fd: int, data: bytes) -> int:
        assert fd == 2
        writes.append(data)
        return len(data)

    monkeypatch.setattr(os, "write", write)
    Console("text").say("ready", "one\n  two\n  three")
    assert writes == [b"one\n  two\n  three\n"]


FORMS = {
    "json": {"time", "level", "msg"},
    "logstash": {"@timestamp", "@version", "type", "level", "message"},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_line_is_json_where_the_log_is(tmp_path: Path, form: str) -> None:
    (tmp_path / "config.yml").write_text(
        f"version: 0.1\nlog: {{formatter: {form}}}\nhttp: {{addr: '127.0.0.1:0'}}\n"
        "storage: {inmemory: {}, cache: {blobdescriptor: inmemory}}\n"
    )
    with (tmp_path / "stdout").open("w") as out, (tmp_path / "stderr").open("w") as err:
        process = subprocess.Popen(
            [*COMMAND, "serve", "config.yml"], env=ENVIRONMENT, cwd=tmp_path, stdout=out, stderr=err
        )
    try:
        url = wait_for_line(tmp_path / "stderr", process, r'"url": "([^"]+)"')[1]
        with urlopen(f"{url}/v2/") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGHUP)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    texts = {name: (tmp_path / name).read_text() for name in ("stdout", "stderr")}
    entries = {name: [json.loads(line) for line in text.splitlines()] for name, text in texts.items()}
    message = "msg" if form == "json" else "message"
    for entry in entries["stderr"]:
        assert set(entry) >= FORMS[form], entry
    said = [entry[message] for entry in entries["stderr"]]
    assert {"ready", "serving", "stopping", "stopped"} <= set(said)
    assert any("storage.cache has no effect" in text for text in said)
    assert [entry["target"] for entry in entries["stdout"]] == ["/v2/"]
    assert "@timestamp" in entries["stdout"][0] or form == "json"


def test_why_the_registry_does_not_start_is_json_too(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ran = ocilot_command("serve", "--addr", address, "--log-format", "json", cwd=tmp_path)
    assert ran.returncode != 0
    entries = [json.loads(line) for line in ran.stderr.splitlines()]
    assert entries[-1]["level"] == "error"
    assert address in entries[-1]["msg"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 0.1\nlog: {formatter: json}\nhttp: {adr: x}\n", "http.adr"),
        ("version: 0.1\nlog: {formatter: json}\nhttp: {addr: [x\n", "config.yml"),
        ("version: 0.1\nlog: {formatter: json}\nhttp: {tls: {certificate: c, key: k}}\n", "certificate"),
    ],
    ids=["an-unknown-key", "not-yaml", "a-missing-file"],
)
def test_a_configuration_that_cannot_be_used_is_reported_in_its_own_log_format(
    tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "config.yml").write_text(text)
    is_readable = "[x" not in text
    variables = {} if is_readable else {"REGISTRY_LOG_FORMATTER": "json"}
    ran = ocilot_command("serve", "config.yml", cwd=tmp_path, env=variables)
    assert ran.returncode == 2, ran
    entries = [json.loads(line) for line in ran.stderr.splitlines()]
    assert entries[-1]["level"] == "error"
    assert expected in entries[-1]["msg"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_registry_well(serving: Serving, number: signal.Signals) -> None:
    serving.url()
    assert serving.end(number) == 0


def test_a_hangup_does_not_end_the_registry(serving: Serving) -> None:
    url = serving.url()
    serving.process.send_signal(signal.SIGHUP)
    with urlopen(f"{url}/v2/") as answer:
        assert answer.status == 200
    assert serving.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_other_signals_are_logged_and_ignored(serving: Serving, number: signal.Signals) -> None:
    url = serving.url()
    serving.process.send_signal(number)
    serving.wait_for(f"(?m)^{number.name} ignored$")
    with urlopen(f"{url}/v2/") as answer:
        assert answer.status == 200
    assert serving.end(signal.SIGTERM) == 0


def test_a_second_signal_ends_at_once(serving: Serving) -> None:
    host, _, port = serving.url().removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        # A request under way, which the registry waits for.
        connection.sendall(
            b"POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        )
        location = re.search(rb"(?i)location: (?:http://[^/]+)?(\S+)", connection.recv(65536))
        assert location
        connection.sendall(
            b"PATCH " + location[1] + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\na"
        )
        serving.process.send_signal(signal.SIGTERM)
        serving.wait_for(r"SIGTERM: requests under way may end")
        assert serving.process.poll() is None
        assert serving.end(signal.SIGTERM) == 1


def test_options_win_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(
        "version: 0.1\nhttp: {addr: 'nowhere.invalid:5000'}\nstorage: inmemory\n"
    )
    one = Serving(tmp_path, "config.yml", "--addr", "127.0.0.1:0", "--root", tmp_path / "other")
    one.url()
    assert f"data in      {tmp_path}/other\n" in one.log.read_text()
    assert one.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_registry_in_memory_says_so(tmp_path: Path, form: str) -> None:
    (tmp_path / "config.yml").write_text("version: 0.1\nstorage: inmemory\n")
    one = Serving(tmp_path, "config.yml", "--addr", "127.0.0.1:0", "--log-format", form)
    one.wait_for(
        r"data in      memory: everything is forgotten at the end\n"
        if form == "text"
        else r'"root": "memory"'
    )
    assert one.end(signal.SIGTERM) == 0


def test_what_does_not_allow_a_start_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for words in (["--addr", f"127.0.0.1:{port}"], ["--root", "file"], ["--tls-cert", "none.pem"]):
            ran = ocilot_command("serve", "--addr", "127.0.0.1:0", *words, cwd=tmp_path)
            assert (ran.returncode, ran.stdout) == (2, ""), words
            assert len(ran.stderr.splitlines()) == 1, ran.stderr


def test_an_empty_word_is_not_plain(tmp_path: Path) -> None:
    assert Wanted.of_words([""]) is None
    ran = ocilot_command("serve", "--root", "", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "is empty" in " ".join(ran.stderr.split())


ONLY_FOR_OTHERS = {"typer", "click", "rich", "shellingham", "pydantic", "pydantic_core", "difflib", "json"}
ONLY_FOR_OTHERS |= {"argparse", "asyncio", "email", "http", "importlib.metadata", "logging", "subprocess"}
ONLY_FOR_OTHERS |= {"dataclasses", "inspect", "pathlib", "urllib", "ocilot.hooks"}


@pytest.mark.parametrize(("words", "unread"), [([], {"yaml"}), (["config.yml"], set())])
def test_serving_loads_nothing_that_only_other_commands_need(
    tmp_path: Path, words: list[str], unread: set[str]
) -> None:
    (tmp_path / "config.yml").write_text("version: 0.1\nlog: {level: warn}\n")
    one = Serving(tmp_path, *words, "--addr", "127.0.0.1:0", python=("-X", "importtime"))
    one.wait_for(r"_catalog\n")
    assert one.end(signal.SIGTERM) == 0
    loaded = set(re.findall(r"^import time:.*\| +(\S+)$", one.log.read_text(), re.MULTILINE))
    assert "ocilot._core" in loaded
    assert loaded & (ONLY_FOR_OTHERS | unread) == set()
