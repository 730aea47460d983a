"""A registry inside a Python program: a test, a notebook, a script."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Any, Self

from ocilot import _core
from ocilot.arguments import wrong_type
from ocilot.text_file import text_path

OPTIONS = frozenset(
    name
    for name in dir(_core.Settings)
    if not name.startswith("_") and name not in {"root", "in_memory", "address"}
)


class Server:
    """A running registry. The end of the `with` or `async with` block, or `stop()`, stops it.

    `root` is the data directory; without one, all data is in memory and lost at the end. `port` 0: a free
    port. `options` are the fields of `_core.Settings`, such as `deletes`, `tls_certificate`,
    `manifest_limit` and `access_log`. Default `log_level`: warnings and errors.

    Raises ConfigError if the directory, the port or an option is invalid, InvalidArgument for an option of
    another type, TypeError for an unknown one.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        **options: Any,
    ) -> None:
        settings = _core.Settings()
        settings.log_level, settings.access_log = _core.LogLevel.warn, False
        for name, value in options.items():
            if name not in OPTIONS:
                import difflib

                near = difflib.get_close_matches(name, OPTIONS, n=1)
                raise TypeError(
                    f"unknown option {name!r} of Server" + (f"; did you mean {near[0]!r}?" if near else "")
                )
            try:
                setattr(settings, name, value)
            except TypeError:
                expected = type(getattr(settings, name)).__name__
                raise wrong_type(f"{name} of Server", value, f"a value of type {expected}") from None
        settings.in_memory = root is None
        settings.root = "" if root is None else text_path(root, "data directory")
        settings.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._scheme = "https" if settings.tls_certificate else "http"
        self._lock = threading.Lock()
        self._running: _core.Server | None = _core.Server.start(settings)
        self._address, self._port, self._root = self._running.address, self._running.port, self._running.root

    @property
    def address(self) -> str:
        """Host and port, such as `127.0.0.1:5000`: the first part of an image reference."""
        return self._address

    @property
    def port(self) -> int:
        """Port that the registry listens on."""
        return self._port

    @property
    def root(self) -> str:
        """Absolute path of the data directory; empty if everything is in memory."""
        return self._root

    @property
    def url(self) -> str:
        """URL of the registry, such as `http://127.0.0.1:5000`."""
        return f"{self._scheme}://{self._address}"

    def stop(self) -> None:
        """Finishes requests under way, then stops. A second call has no effect."""
        with self._lock:
            running, self._running = self._running, None
            if running is not None:
                running.stop()

    async def astop(self) -> None:
        """The same as `stop()`, without blocking the asyncio loop."""
        import asyncio  # Half of the time of loading this module, for programs that do not need it.

        await asyncio.to_thread(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.astop()

    def __repr__(self) -> str:
        return f"<ocilot.Server {self.url}{'' if self._running else ' (stopped)'}>"
