"""Every command ends well whatever it is started with: a sentence and an exit code, never a stack trace."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import ocilot
from ocilot.cli.commands import COMMANDS, SERVER
from ocilot.cli.exit import Exit
from ocilot.cli.typer_app import load

from .cli_runs import Zygote

OTHER_BYTES = "caf\udce9"
"""What Python makes of an argument that is not UTF-8."""

VALUES = {
    "name": "alice",
    "number": "1",
    "user": "alice",
    "account": "alice",
    "token": "alice",
    "action": "pull",
    "repository": "team/app",
    "image": "team/app:v1",
    "manifest": f"team/app@sha256:{'0' * 64}",
    "script": "ocilot:immutable_releases",
    "what": "admit_tag",
    "digest": f"sha256:{'0' * 64}",
    "new": "team/new",
    "directory": "backup",
    "reference": "localhost:9/team/app:v1",
    "references": "localhost:9/team/app:v1",
    "source": "localhost:9/team/app:v1",
    "sources": "localhost:9/team/app:v1",
    "destination": "localhost:9/team/app:v2",
    "base": "localhost:9/team/base:v1",
    "new_base": "localhost:9/team/base:v2",
    "old": "localhost:9/team/app:v1",
    "layers": "layer.tar",
    "rootfs": "rootfs.tar",
    "files": "file",
    "file": "bundle.tar",
    "path": "/etc/os-release",
    "method": "GET",
}
"""What commands are given for the arguments that they need."""


OPTIONS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("user", "add"): ("--no-password",),
    ("user", "set"): ("--admin",),
    ("hooks", "discard"): ("--yes",),
    ("webhooks", "discard"): ("--yes",),
    ("login",): ("--username", "alice"),
    ("rm",): ("--yes",),
    ("mutate",): ("--label", "a=b"),
    ("completion",): ("bash",),
}
"""Options that commands need to do something."""


class Command(NamedTuple):
    """A command as typer knows it."""

    words: tuple[str, ...]
    parameters: list[Any]
    family: str

    @property
    def needed(self) -> list[str]:
        """Words for its arguments."""
        return [VALUES[one.name] for one in self.parameters if one.required]

    def takes(self, option: str) -> bool:
        return any(option in one.opts for one in self.parameters)

    def called(self, *more: str) -> list[str]:
        return [*self.words, *self.needed, *OPTIONS.get(self.words, ()), *more]


def _commands() -> Iterator[Command]:
    for row in COMMANDS:
        yield from _below((row.name,), load(row), row.family)


def _below(words: tuple[str, ...], command: Any, family: str) -> Iterator[Command]:
    """A command, or those of a group, and of a group in it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield Command(words, command.params, family)
        return
    for name, one in inner.items():
        yield from _below((*words, name), one, family)


