"""Runs the pages of the client: the commands of a reader with a terminal, and the Python beside them.

Each section of a page finds the registry of `realistic_registry`, and the files of `files_of_a_reader`.
"""

from __future__ import annotations

import io
import os
import pty
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.server.pages import Block, blocks, compare
from tests.server.programs import Ran
from tests.server.shell import Shell, masked, typed

import ocilot

from .test_artifacts import chart
from .test_verify import Key, bundle_of, push_bundle, statement

CREATED = "2026-10-{day:02}T08:00:00Z"
BASE, APP, WEB = "base/debian", "team/app", "team/web"
FIRST, SECOND = "localhost:5000", "localhost:5001"
"""The registries of all pages; the second one is empty."""

INSTALLS = "pip install "
"""Not typed here: tests/dist/test_wheel.py installs the wheel in a bare Debian."""

PROGRESS = re.compile(
    r"^sha256:\w{12} (?:\S+ (?:started|copied|mounted|existed|resumed)|manifest pushed).*\n", re.M
)
"""What a transfer says to standard error where that is no terminal; on one, bars that vanish."""


def realistic_registry(root: Path, home: Path) -> None:
    """A data directory: a base that was updated, images on both versions, an index, signatures, an SBOM."""
    with ocilot.Server(root=root, deletes=True) as server, ocilot.connect(server.address) as registry:
        base, app, web = (registry.repository(name) for name in (BASE, APP, WEB))
        old = rootfs(home / "old", openssl="3.0.14-1", day=1)
        new = rootfs(home / "new", openssl="3.0.15-1", day=9)
        bases = {"20261001": (old, 1), "20261009": (new, 9)}
        for tag, (directory, day) in bases.items():
            imported(directory, base[tag], "linux/amd64", day)
        base.tag("20261009", "12")
        for version, day in (("v1.0.0", 2), ("v1.1.0", 3), ("v1.2.0", 10)):
            program = tree(home / version, {"srv/app": noise(30_000, version)}, day)
            below = base["20261009" if day > 9 else "20261001"]
            built(below, program, app[version], day, cmd=["/srv/app"], labels={"version": version})
            app.tag(version, "latest")
        site = tree(home / "site", {"srv/site/index.html": "<h1>Hello</h1>\n"}, 2)
        built(base["20261001"], site, web["v1.0.0"], 2, cmd=["/bin/httpd"], ports=["80"])
        imported(rootfs(home / "arm", openssl="3.0.15-1", day=9), app["arm64"], "linux/arm64", 10)
        ocilot.make_index([app["v1.2.0"], app["arm64"]], app["multi"])
        app.untag("arm64").apply()
        signed, key = app.manifest("v1.2.0"), SigningKey()
        push_bundle(app, signed, bundle_of(key, statement(signed.digest)))
        (home / "cosign.pub").write_bytes(key.pem)
        (home / "sbom.json").write_text('{"spdxVersion": "SPDX-2.3"}\n')
        with chdir(home):
            app.push("sbom.json", artifact_type="application/spdx+json", subject="v1.2.0")


class SigningKey(Key):
    """The same one each time, so that signatures and their order are the same."""

    def __init__(self) -> None:
        self.private, self.kind = Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "ed25519"
        self.pem = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def files_of_a_reader(home: Path) -> None:
    """What a reader has beside the registry."""
    chart(home, "web", "1.0.0")
    shutil.make_archive(str(home / "rootfs"), "gztar", home / "new")
    for left in ("old", "new", "arm", *(f"v1.{minor}.0" for minor in range(3))):
        shutil.rmtree(home / left)


def rootfs(directory: Path, *, openssl: str, day: int) -> Path:
    """A small Debian."""
    release = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
    packages = {"libc6": "2.36-9", "openssl": openssl}
    status = "\n".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n"
        for name, version in packages.items()
    )
    files = {
        "etc/os-release": release,
        "var/lib/dpkg/status": status,
        "bin/sh": noise(90_000, "sh"),
        "usr/lib/libssl.so.3": noise(400_000, openssl),
    }
    return tree(directory, files, day)


