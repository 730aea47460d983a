"""A registry process of one's own."""

from __future__ import annotations

import re
import shutil
import signal
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .api import Api
from .programs import PATH, Argument, Daemon, Ran, attempt

OCILOT = Path(sys.executable).parent / "ocilot"
"""The program that was installed beside the Python that runs the tests."""

HOST_NAMES = "[x, y, a, internal, registry.test, other.example]"
"""That raw requests of tests are sent to: an open registry answers to no others than its own."""

LISTENING = re.compile(r"(?:listening on |\"url\": \")(https?)://([\d.]+):(\d+)")


class Registry:
    """`ocilot serve` as a real process, with its own data directory; keeps its port over restarts."""

    def __init__(
        self,
        home: Path,
        *,
        config: str | None = None,
        arguments: Sequence[Argument] = (),
        env: Mapping[str, str] | None = None,
        root: Path | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.home = home
        self.host = host
        self.root = root or home / "data"
        self.log = home / "registry.log"
        self.port = 0
        self.scheme = "http"
        self._arguments = list(arguments)
        names = {"REGISTRY_OCILOT_HOSTNAMES": HOST_NAMES}
        self._env = {"PATH": PATH, **names, "HOME": str(home), "LANG": "C.UTF-8", **(env or {})}
        if config is not None:
            self.config = home / "config.yml"
            self.config.write_text(config)
            self._arguments.insert(0, self.config)
        self._in_memory = config is not None and "inmemory" in config
        self._process: Daemon | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def local(self) -> str:
        """The address as people type it."""
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"

    @property
    def process(self) -> Daemon:
        assert self._process is not None, "the registry was never started"
        return self._process

    def command(self) -> list[Argument]:
        place: list[Argument] = [] if self._in_memory else ["--root", self.root]
        return [OCILOT, "serve", *self._arguments, *place, "--addr", self.address]

    def start(self) -> Registry:
        self._process = Daemon(self.command(), env=self._env, log=self.log)
        found = self._process.wait_for(
            lambda: LISTENING.search(self.process.output()), "the registry's start"
        )
        self.scheme, self.port = found[1], int(found[3])
        return self

    def wait_for_line(self, text: str) -> None:
        """Until the log has it: a thread of its own writes lines, perhaps after the answer."""
        self.process.wait_for(lambda: text in self.process.output(), text)

    def refused_start(self) -> Ran:
        """Runs it where it cannot start."""
        return attempt(self.command(), env=self._env, seconds=30)

    def stop(self) -> str:
        """Ends it as an operator does, and answers what it wrote."""
        self.process.signal(signal.SIGTERM)
        code = self.process.wait()
        output = self.process.output()
        assert code == 0, f"exit code {code} after SIGTERM:\n{output}"
        return output

    def kill(self) -> None:
        """Ends it as a power cut does."""
        self.process.signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> Registry:
        self.stop()
        return self.start()

    def connect(self, tls: ssl.SSLContext | None = None) -> Api:
        return Api("localhost" if tls else "127.0.0.1", self.port, tls)

    def is_running(self) -> bool:
        return self._process is not None and self._process.exit_code is None

    def close(self) -> None:
        """The end of a test: what still runs must end well. Only the log stays."""
        try:
            if self.is_running():
                self.stop()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)
