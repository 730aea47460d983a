"""Completion: quick, silent, and of what a reference can be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocilot
from ocilot.cli.complete import candidates, words_of
from ocilot.cli.complete_references import FRESH, VARIABLE, answers, references
from ocilot.cli.completion import SCRIPTS, Shell, place_of
from ocilot.testing import RegistryForTests

from .cli_content import Content
from .cli_runs import Ran, Zygote
from .test_cli_images_terminal import ControllingTerminal

PROGRAM = Path(sys.executable).parent
PATIENT = {"OCILOT_COMPLETION_TIMEOUT": "60"}
"""A busy machine does not change what is completed."""


@pytest.fixture(scope="module")
def content() -> Iterator[Content]:
    with ocilot.Server() as server:
        made = Content(server.url)
        for tag in ("v1", "v1.1", "main"):
            made.image("team/app", tag)
        made.image("team/web", "v1")
        yield made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "OCILOT_REGISTRY",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "DOCKER_CONFIG",
        "REGISTRY_AUTH_FILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ocilot ", ["ocilot", ""]),
        ("ocilot ta", ["ocilot", "ta"]),
        ("ocilot cp 'oci:a b' ", ["ocilot", "cp", "oci:a b", ""]),
        ("ocilot cp 'oci:a b", ["ocilot", "cp", "oci:a b"]),
        ('ocilot cp "loc', ["ocilot", "cp", "loc"]),
    ],
)
def test_the_last_word_is_the_one_under_the_cursor(line: str, words: list[str]) -> None:
    assert words_of(line) == words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ta"], ["tags", "tag"]),
        (["--v"], ["--version"]),
        (["user", "a"], ["add"]),
        (["bundle", ""], ["save", "load", "ls", "verify"]),
        (["cp", "--refer"], ["--referrers"]),
        (["cp", "--referrers", "re"], ["required"]),
        (["cp", "-o", ""], ["table", "json", "jsonl", "yaml"]),
        (["user", "add", "--no-p"], ["--no-password"]),
        (["nothing", ""], []),
        (["user", "nothing", ""], []),
    ],
)
def test_commands_options_and_their_values_are_completed(words: list[str], expected: list[str]) -> None:
    assert list(candidates(["ocilot", *words])) == expected


def test_registries_are_those_with_credentials(home: Path) -> None:
    (home / ".docker").mkdir()
    stored = {
        "auths": {"https://index.docker.io/v1/": {}, "reg.example:5000": {}, "r.example/team": {}},
        "credHelpers": {"gcr.example": "helper"},
    }
    (home / ".docker/config.json").write_text(json.dumps(stored))
    assert list(references("registry", "")) == ["docker.io", "gcr.example", "r.example", "reg.example:5000"]
    assert list(references("reference", "reg")) == ["reg.example:5000/"]


def completed(zygote: Zygote, home: Path, *words: str, **environ: str) -> Ran:
    return zygote.run(
        ["__complete", "zsh", "ocilot", *words], home, environ={"HOME": str(home), **PATIENT, **environ}
    )


def test_repositories_and_tags_are_those_of_the_registry(
    zygote: Zygote, content: Content, home: Path
) -> None:
    host = content.host
    ran = completed(zygote, home, "inspect", f"{host}/team/a")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.split() == [f"{host}/team/app"]
    assert completed(zygote, home, "tags", f"{host}/team/").out.split() == [
        f"{host}/team/app",
        f"{host}/team/web",
    ]
    assert completed(zygote, home, "inspect", f"{host}/team/app").out.split() == [
        f"{host}/team/app",
        f"{host}/team/app:",
    ]
    assert completed(zygote, home, "inspect", f"{host}/team/app:v").out.split() == [
        f"{host}/team/app:v1",
        f"{host}/team/app:v1.1",
    ]
    assert completed(zygote, home, "inspect", "team/a", OCILOT_REGISTRY=host).out.split() == ["team/app"]


def test_an_answer_is_kept_for_a_while(zygote: Zygote, home: Path) -> None:
    with ocilot.Server() as server:
        content = Content(server.url)
        content.image("team/app", "v1")
        word = f"{content.host}/team/app:"
        first = completed(zygote, home, "inspect", word).out
    assert first.split() == [f"{word}v1"]
    # The registry is not there any more.
    assert completed(zygote, home, "inspect", word).out == first
    (kept,) = (home / ".cache/ocilot/completion").iterdir()
    kept.write_text(json.dumps({"time": time.time() - 2 * FRESH, "names": ["v1"]}))
    assert completed(zygote, home, "inspect", word).out == first


def test_a_registry_that_is_not_there_completes_nothing_and_says_nothing(zygote: Zygote, home: Path) -> None:
    ran = completed(zygote, home, "inspect", "localhost:9/team/")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize(
    "words", [[], ["bash"], ["zsh"], ["bash", "a", "b", "c"], ["zsh", "ocilot", "tags", "\udcff"]]
)
def test_odd_calls_complete_nothing(zygote: Zygote, home: Path, words: list[str]) -> None:
    ran = zygote.run(["__complete", *words], home)
    assert (ran.code, ran.err) == (0, "")


def test_names_are_completed_without_typer_or_the_client() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "ocilot", "__complete", "zsh", "ocilot", "in"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "inspect\nindex\n"
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "ocilot.cli.complete" in loaded
    assert loaded & {"typer", "rich", "ocilot.client", "ocilot._core", "ssl"} == set()


CACHED = """
import json, sys

