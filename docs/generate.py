"""Writes the pages and modules that are made from the code: ./dev docs --write. Tests compare them."""

from __future__ import annotations

import ast
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

# As a program, its directory is there instead of the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from docs import python_api

from ocilot import _core
from ocilot.config import reference
from ocilot.hooks.loading.points import POINTS, Family, Point
from ocilot.hooks.testing import Harness
from ocilot.hooks.testing import reference as hook_reference

DOCS = Path(__file__).parent
IMAGE_COMMANDS = (
    *[
        "ls",
        "tags",
        "inspect",
        "tree",
        "files",
        "cat",
        "diff",
        "du",
        "cp",
        "push",
        "pull",
        "sync",
        "import",
        "append",
        "mutate",
        "rebase",
        "index",
        "tag",
        "rm",
    ],
    *["verify", "bundle", "login", "logout", "whoami", "api"],
)
COMMANDS = (
    (),
    *((command,) for command in IMAGE_COMMANDS),
    *(("bundle", command) for command in ("save", "load", "ls", "verify")),
    ("serve",),
    ("fsck",),
    ("adopt",),
    ("backup",),
    ("restore-backup",),
    ("user",),
    *(("user", command) for command in ("add", "ls", "passwd", "set", "rm")),
    ("robot",),
    *(("robot", command) for command in ("add", "ls", "rm")),
    ("token",),
    *(("token", command) for command in ("add", "ls", "rm")),
    ("access",),
    ("access", "explain"),
    ("audit",),
    ("events",),
    ("keys",),
    *(("keys", command) for command in ("ls", "rotate")),
    ("jobs",),
    *(("jobs", command) for command in ("ls", "run", "cancel")),
    ("upload",),
    *(("upload", command) for command in ("ls", "rm")),
    ("repo",),
    *(("repo", command) for command in ("ls", "tags", "rm", "rename", "alias")),
    ("gc",),
    *(("gc", command) for command in ("status", "plan", "run", "purge", "why")),
    ("webhooks",),
    *(("webhooks", command) for command in ("ls", "status", "test", "parked", "replay", "discard")),
    ("retention",),
    *(("retention", command) for command in ("plan", "apply", "explain", "show", "ls")),
    ("retention", "policies"),
    *(("retention", "policies", command) for command in ("ls", "show", "set", "rm")),
    ("garbage-collect",),
    ("usage",),
    ("quota",),
    ("history",),
    ("restore",),
    ("config",),
    ("config", "check"),
    ("config", "show"),
    ("hooks",),
    ("hooks", "list"),
    ("hooks", "check"),
    ("hooks", "try"),
    ("hooks", "status"),
    ("hooks", "reload"),
    *(("hooks", command) for command in ("parked", "replay", "discard")),
    ("completion",),
    ("version",),
)

CONFIG_HEAD = """\
# Configuration

<!-- Made by ./dev docs --write from python/ocilot/config. -->

`ocilot serve` needs no configuration. It takes distribution's `config.yml`, as an argument or named by
`REGISTRY_CONFIGURATION_PATH`. Every key can be set by a variable too, its path in capitals:
`http.debug.addr` is `REGISTRY_HTTP_DEBUG_ADDR`, and an item of a list is named by its number. The value of
a variable is read by the type of its key: text, numbers and durations are taken as they are, without space
and quotes around them, so that a password may have any characters; lists and sections are YAML. Options of
`ocilot serve` win over variables, and variables over the file.

An unknown key, or a value of the wrong kind, ends the start with exit code 2 and a line that names the file,
the line and the key, or the variable. `ocilot config check` says the same without starting anything, and also
finds files that are missing or unreadable and groups in rules that no account is in; `ocilot config show`
prints what is in force.

A key with an empty value has its default, and quotes around `true` or a number make no difference. Keys that
begin with `x-` are for YAML's anchors. What distribution has and ocilot has not is refused only if it asks
for something: an endpoint with `disabled: true` or `validation.disabled: true` never prevents a start.

Relative paths in the file are relative to the directory of the file, those of variables and options to the
working directory.

A duration is written as in Go, `1h30m` or `45s`. A size is a number of bytes, or `64KiB`, `4MiB`, `1GiB`.
"""

