"""`ocilot hooks`: scripts are looked at and tried without a registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}


def ocilot_command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ocilot", *words]
    return subprocess.run(
        command, env=ENVIRONMENT, cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


HOOK = '''\
"""Releases stay."""
from dataclasses import dataclass
from ocilot.hooks import *

@dataclass
class Releases(Hook):
    pattern: str = "v"
    bind_password: str = ""
    def admit_tag(self, move):
        if move.tag.startswith(self.pattern) and move.previous:
            return Deny(f"{move.tag} is a release, {move.caller.name}")
    def authenticate(self, login):
        return Caller(login.name, groups=["b", "a"])
    def admit_manifest(self, push):
        return Deny(push.labels["a"])
'''


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(HOOK)
    (tmp_path / "config.yml").write_text(
        "version: 0.1\nocilot:\n  accounts: {enabled: true}\n  hooks:\n    scripts:\n"
        "      - {path: a.py, repositories: [team/*], options: {bind_password: hunter2}}\n"
    )
    return tmp_path


def test_scripts_are_listed(place: Path) -> None:
    ran = ocilot_command("hooks", "list", "config.yml", cwd=place)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        "a.py  Releases stay.",
        "  points   admit_tag, authenticate, admit_manifest",
        "  applies  team/*",
        "  option   pattern = 'v'",
        "  option   bind_password = (hidden)",
    ]
    (row,) = json.loads(ocilot_command("hooks", "list", "config.yml", "-o", "json", cwd=place).stdout)
    assert row["points"] == ["admit_tag", "authenticate", "admit_manifest"]


def test_good_scripts_are_said_to_be_fine(place: Path) -> None:
    for words in (["a.py"], ["--config", "config.yml"]):
        ran = ocilot_command("hooks", "check", *words, cwd=place)
        assert (ran.returncode, ran.stdout) == (0, "")
        assert ran.stderr == "a.py is fine: admit_tag, authenticate, admit_manifest\n"


def test_a_bad_script_is_exit_code_2_and_a_line(place: Path) -> None:
    (place / "b.py").write_text("\ndef admit_tga(move): ...\n")
    ran = ocilot_command("hooks", "check", "a.py", "b.py", "nothing.py", cwd=place)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines() == [
        "b.py:2: unknown hook point admit_tga; did you mean admit_tag? "
        "(the name of a helper may begin with _)",
        f"nothing.py: there is no such file ({place}/nothing.py)",
    ]
    ran = ocilot_command("hooks", "check", "config.yml", cwd=place)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.endswith("use --config config.yml\n")


def test_a_bad_script_ends_serve_with_the_same_line(place: Path) -> None:
    (place / "a.py").write_text("def admit_tag(): ...\n")
    ran = ocilot_command("serve", "config.yml", "--addr", "127.0.0.1:0", "--root", "data", cwd=place)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines() == [
        "a.py:1: admit_tag takes the arguments (); expected one, the value it is asked about"
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["admit_tag", "--set", "tag=v1"], "None: no objection; other hooks and rules decide\n"),
        (
            ["admit_tag", "--set", "tag=v1", "--set", "previous=sha256:0", "--set", "caller=bob"],
            "Deny(reason='v1 is a release, bob')\n",
        ),
        (
            ["admit_tag", "--set", "previous=sha256:0", "--option", "pattern=lat", "-o", "jsonl"],
            '{"answer": "Deny", "reason": "latest is a release, alice"}\n',
        ),
        (
            ["authenticate", "--set", "name=bob", "-o", "jsonl"],
            '{"answer": "Caller", "name": "bob", "groups": ["a", "b"], "address": "", "kind": "user", '
            '"admin": false}\n',
        ),
        (["admit_manifest", "--set", "labels={a: b}"], "Deny(reason='b')\n"),
        (["admit_manifest", "--json", "fields.json"], "Deny(reason='c')\n"),
    ],
)
def test_a_script_is_tried(place: Path, words: list[str], said: str) -> None:
    (place / "fields.json").write_text('{"labels": {"a": "c"}, "caller": {"name": "x", "groups": ["y"]}}')
    ran = ocilot_command("hooks", "try", "a.py", *words, cwd=place)
    assert (ran.stdout, ran.stderr, ran.returncode) == (said, "", 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["admit_tga"], 'unknown hook point "admit_tga"; did you mean admit_tag?'),
        (["on_mirrored"], "this version does not ask on_mirrored"),
        (["admit_blob"], "a.py has no admit_blob; it has admit_tag, authenticate, admit_manifest"),
        (["admit_tag", "--set", "tga=x"], 'unknown field "tga" of admit_tag; did you mean tag?'),
        (["admit_tag", "--set", "tag"], "--set tag: write NAME=VALUE"),
        (["admit_tag", "--option", "patern=x"], "a.py: option patern is unknown; did you mean pattern?"),
    ],
)
def test_a_wrong_try_says_why(place: Path, words: list[str], said: str) -> None:
    ran = ocilot_command("hooks", "try", "a.py", *words, cwd=place)
    assert (ran.returncode, ran.stdout, ran.stderr.strip()) == (2, "", said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('x')", "it raised KeyError: 'x' (line 1)"),
        ("raise SystemExit(3)", "it raised SystemExit: 3 (line 1)"),
        ("return 5", "it answered 5; admit_tag takes Allow, Deny or None"),
    ],
)
def test_a_hook_that_fails_when_it_is_tried_is_a_line(place: Path, body: str, said: str) -> None:
    (place / "b.py").write_text(f"def admit_tag(move): {body}\n")
    ran = ocilot_command("hooks", "try", "b.py", "admit_tag", cwd=place)
    failed = "admit_tag failed, the registry would answer 503: "
    assert (ran.returncode, ran.stdout, ran.stderr.strip()) == (1, "", failed + said)


def test_status_and_reload_need_a_registry_and_start_none(place: Path) -> None:
    for word in ("status", "reload"):
        ran = ocilot_command("hooks", word, "--root", "data", cwd=place)
        assert (ran.returncode, ran.stdout) == (6, "")
        assert ran.stderr == (
            f"no running registry: no process listens at {place}/data/ocilot/control.sock; "
            "start it with `ocilot serve`\n"
        )
    assert not (place / "data").exists()


def test_a_script_is_checked_with_what_its_registry_asks(place: Path) -> None:
    (place / "authn.py").write_text("def authenticate(login): ...\n")
    for own, code, said in (
        ("", 2, "authn.py: authenticate would never be asked: passwords are not accepted; set "),
        ("  accounts: {enabled: true}\n", 0, "authn.py is fine: authenticate\n"),
    ):
        (place / "authn.yml").write_text(
            f"version: 0.1\nocilot:\n{own}  hooks: {{scripts: [{{path: authn.py}}]}}\n"
        )
        ran = ocilot_command("hooks", "check", "--config", "authn.yml", cwd=place)
        assert (ran.returncode, ran.stderr[: len(said)]) == (code, said)


def test_a_retain_hook_is_tried_on_a_history(place: Path) -> None:
    (place / "keep.py").write_text("def retain(history): return history.tags[:2]\n")
    tags = "tags=[{name: v1, days: 3}, v3, v2]"
    ran = ocilot_command("hooks", "try", "keep.py", "retain", "--set", tags, cwd=place)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == ["TAG  KEEP", "v3   yes", "v2   yes", "v1   no"]
    ran = ocilot_command("hooks", "try", "keep.py", "retain", "--set", tags, "-o", "json", cwd=place)
    assert json.loads(ran.stdout)[-1] == {"tag": "v1", "keep": False}
    (place / "keep.py").write_text("def retain(history): history.tags\n")
    ran = ocilot_command("hooks", "try", "keep.py", "retain", cwd=place)
    assert ran.returncode == 1
    assert "retain failed, the registry would keep all tags: it answered None" in ran.stderr


def test_an_images_in_use_hook_is_tried_without_a_field(place: Path) -> None:
    script = place / "used.py"
    command = ("hooks", "try", "used.py", "images_in_use")
    script.write_text("def images_in_use(query): return ['team/app:v1', 'team/app:v1', 'team/b']\n")
    ran = ocilot_command(*command, cwd=place)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "team/app:v1\nteam/b\n", "")
    ran = ocilot_command(*command, "-o", "json", cwd=place)
    assert json.loads(ran.stdout) == ["team/app:v1", "team/b"]
    script.write_text("def images_in_use(query): return [f'at:{query.at.year}']\n")
    ran = ocilot_command(*command, "--set", "at=2031-02-03 04:05:06Z", cwd=place)
    assert ran.stdout == "at:2031\n", ran
    script.write_text("def images_in_use(query): return []\n")
    ran = ocilot_command(*command, cwd=place)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "no image is in use\n")
    script.write_text("def images_in_use(query): return ['team/App']\n")
    ran = ocilot_command(*command, cwd=place)
    assert ran.returncode == 1
    said = "images_in_use failed, the registry would delete nothing: it answered a list with 'team/App'"
    assert said in ran.stderr
