"""Every command of README.md and docs is run by a test, or stands below with the reason why not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from .conftest import FreshRegistry
from .images import make_image
from .pages import Block, blocks
from .people import with_tokens
from .programs import Argument, environment, run
from .registry import OCILOT, Registry
from .shell import SHELLS, Shell, typed

ROOT = Path(__file__).parents[2]

FOLLOWED_ELSEWHERE: Mapping[str, str] = {
    "docs/auth.md": "tests/server/test_auth_page.py",
    "docs/client/cookbook.md": "tests/client/test_client_pages.py",
    "docs/client/quickstart.md": "tests/client/test_client_pages.py",
    "docs/hooks/events.md": "tests/server/test_hooks_pages.py",
    "docs/hooks/examples.md": "tests/server/test_hook_examples.py",
    "docs/hooks/index.md": "tests/server/test_hooks_pages.py",
    "docs/hooks/testing.md": "tests/server/test_hooks_pages.py",
    "docs/operate/deleting.md": "tests/server/test_deleting_page.py",
    "docs/operate/backup.md": "tests/server/test_backup_page.py",
    "docs/operate/events.md": "tests/server/test_events_page.py",
    "docs/operate/jobs.md": "tests/server/test_jobs.py",
    "docs/operate/proxy.md": "tests/server/test_proxy_page.py",
    "docs/operate/repositories.md": "tests/server/test_repositories.py",
    "docs/operate/retention.md": "tests/server/test_retention_page.py",
    "docs/operate/run.md": "tests/server/test_run_page.py",
}
"""Pages whose consoles a test of their own follows from the first command to the last."""

BUILDS = (
    "builds, tests or measures ocilot; tests/layers/test_pages.py looks whether `./dev` knows the command"
)
INSTALLS = "tests/dist/test_wheel.py installs the wheel in a bare Debian and serves from there"
MACHINE = "changes the machine that runs the tests, or needs systemd to run on it"

NOT_FOLLOWED: Mapping[str, Mapping[str, str]] = {
    "*": {"./dev ": BUILDS},
    "README.md": {
        "docker ": "tests/server/test_docker.py follows this console",
        "podman ": "tests/server/test_skopeo_podman.py pushes and pulls with these options",
        "curl localhost:5000/v2/_catalog": "tests/server/test_docker.py follows this console",
        "ocilot tags ": "tests/client/test_client_pages.py follows this console",
        "ocilot cp ": "the same",
        "ocilot import ": "the same",
        "python3 -m venv /opt/ocilot": INSTALLS,
        "/opt/ocilot/bin/": INSTALLS,
    },
    "docs/auth.md": {
        "ocilot serve config.yml": "tests/server/test_auth_page.py starts a registry with this configuration",
        "curl -s -H": "asks GitHub; tests/server/test_foreign_issuers.py has an issuer of its own",
        "docker push registry.example.com/": "the same",
    },
    "docs/develop/building.md": {
        "ls dist": INSTALLS,
        "python3 -m venv /opt/ocilot": INSTALLS,
        "/opt/ocilot/bin/": INSTALLS,
        "OCILOT_UNITY=1 ./dev build": BUILDS,
        "time ": BUILDS,
        "awk ": "reads the log of such a build",
    },
    "docs/operate/adopt.md": {
        "docker stop": MACHINE,
        "systemctl ": MACHINE,
        "rm /etc/systemd/": MACHINE,
        "ocilot adopt /etc/docker": "tests/server/test_adopt_page.py adopts with this configuration",
        "cp -al": "the same, beside the data of a distribution that runs",
        "REGISTRY_HTTP_ADDR": "the same",
        "rm -r /var/lib/docker-registry.trial": "the same",
        "ocilot adopt config.yml": "tests/server/test_adopt.py adopts what distribution has stored",
        "ocilot serve --config config.yml": "the same",
        "ocilot config check": "the same, with the configuration of Debian's package",
    },
    "docs/operate/deleting.md": {
        "ocilot gc run ": "tests/server/test_deleting_page.py runs it after everything else"
    },
    "docs/operate/event-stream.md": {
        "ocilot events --follow": "tests/server/test_events.py follows",
        "curl -sN ": "the same, as a stream",
        "curl -s ": "the same, as pages",
    },
    "docs/operate/limits.md": {"curl -i": "test_the_limit_of_the_page_is_reached below runs it"},
    "docs/operate/monitoring.md": {
        "promtool ": "tests/server/test_monitoring_page.py runs it",
        "jq ": "tests/server/test_operations.py reads the same members of the access log",
    },
    "docs/operate/run.md": {
        "python3 -m venv ": INSTALLS,
        "ln -s ": MACHINE,
        "useradd ": MACHINE,
        "journalctl ": MACHINE,
        "/opt/ocilot/bin/pip ": INSTALLS,
    },
    "docs/performance.md": {
        ".venv/bin/python -m tests.bench": "writes a page of what half an hour of `./dev bench` found"
    },
}
"""Commands by page and first words, each with its reason; `*` is every page."""


def shells(page: str) -> list[Block]:
    return [block for block in blocks(ROOT / page) if block.language in SHELLS]


def pages() -> list[str]:
    """Those that have something to type."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    names = [path.relative_to(ROOT).as_posix() for path in found]
    return [name for name in names if shells(name)]