CLI_HEAD = """\
# Command line

<!-- Made by ./dev docs --write from `ocilot --help`. -->

Data goes to standard output, messages to standard error. Exit codes: 0 fine, 1 something failed, 2 wrong
usage or configuration, 3 not there, 4 not allowed, 5 there already or changed meanwhile, 6 no registry
answers, 7 something in the data is damaged, 8 done but for a part, 130 interrupted.

## Commands for images

They work with any registry, with OCI layouts (`oci:DIR[:NAME]`), with archives (`oci-archive:FILE`,
`docker-archive:FILE[:NAME]`) and with bundles (`bundle:FILE`). A reference without a registry means the one
that `ocilot login --default` or `OCILOT_REGISTRY` names, else docker.io; the full name is printed on standard
error. With another default than docker.io, a command that writes rejects a short name that is also an
official image of Docker Hub.

On a terminal, lists are tables. Elsewhere they are lines without a title, with tabs between the columns and
sizes in bytes; with `-o table` they are tables everywhere. The members of JSON are stable: new ones may
appear, and `version` changes if one is renamed or removed. Times are RFC 3339, sizes integers in bytes.
`--query` takes a [JMESPath](https://jmespath.org) expression; texts that it selects are printed as they are.
A command that pushes prints the digest on standard output and all else on standard error. `rm` and
`sync --delete` show what they will delete and ask; without a terminal they need `--yes`.

Credentials are those of docker and podman: `DOCKER_AUTH_CONFIG`, the files of both, and their helpers.
`ocilot whoami --explain` lists what was searched. `ocilot completion --install` completes registries,
repositories and tags in bash, zsh and fish; it waits one second for a registry, or as many as
`OCILOT_COMPLETION_TIMEOUT` says.

## Commands of a server

Every command that needs a configuration takes it as its last argument and as `--config`; `hooks check`,
`hooks try`, `repo ls`, `repo tags` and `repo alias`, which have other arguments, only as `--config`.
`--root` names another data directory.
`--output` has the same formats everywhere. An unforeseen error is one line with the name of a file that has
the details; with `OCILOT_TRACEBACK=1` the stack trace is printed instead.

`user`, `robot`, `token`, `access`, `audit`, `keys`, `repo`, `history`, `restore` and `hooks try` with an
image ask the registry that runs on the same data, through its control socket, as the user it runs as. If
none runs they open the data themselves; `access explain` and `hooks try` write nothing then. Only `serve` and
`adopt` make a data directory. `jobs`, `gc`, `retention`, `webhooks`, `garbage-collect` and `hooks status` ask
a running registry only.

`--server URL` asks a registry over the network instead, as the administrator whose credentials `ocilot login`
has stored. With it, `--ca`, `--insecure`, `--plain-http` and `--auth-file` mean the same as in commands for
images. All commands have it but those that read a configuration or a data directory themselves: `serve`,
`config`, `adopt`, `fsck`, `backup`, `restore-backup`, `garbage-collect`, `hooks list`, `hooks check` and
`hooks try`.
"""


SCRIPTS_HEAD = """\
# Scripts that come with ocilot

<!-- Made by ./dev docs --write from the scripts in hooks/. -->

Use a script as `path: ocilot:NAME`, or copy it from the directory `hooks/` and change it. Each is at most 60
lines long. This configuration uses several of them:

```yaml
version: 0.1
ocilot:
  hooks:
    scripts:
      - path: ocilot:immutable_releases
        options: {pattern: "v[0-9]*"}
      - path: ocilot:signed_only
        repositories: ["production/**"]
        options: {tags: "v*"}
      - path: ocilot:size_limit
        options: {image: 2GiB, blob: 1GiB}
      - path: ocilot:required_labels
        repositories: ["team/**"]
        options:
          labels: {org.opencontainers.image.source: "https://git.example.com/*", maintainer: "?*"}
      - path: ocilot:allowed_bases
        repositories: ["team/**"]
        options:
          bases:
            debian:12 amd64: [sha256:d4fc045c9e3a848011de66f34b81f052d4f2c15a17bb196d637e526349601820]
```

Relative paths in options are relative to the directory of the configuration. `ocilot hooks try` asks a script
about an image that is [already in the registry](testing.md#try-a-hook-on-a-stored-image).
[Running hooks](running.md) describes when hooks are called, and what happens if one fails.
"""