def noise(size: int, seed: str) -> str:
    """Text that compression does not make small."""
    return random.Random(seed).randbytes(size // 2).hex()


def tree(directory: Path, files: Mapping[str, str], day: int) -> Path:
    """A directory whose files are all of one day."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (1_790_841_600 + day * 86_400,) * 2)
    return directory


def imported(directory: Path, to: Any, platform: str, day: int) -> None:
    ocilot.import_rootfs(
        directory,
        to,
        platform=platform,
        owner="0:0",
        created=CREATED.format(day=day),
        cmd=["/bin/sh"],
        env={"PATH": "/usr/bin:/bin"},
    )


def built(below: Any, directory: Path, to: Any, day: int, **running: Any) -> None:
    ocilot.append(below, [directory], to, owner="0:0", created=CREATED.format(day=day), **running)


def seen(text: str) -> str:
    """A text whose numbers and digests may be others, also the first digits of these."""
    return masked(re.sub(r"sha256:[0-9a-f]{12,64}", "sha256:0", text))


class Terminal(Shell):
    """A shell whose standard output is a terminal, so that commands print tables."""

    def type(self, command: str, promised: list[str] | None = None, *, code: int = 0) -> str:
        ran = self.attempt(command)
        assert ran.code == code, ran
        said = ran.out + ran.err
        compare(command, [seen(self.here(line)) for line in promised or []], seen(said).splitlines())
        return said

    def attempt(self, command: str) -> Ran:
        ours, theirs = pty.openpty()
        try:
            with os.fdopen(theirs, "wb") as screen:
                running = subprocess.Popen(
                    ["sh", "-ec", f'cd "$0"; {self.here(command)}', str(self.home)],
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=screen,
                    stderr=subprocess.PIPE,
                )
            out = b"".join(_screen(ours))
            err = running.communicate(timeout=60)[1]
        finally:
            os.close(ours)
        said = [text.decode(errors="replace").replace("\r\n", "\n") for text in (out, err)]
        return Ran((command,), running.returncode, said[0], PROGRESS.sub("", said[1]))


def _screen(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # Linux says so when the last program has closed it.
            return
        if not data:
            return
        yield data


@dataclass
class Reader:
    """Does what a section says, in its order, and compares what is shown with what happens."""

    home: Path
    places: Mapping[str, str]
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def __post_init__(self) -> None:
        # A wheel has the plugin as an entry point; a clone need not be installed.
        found = entry_points(group="pytest11", name="ocilot")
        plugin = {} if found else {"PYTEST_PLUGINS": "ocilot.pytest_plugin"}
        package = str(Path(ocilot.__file__).parents[1])
        env = {"PYTHONPATH": package, "NO_COLOR": "1", "COLUMNS": "110", "TERM": "dumb", **plugin}
        # Only a clone is installed by a loader that pytest knows already.
        env["PYTEST_ADDOPTS"] = "-W ignore::pytest.PytestAssertRewriteWarning"
        self._shell = Terminal(self.home, {**self.places, "/home/user": str(self.home)}, env)

    def follow(self, text: str) -> None:
        """All blocks of a section."""
        printed: str | None = None
        for block in blocks(text):
            if block.language == "console":
                for command, promised in typed(block):
                    if not command.startswith(INSTALLS):
                        self._shell.type(command, promised)
            elif block.language == "text" and printed is not None:
                promised = [seen(self._shell.here(line)) for line in block.text.splitlines()]
                compare("python", promised, seen(printed).splitlines())
            printed = self._python(block) if block.language == "python" else None

    def _python(self, block: Block) -> str:
        code = self._shell.here(block.text)
        if block.file is not None:
            (self.home / block.file).write_text(code)
            return ""
        out = io.StringIO()
        with chdir(self.home), redirect_stdout(out):
            exec(compile(code, "example", "exec"), self.names)
        return out.getvalue()


def sections(page: Path) -> dict[str, str]:
    """The sections of a page by their headings."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