ALL = list(_commands())
LOCATED = [
    command
    for command in ALL
    if command.takes("--config") and command.words != ("hooks", "try")  # Reads none for a made-up value.
]
ENDING = [command for command in ALL if command.words != ("serve",)]
each = pytest.mark.parametrize("command", ALL, ids=lambda command: " ".join(command.words))
each_located = pytest.mark.parametrize("command", LOCATED, ids=lambda command: " ".join(command.words))
each_ending = pytest.mark.parametrize("command", ENDING, ids=lambda command: " ".join(command.words))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an account."""
    root = tmp_path_factory.mktemp("template") / "data"
    with ocilot.Server(root=root, accounts=True):
        pass
    from ocilot.cli.control import Control

    with Control.of(None, root) as control:
        control.ask(
            "POST", "/api/v1/accounts", {"name": "alice", "kind": "user", "password": "correct horse"}
        )
    return root


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "data")
    return tmp_path / "data"


def well_called(command: Command, data: Path) -> list[str]:
    words = command.called(*(["--root", str(data)] if command.takes("--root") else []))
    if command.takes("--password-stdin"):
        words = [*(word for word in words if word != "--no-password"), "--password-stdin"]
    return words


def test_there_are_commands_to_try() -> None:
    assert len(ALL) > 25
    of_a_server = [command for command in ALL if command.family == SERVER]
    assert len(of_a_server) > 25
    others = [command.words for command in of_a_server if not command.takes("--config")]
    assert others == [("completion",), ("version",)]


def test_no_command_for_images_takes_a_server_s_configuration() -> None:
    assert [command.words for command in LOCATED if command.family != SERVER] == []


@each_ending
def test_output_that_cannot_be_written_is_an_error(
    command: Command, zygote: Zygote, data: Path, tmp_path: Path
) -> None:
    shutil.copytree(data, tmp_path / "other")
    wanted = zygote.run(well_called(command, data), tmp_path)
    ran = zygote.run(well_called(command, tmp_path / "other"), tmp_path, stdout="/dev/full")
    if wanted.out:
        assert ran.code == Exit.OTHER
        assert ran.err.splitlines()[-1] == "cannot use standard output: No space left on device"
    else:
        assert ran.code == wanted.code


@pytest.mark.parametrize("words", [["version"], ["config", "show"], ["--help"], ["user", "--help"]])
def test_output_that_nobody_reads_is_no_reason_to_complain(
    words: list[str], zygote: Zygote, tmp_path: Path
) -> None:
    ran = zygote.run(words, tmp_path, stdout="broken pipe")
    assert (ran.code, ran.err) == (1, "")


@pytest.mark.parametrize("words", [["version"], ["config", "show"], ["--help"], ["user", "--help"]])
def test_output_that_is_closed_is_an_error(words: list[str], zygote: Zygote, tmp_path: Path) -> None:
    ran = zygote.run(words, tmp_path, stdout=None)
    assert (ran.code, ran.err) == (1, "cannot use standard output: Bad file descriptor\n")


@each_ending
def test_standard_input_may_be_closed(command: Command, zygote: Zygote, data: Path, tmp_path: Path) -> None:
    ran = zygote.run(well_called(command, data), tmp_path, stdin=None)
    if command.takes("--password-stdin"):
        # `login` says first which registry it is about, if none is named.
        assert (ran.code, ran.err.splitlines()[-1]) == (
            2,
            "cannot read the password: standard input is closed",
        )
        assert ran.err.count("\n") == (2 if command.words == ("login",) else 1)


@pytest.mark.parametrize("stdin", ["/proc/self/mem", "/dev/zero"])
def test_a_password_that_cannot_be_read_is_an_error(
    zygote: Zygote, data: Path, tmp_path: Path, stdin: str
) -> None:
    ran = zygote.run(["user", "add", "bob", "--password-stdin", "--root", str(data)], tmp_path, stdin=stdin)
    assert ran.code == 2
    assert ran.err.startswith("cannot read the password")


def test_a_password_may_have_a_byte_order_mark_but_no_other_bytes(
    zygote: Zygote, data: Path, tmp_path: Path
) -> None:
    words = ["user", "add", "bob", "--password-stdin", "--root", str(data)]
    (tmp_path / "latin").write_bytes(b"caf\xe9 correct horse\n")
    ran = zygote.run(words, tmp_path, stdin=str(tmp_path / "latin"))
    assert (ran.code, ran.err) == (
        2,
        "standard input:1: invalid byte 0xe9 in the password: expected UTF-8 text\n",
    )
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbfcorrect horse\r\nsecond line\n")
    assert zygote.run(words, tmp_path, stdin=str(tmp_path / "marked")).code == 0


@each
def test_arguments_that_are_not_utf_8_are_refused(command: Command, zygote: Zygote, tmp_path: Path) -> None:
    for words in (
        [*command.words, *[OTHER_BYTES for _ in command.needed or [""]]],
        command.called("--root", OTHER_BYTES),
    ):
        ran = zygote.run(words, tmp_path)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == 'invalid argument "caf\\xe9": expected UTF-8 text\n'
    assert {path.name for path in tmp_path.iterdir()} == {"stdout", "stderr"}


BROKEN = {
    "missing": "No such file or directory",
    "directory": "expected a file, not a directory",
    "/proc/self/mem": "Input/output error",
    "/dev/zero": "larger than",
    "latin": "latin:2: invalid byte 0xe9 in the configuration: expected UTF-8 text",
    "wide": "wide:1: the configuration is UTF-16; save it as UTF-8",
    "a/" * 3000: "File name too long",
    "list": "invalid configuration: expected sections",
    "deep": "nested too deeply",
    "odd": "odd:1: invalid YAML: the character '\\x01' is not allowed",
}


@pytest.mark.parametrize("path", BROKEN)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    path: str, zygote: Zygote, tmp_path: Path
) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "latin").write_bytes(b"version: 0.1\n# caf\xe9\n")
    (tmp_path / "wide").write_bytes("version: 0.1\n".encode("utf-16"))
    (tmp_path / "list").write_text("- a\n")
    (tmp_path / "deep").write_text("a: " + "[" * 1200)
    (tmp_path / "odd").write_text("version: 0.1 \x01")
    ran = zygote.run(["config", "check", path], tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert BROKEN[path] in ran.err
    assert len(ran.err.splitlines()) == 1


@each_located
def test_a_configuration_that_is_a_directory_is_exit_code_2(
    command: Command, zygote: Zygote, tmp_path: Path
) -> None:
    ran = zygote.run(command.called("--config", "."), tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "cannot read the configuration .: expected a file, not a directory\n"


@each_located
def test_a_configuration_is_an_argument_and_an_option_of_every_command(
    command: Command, zygote: Zygote, tmp_path: Path
) -> None:
    said = "cannot read the configuration none.yml: No such file or directory\n"
    assert zygote.run(command.called("--config", "none.yml"), tmp_path).err == said
    assert (
        zygote.run(command.called(), tmp_path, environ={"REGISTRY_CONFIGURATION_PATH": "none.yml"}).err
        == said
    )
    if command.words == ("hooks", "check"):
        return  # Its arguments are scripts.
    optional = [one for one in command.parameters if one.param_type_name == "argument" and not one.required]
    before = ["x" for _ in optional[:-1]]
    assert zygote.run(command.called(*before, "none.yml"), tmp_path).err == said
    both = zygote.run(command.called(*before, "a.yml", "--config", "b.yml"), tmp_path)
    assert both.code == 2
    assert "is given twice" in both.err


@each_located
def test_the_shared_parameters_are_the_same_for_every_command(command: Command) -> None:
    shared = {"config": ["--config"], "root": ["--root"]}
    for name, options in shared.items():
        (found,) = [one for one in command.parameters if one.name == name]
        (same,) = [one for one in LOCATED[0].parameters if one.name == name]
        assert (found.opts, found.help, found.metavar) == (options, same.help, same.metavar)


def test_every_command_that_prints_data_prints_it_in_the_same_forms() -> None:
    forms = {
        tuple(one.type_descriptor.choices)
        for command in ALL
        for one in command.parameters
        if one.name == "output"
    }
    assert len(forms) == 1


@each_ending
def test_every_form_of_output_can_be_parsed(
    command: Command, zygote: Zygote, template: Path, tmp_path: Path
) -> None:
    if not command.takes("--output"):
        return
    import yaml

    for form in ("json", "jsonl", "yaml"):
        shutil.copytree(template, tmp_path / form)
        ran = zygote.run([*well_called(command, tmp_path / form), "-o", form], tmp_path)
        if ran.code not in (Exit.OK, Exit.INTEGRITY, Exit.PARTIAL):
            continue
        if form == "yaml":
            yaml.safe_load(ran.out)
        else:
            for text in [ran.out] if form == "json" else ran.out.splitlines():
                json.loads(text)
