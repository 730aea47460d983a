"""Writes the pages that are made from the code: ./dev docs --write. tests/layers compares them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ocilot import _core
from ocilot.config import reference

DOCS = Path(__file__).parent
COMMANDS = (
    (),
    ("serve",),
    ("fsck",),
    ("user",),
    *(("user", command) for command in ("add", "ls", "passwd", "set", "rm")),
    ("robot",),
    *(("robot", command) for command in ("add", "ls", "rm")),
    ("token",),
    *(("token", command) for command in ("add", "ls", "rm")),
    ("access",),
    ("access", "explain"),
    ("audit",),
    ("keys",),
    *(("keys", command) for command in ("ls", "rotate")),
    ("config",),
    ("config", "check"),
    ("config", "show"),
    ("version",),
)

CONFIG_HEAD = """\
# Configuration

<!-- Made by ./dev docs --write from python/ocilot/config/model.py. -->

`ocilot serve` needs no configuration. It takes distribution's `config.yml`, as an argument or named by
`REGISTRY_CONFIGURATION_PATH`. Every key can be set by a variable too, its path in capitals:
`http.debug.addr` is `REGISTRY_HTTP_DEBUG_ADDR`, and an item of a list is named by its number. The value of
a variable is YAML. Options of `ocilot serve` win over variables, and variables over the file.

An unknown key, or a value of the wrong kind, ends the start with exit code 2 and a line that names the file,
the line and the key, or the variable. `ocilot config check` says the same without starting anything;
`ocilot config show` prints what is in force.

A duration is written as in Go, `1h30m` or `45s`. A size is a number of bytes, or `64KiB`, `4MiB`, `1GiB`.
"""

CLI_HEAD = """\
# Command line

<!-- Made by ./dev docs --write from `ocilot --help`. -->

Data goes to standard output, messages to standard error. Exit codes: 0 fine, 1 something failed, 2 wrong
usage or configuration, 3 not there, 4 not allowed, 5 there already or changed meanwhile, 6 no registry
answers, 7 something in the data is damaged, 130 interrupted.

`user`, `robot`, `token`, `access`, `audit` and `keys` ask the registry that runs on the same data, through its
control socket, as the user it runs as. If none runs they open the data themselves.
"""


PROTOCOL_HEAD = """\
# Protocol

<!-- Made by ./dev docs --write from the tables in cpp/http/route.cpp and cpp/http/errors.cpp. -->

What the registry answers, endpoint by endpoint. It is the protocol of the OCI distribution specification,
which says what each request means; `<name>` is a repository, `<item>` a tag, a digest or the id of an
upload. Whatever is answered to GET is answered to HEAD too, without the body, and OPTIONS names the methods
in `Allow`.

An error is `{"errors":[{"code":"...","message":"...","detail":"..."}]}` with one entry for each thing that
is wrong. Every answer carries `Docker-Distribution-Api-Version: registry/2.0` and `X-Request-Id`, an id that
the log has too.
"""


def protocol_page() -> str:
    """Every endpoint with its answers, and every error."""
    told = {name: (str(status), f"`{code}`", message) for name, status, code, message, _ in _core.errors()}
    lines = [PROTOCOL_HEAD, "## Endpoints\n"]
    last = ""
    for _, pattern, method, right, purpose, successes, errors in _core.endpoints():
        if pattern != last:
            lines.append(f"### `{pattern}`\n")
        last = pattern
        needed = f" Needs the right to {right}." if right else " Needs no right."
        lines += [f"**{method}**: {purpose}{needed}\n"]
        rows = [(str(status), "", meaning) for status, meaning in successes]
        rows += [told[name] for name in errors]
        lines += [*_table(("status", "code", "meaning"), rows), ""]
    errors_of_all = [_error_row(row) for row in _core.errors() if row[4]]
    others = [_error_row(row) for row in _core.errors() if not row[4]]
    head = ("error", "status", "code", "message, if there is no better one")
    return "\n".join(
        [
            *lines,
            "## Errors that any endpoint may answer\n",
            *_table(head, errors_of_all),
            "\n## Errors of some endpoints\n",
            *_table(head, others),
            "",
        ]
    )


def _error_row(row: tuple[str, int, str, str, bool]) -> tuple[str, str, str, str]:
    name, status, code, message, _ = row
    return (f"`{name}`", str(status), f"`{code}`", message)


def config_page() -> str:
    """Every key of the configuration."""
    keys = list(reference.keys())
    rows = {use: [key for key in keys if key.use is use] for use in reference.Use}
    known = [(f"`{key.path}`", key.value, key.default, key.meaning) for key in rows[reference.Use.EFFECT]]
    ignored = [(f"`{key.path}`", _sentence(key.meaning)) for key in rows[reference.Use.IGNORED]]
    refused = [(f"`{key.path}`", _sentence(key.meaning)) for key in rows[reference.Use.REFUSED]]
    return "\n".join(
        [
            CONFIG_HEAD,
            "## Keys\n",
            *_table(("key", "value", "default", "meaning"), known),
            "\n## Taken, without effect\n",
            *_table(("key", "why"), ignored),
            "\n## Refused\n",
            "Each of these changes what users get: a registry asked for one of them does not start.\n",
            *_table(("key", "why"), refused),
            "",
        ]
    )


def cli_page() -> str:
    """The help of every command."""
    return "\n".join([CLI_HEAD, *(_command(words) for words in COMMANDS)])


def _command(words: Sequence[str]) -> str:
    # The same whatever terminal it is written from.
    environment = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb", "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", "ocilot", *words, "--help"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    text = "\n".join(line.rstrip() for line in ran.stdout.strip().splitlines())
    title = " ".join(["ocilot", *words])
    return f"## {title}\n\n```text\n{text.replace('python -m ocilot', 'ocilot')}\n```\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _sentence(text: str) -> str:
    return text + "."


PAGES: dict[str, Callable[[], str]] = {
    "reference/config.md": config_page,
    "reference/cli.md": cli_page,
    "reference/protocol.md": protocol_page,
}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())
        print(f"docs/{name}", file=sys.stderr)
