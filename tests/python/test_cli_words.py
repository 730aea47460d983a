"""`ocilot serve` understands plain words without typer, and in the same way."""

from __future__ import annotations

import pytest

from ocilot.cli import foreground
from ocilot.cli.commands import COMMANDS
from ocilot.cli.foreground import Wanted
from ocilot.cli.typer_app import app, load

(SERVE,) = [row for row in COMMANDS if row.name == "serve"]
PLAIN = [
    "",
    "config.yml",
    "a=b.yml",
    "--root data --addr :5001",
    "--port 5001 config.yml",
    "--root=data config.yml --addr=[::1]:0 --debug-addr localhost:5002",
    "config.yml --tls-cert ./cert.pem --tls-key=key=.pem",
    "--log-format json --log-level=warn",
    "--dev config.yml",
    "--config a.yml",
    "--root a --config=a.yml",
]
ODD = [
    "--help",
    "config.yml -h",
    "--rot data",
    "--root",
    "--root=",
    "--root -data",
    "--root a --root b",
    "a.yml b.yml",
    "-- a.yml",
    "a.yml --config b.yml",
    "--log-level loud",
    "--port 99999",
    "--port ten",
    "--log-format TEXT",
    "--root-data",
    "--dev=yes",
    "--dev --dev",
]


@pytest.mark.parametrize("words", PLAIN)
def test_plain_words_say_the_same_to_serve_as_to_typer(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Wanted] = []
    monkeypatch.setattr(foreground, "serve", taken.append)
    app(["serve", *words.split()], standalone_mode=False)
    assert taken == [Wanted.of_words(words.split())]


@pytest.mark.parametrize("words", ODD)
def test_typer_answers_everything_but_plain_words(words: str) -> None:
    assert Wanted.of_words(words.split()) is None


def test_serve_takes_the_options_that_its_help_shows() -> None:
    shown = {one.name: one.opts for one in load(SERVE).params}
    assert shown.pop("config_argument") == ["config_argument"]
    assert shown == {name: ["--" + name.replace("_", "-")] for name in Wanted._fields}