PROTOCOL_HEAD = """\
# Protocol

<!-- Made by ./dev docs --write from the tables in cpp/http/routes.cpp and cpp/http/core/errors.cpp. -->

What the registry answers, endpoint by endpoint. It is the protocol of the OCI distribution specification,
which says what each request means; `<name>` is a repository, `<item>` a tag, a digest or the id of an
upload. Whatever is answered to GET is answered to HEAD too, without the body, and OPTIONS names the methods
in `Allow`.

An error is `{"errors":[{"code":"...","message":"...","detail":"..."}]}` with one entry for each thing that
is wrong. Every answer carries `Docker-Distribution-Api-Version: registry/2.0` and `X-Request-Id`, an id that
the log has too.
"""


HOOKS_HEAD = """\
# Hooks

<!-- Made by ./dev docs --write from python/ocilot/hooks. -->

A hook is a function, or a method of a `Hook` class, with the name of a hook point. It gets one value and
returns an answer. Values are frozen; new versions of ocilot add fields to them, never parameters to hooks.
Import everything here from `ocilot.hooks`, the test kit from `ocilot.hooks.testing`.

[Hooks](../hooks/index.md) explains how to write a hook.
"""


def protocol_page() -> str:
    """Every endpoint with its answers, and every error."""
    told = {name: (str(status), f"`{code}`", message) for name, status, code, message, _ in _core.errors()}
    lines = [PROTOCOL_HEAD, "## Endpoints\n"]
    last = ""
    for _, pattern, method, right, purpose, successes, errors, accepts in _core.endpoints():
        if pattern != last:
            lines.append(f"### `{pattern}`\n")
        last = pattern
        needed = f" Needs the right `{right}`." if right else " Needs no right."
        lines += [f"**{method}**: {purpose}{needed}\n"]
        if accepts:
            lines += [*_table(("parameter", "in", "meaning"), map(_accepted_row, accepts)), ""]
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


def _accepted_row(row: tuple[str, str, bool, str]) -> tuple[str, str, str]:
    place, name, required, meaning = row
    return (f"`{name}`", place, f"Required. {meaning}".strip() if required and place != "path" else meaning)


def _error_row(row: tuple[str, int, str, str, bool]) -> tuple[str, str, str, str]:
    name, status, code, message, _ = row
    return (f"`{name}`", str(status), f"`{code}`", message)


def _config_examples() -> Iterator[str]:
    for text in (DOCS / "config-examples.yml").read_text(encoding="utf-8").split("---\n"):
        title, _, example = text.partition("\n")
        yield f"{title.removeprefix('# ')}:\n\n```yaml\n{example}```\n"


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
            "\n## Examples\n",
            *_config_examples(),
            "\n## Taken, without effect\n",
            *_table(("key", "why"), ignored),
            "\n## Refused\n",
            "Each of these changes what users get: a registry asked for one of them does not start. Empty or "
            "switched off, they are accepted.\n",
            *_table(("key", "why"), refused),
            "",
        ]
    )


def cli_page() -> str:
    """The help of every command."""
    return "\n".join(
        [CLI_HEAD, *(_command(words, text) for words, text in zip(COMMANDS, _helps(), strict=True))]
    )


def _answers(point: Point) -> str:
    if point.family is Family.RETAIN:
        return "`list[Tag]`"
    if point.family is Family.IN_USE:
        return "`list[str]`"
    return ", ".join([*(f"`{answer.__name__}`" for answer in point.answers), "`None`"])