WORK = {"socket.connect", "socket.getaddrinfo", "os.fork", "os.exec", "os.posix_spawn", "subprocess.Popen"}
seen = set()
sys.addaudithook(lambda event, arguments: seen.add(event))
before = set(sys.modules)
sys.argv = ["ocilot", "__complete", "zsh", "ocilot", "inspect", sys.argv[1]]
from ocilot.cli import complete_references, main

complete_references.FRESH = 1e9
try:
    main()
except SystemExit as end:
    assert end.code == 0
own = sorted(name for name in sys.modules if name.partition(".")[0] not in sys.stdlib_module_names)
new = sorted(set(sys.modules) - before)
print(json.dumps([sorted(seen & WORK), [name for name in own if name in new], new]), file=sys.stderr)
"""


def test_a_reference_from_the_cache_takes_no_more_than_a_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H2: what would take time is not there, however slow the machine is."""
    monkeypatch.setenv(VARIABLE, "600")
    assert answers("tags reg.example team/app", lambda: ["v1"]) == ["v1"]
    command = [sys.executable, "-c", CACHED, "reg.example/team/app:"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "reg.example/team/app:v1\n"
    work, own, new = json.loads(ran.stderr)
    assert work == []
    assert own == [
        *("ocilot", "ocilot.cli", "ocilot.cli.commands", "ocilot.cli.complete"),
        *("ocilot.cli.complete_references", "ocilot.cli.main"),
    ]
    slow = {"asyncio", "dataclasses", "email", "http", "inspect", "socket", "ssl", "subprocess"}
    assert slow & set(new) == set()


@pytest.mark.parametrize("shell", Shell)
def test_the_start_of_a_shell_runs_nothing(shell: Shell, tmp_path: Path) -> None:
    """H2: the script defines a function; `ocilot` itself runs when a word is completed."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    # The only program that there is.
    called = tmp_path / "called"
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin" / "ocilot"
    stub.write_text(f"#!/bin/sh\n: >{called}\n")
    stub.chmod(0o755)
    (tmp_path / "script").write_text(SCRIPTS[shell])
    quick = {Shell.BASH: ["--norc"], Shell.ZSH: ["-f"], Shell.FISH: ["--no-config"]}[shell]
    begin = "autoload -U compinit && compinit -u -D; " if shell is Shell.ZSH else ""
    ran = subprocess.run(
        [program, *quick, "-c", f"{begin}. {tmp_path}/script"],
        env={"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == ("", "")
    assert not called.exists()


def test_a_completion_never_prompts(home: Path) -> None:
    """H2: neither itself nor by a helper, and it says nothing on a terminal either."""
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text('{"credsStore": "asks"}')
    (home / "bin").mkdir()
    helper, asked = home / "bin/docker-credential-asks", home / "asked"
    helper.write_text(
        f"#!/bin/sh\nif (printf 'Password: ' >/dev/tty) 2>/dev/null; then : >{asked}-there; fi\n"
        f"echo 'Password: ' >&2\n: >{asked}\nexit 1\n"
    )
    helper.chmod(0o755)
    with RegistryForTests(accounts=True) as registry:
        words = ["__complete", "zsh", "ocilot", "inspect", f"{registry.host}/team/"]
        path = f"{home / 'bin'}:{os.environ['PATH']}"
        terminal = ControllingTerminal(home, *words, **{**PATIENT, "PATH": path})
        assert terminal.end() == (0, "")
    assert asked.exists()
    assert not (home / "asked-there").exists()


@pytest.mark.parametrize(
    "break_", ["config.json is a directory", "config.json is broken", "cache is a file", "kept is broken"]
)
def test_a_completion_never_writes_to_standard_error(
    zygote: Zygote, content: Content, home: Path, break_: str
) -> None:
    cache = home / ".cache/ocilot/completion"
    if break_ == "config.json is a directory":
        (home / ".docker/config.json").mkdir(parents=True)
    elif break_ == "config.json is broken":
        (home / ".docker").mkdir()
        (home / ".docker/config.json").write_text("{")
    elif break_ == "cache is a file":
        (home / ".cache").write_text("")
    else:
        completed(zygote, home, "tags", f"{content.host}/team/w")
        for kept in cache.iterdir():
            kept.write_text("[")
    ran = completed(zygote, home, "tags", f"{content.host}/team/w")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.split() in ([f"{content.host}/team/web"], [])


@pytest.mark.parametrize("shell", Shell)
def test_a_script_is_short(shell: Shell) -> None:
    assert len(SCRIPTS[shell].encode()) <= 2048


def test_the_script_is_written_to_where_the_shell_loads_it_from(zygote: Zygote, home: Path) -> None:
    ran = zygote.run(["completion", "--install"], home, environ={"HOME": str(home), "SHELL": "/bin/bash"})
    path = home / ".local/share/bash-completion/completions/ocilot"
    assert (ran.code, ran.out) == (0, "")
    assert str(path) in ran.err
    assert path.read_text() == SCRIPTS[Shell.BASH]
    for shell, name in ((Shell.FISH, ".config/fish/completions/ocilot.fish"), (Shell.ZSH, ".zfunc/_ocilot")):
        assert place_of(shell) == home / name
    assert zygote.run(["completion"], home, environ={"SHELL": "/bin/tcsh"}).code == 2
    printed = zygote.run(["completion", "fish"], home)
    assert printed.out == SCRIPTS[Shell.FISH]


def in_bash(home: Path, line: str) -> list[str]:
    """What the script gives bash for a line, with a shell's own word breaks."""
    script = (
        f"{SCRIPTS[Shell.BASH]}\nCOMP_LINE=$1 COMP_POINT=${{#1}} COMP_WORDBREAKS=$' \\t\\n\"><=;|&(:'\n"
        "_ocilot\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    environ = {"PATH": f"{PROGRAM}:{os.environ['PATH']}", "HOME": str(home), **PATIENT}
    if "PYTHONPATH" in os.environ:
        environ["PYTHONPATH"] = os.environ["PYTHONPATH"]
    command = ["bash", "--norc", "-c", script, "bash", line]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert ran.stderr == ""
    return ran.stdout.split()


def test_bash_replaces_what_is_behind_the_last_colon(content: Content, home: Path) -> None:
    host, _, port = content.host.partition(":")
    assert in_bash(home, "ocilot insp") == ["inspect"]
    assert in_bash(home, f"ocilot tags {content.host}/team/w") == [f"{port}/team/web"]
    assert in_bash(home, f"ocilot inspect {content.host}/team/app:v1.") == ["v1.1"]
    assert host