def reason(page: str, command: str) -> str | None:
    """Why a command of a page is not followed."""
    listed = {**NOT_FOLLOWED["*"], **NOT_FOLLOWED.get(page, {})}
    return next((why for words, why in listed.items() if command.startswith(words)), None)


def followed_here() -> list[str]:
    """Every other page: one that is new is run, too."""
    return [
        page
        for page in pages()
        if page not in FOLLOWED_ELSEWHERE
        and any(reason(page, command) is None for block in shells(page) for command, _ in typed(block))
    ]


RULES = """\
  access:
    - repositories: ["team/**"]
      allow: {anonymous: [pull, push], user:alice: [pull, push, delete]}
  hooks: {scripts: [{path: no_latest.py}]}
"""


def prepare(home: Path, registry: Registry) -> Shell:
    """A shell beside a registry with an image, an administrator, and whatever else pages take for granted."""
    image, other, leaked = make_image("image"), make_image("another", layers=1), make_image("leaked")
    with registry.connect() as api:
        api.push_image("team/app", image, "stable")
        api.push_image("team/app", leaked)
        for blob in other.blobs:
            api.push_blob("team/app", blob.data)
    (home / "manifest.json").write_bytes(other.manifest.data)
    (home / "ocilot").symlink_to(registry.root / "ocilot")
    (home / "cpp").symlink_to(ROOT / "cpp")
    add: list[Argument] = [OCILOT, "user", "add", "admin", "--admin", "--password-stdin", "--config"]
    run([*add, registry.config], env=environment(home), stdin=b"admin-password")
    places = {
        "localhost:5000": registry.local,
        "https://registry.example.com": registry.url,
        "/etc/prometheus": str(home),
        "/var/lib/registry": str(registry.root),
        "-o registry": f"-o {os.getuid()}",
        "admin:PASSWORD": "admin:admin-password",
        "sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b": image.digest,
        "sha256:b5b2b2c507a0944348e0303114d8d93aaaa081732b86451d9bce1f432a537bc7": leaked.digest,
    }
    return Shell(home, places, {"REGISTRY_CONFIGURATION_PATH": str(registry.config)})


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    home = tmp_path_factory.mktemp("shell")
    hook = "from ocilot.hooks import TagMove\n\n\ndef admit_tag(move: TagMove) -> None: ...\n"
    (home / "no_latest.py").write_text(hook)
    storage = f"storage: {{filesystem: {{rootdirectory: {home / 'data'}}}, "
    registry = Registry(home, config=with_tokens(home, RULES).replace("storage: {", storage))
    try:
        yield prepare(home, registry.start())
    finally:
        registry.close()


@pytest.mark.parametrize("page", followed_here())
def test_the_commands_of_a_page_work(shell: Shell, page: str) -> None:
    for block in shells(page):
        for command, promised in typed(block):
            if reason(page, command) is None:
                shell.type(command, promised)


def test_the_limit_of_the_page_is_reached(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    page = ROOT / "docs/operate/limits.md"
    config = next(block.text for block in blocks(page) if block.language == "yaml")
    registry = fresh_registry(f"version: 0.1\n{config}")
    image = make_image("limited")
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
        for _ in range(100):
            assert api("GET", "/v2/team/app/manifests/v1").status == 200
    shell = Shell(tmp_path, {"localhost:5000": registry.address})
    for block in shells("docs/operate/limits.md"):
        for command, promised in typed(block):
            shell.type(command, promised, code=22)  # curl's word for an error of HTTP.


FENCE = re.compile(r"^[ \t]*(?:```+|~~~+)[ \t]*(?:console|sh|bash|shell)\b|^[ \t]*\$ ", re.MULTILINE)


def test_no_command_hides_in_another_kind_of_block() -> None:
    """Nor in a block that is indented or spelled so that it is not seen here."""
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        for block in blocks(text):
            if block.language in SHELLS:
                text = text.replace(f"```{block.language}\n{block.text}```", "")
        assert FENCE.search(text) is None, f"{path}: {FENCE.search(text)}"


def test_pages_that_are_followed_elsewhere_are_named_there() -> None:
    for page, test in FOLLOWED_ELSEWHERE.items():
        assert page in pages()
        assert Path(page).name in (ROOT / test).read_text(encoding="utf-8"), f"{test} does not name {page}"


def test_reasons_are_those_of_commands() -> None:
    everything = [
        (page, command) for page in pages() for block in shells(page) for command, _ in typed(block)
    ]
    for page, listed in NOT_FOLLOWED.items():
        for words in listed:
            found = [
                at for at, command in everything if at == page or page == "*" if command.startswith(words)
            ]
            assert found, f"{page} has no command that begins with {words!r}"


def test_what_a_test_of_its_own_does_not_follow_has_a_reason() -> None:
    """Such tests follow consoles; other shells of their pages are theirs only if they say so."""
    for page in FOLLOWED_ELSEWHERE:
        for block in shells(page):
            for command, _ in typed(block):
                assert block.language == "console" or reason(page, command), f"{page}: {command}"