def hooks_page() -> str:
    """Every hook point, every value and the test kit."""
    points = [
        (
            f"`{point.name}`",
            point.when,
            f"`{point.argument.__name__}`" if point.argument else "",
            _answers(point),
            hook_reference.ERROR[point.family],
        )
        for point in POINTS.values()
        if point.is_delivered
    ]
    families = [
        (", ".join(f"`{point.name}`" for point in family), hook_reference.SEVERAL[family[0].family])
        for family in _families()
    ]
    later = [(f"`{point.name}`", point.when) for point in POINTS.values() if not point.is_delivered]
    lines = [
        HOOKS_HEAD,
        "## Points\n",
        *_table(("point", "called", "value", "answers", "if the hook fails or is late"), points),
        "\nIf several hooks have the same point:\n",
        *_table(("points", "result"), families),
        "\nReserved hook points: this version does not call them, and rejects a script that has one:\n",
        *_table(("point", "will be called"), later),
        "\n## Answers\n",
    ]
    for cls in hook_reference.ANSWERS:
        lines += _class_lines(cls)
    lines.append("## Values\n")
    for cls in hook_reference.VALUES:
        lines += _class_lines(cls)
    rows = [(f"`{name}`".replace("|", "\\|"), meaning) for name, meaning in hook_reference.helpers()]
    lines += ["## Helpers\n", *_table(("name", "meaning"), rows), ""]
    lines += ["## Test kit\n", hook_reference.summary(Harness) + "\n"]
    methods = [
        (f"`{name}{signature}`".replace("|", "\\|"), meaning)
        for name, signature, meaning in hook_reference.methods()
    ]
    lines += ["### `Harness`\n", *_table(("method", "meaning"), methods), ""]
    for name, signature, meaning in hook_reference.makers():
        lines.append(f"### `{name}`\n\n```python\n{name}{signature}\n```\n\n{meaning}\n")
    return "\n".join(lines)


def _families() -> Iterator[list[Point]]:
    delivered = [point for point in POINTS.values() if point.is_delivered]
    for _, group in itertools.groupby(delivered, lambda point: point.family):
        yield list(group)


def _class_lines(cls: type) -> list[str]:
    rows = [
        (f"`{one.name}`", f"`{one.type}`".replace("|", "\\|"), one.default, one.meaning)
        for one in hook_reference.attributes(cls)
    ]
    head = ("name", "type", "default", "meaning")
    return [f"### `{cls.__name__}`\n", hook_reference.summary(cls) + "\n", *_table(head, rows), ""]


def _command(words: Sequence[str], text: str) -> str:
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    title = " ".join(["ocilot", *words])
    return f"## {title}\n\n```text\n{text}\n```\n"


# One process for all of them: what a command loads is most of what its help costs.
_HELPS = """
import contextlib, io, json, sys
from ocilot.cli import main
helps = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["ocilot", *words, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
        main()
    helps.append(out.getvalue())
json.dump(helps, sys.stdout)
"""


def _helps() -> list[str]:
    # The same whatever terminal it is written from.
    environment = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb", "LANG": "C.UTF-8"}
    command = [sys.executable, "-c", _HELPS, json.dumps(COMMANDS)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    helps: list[str] = json.loads(ran.stdout)
    return helps


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def scripts_page() -> str:
    """Every script that comes with ocilot: what it does, its hooks, its options."""
    return "\n".join(
        [SCRIPTS_HEAD, *(_script(path) for path in sorted((DOCS.parent / "hooks").glob("*.py")))]
    )


def _script(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    lines = [f"## {path.stem}\n", f"{ast.get_docstring(tree)}\n"]
    functions = [
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lines.append(f"Hooks: {', '.join(f'`{name}`' for name in functions if name in POINTS)}\n")
    fields = [node for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)]
    rows = [
        _option(field, text.splitlines()) for field in fields if not ast.unparse(field.target).startswith("_")
    ]
    return "\n".join([*lines, *_table(("option", "type", "default", "meaning"), rows), ""])


def _option(field: ast.AnnAssign, lines: Sequence[str]) -> tuple[str, str, str, str]:
    """A row of the table; the meaning is the comment on the field's line, or the one above it."""
    beside, above = lines[field.lineno - 1].partition("  # ")[2], lines[field.lineno - 2].strip()
    meaning = beside or (above.removeprefix("# ") if above.startswith("# ") else "")
    default = f"`{ast.unparse(field.value)}`" if field.value else "required"
    kind = ast.unparse(field.annotation).replace("|", "\\|")  # a table's own sign
    return f"`{ast.unparse(field.target)}`", f"`{kind}`", default, meaning


def _sentence(text: str) -> str:
    return text + "."


PAGES: dict[str, Callable[[], str]] = {
    "reference/config.md": config_page,
    "reference/cli.md": cli_page,
    "reference/protocol.md": protocol_page,
    "reference/hooks.md": hooks_page,
    "hooks/scripts.md": scripts_page,
    **python_api.pages(),
}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(page())
        print(f"docs/{name}", file=sys.stderr)
    for form in ("async_form", "verbs_form", "admin_form"):
        subprocess.run([sys.executable, DOCS.parent / f"python/packaging/{form}.py"], check=True)
