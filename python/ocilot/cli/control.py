"""How commands ask the registry: through its control socket, which only its own user can open."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import tempfile
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ocilot import _core
from ocilot import config as configuration
from ocilot.errors import ConfigError
from ocilot.local_connection import LocalConnection

from .registry_api import Answer, RegistryApi, failure, refusal

SECONDS: Final = 60
"""That an answer may take."""

METADATA: Final = "ocilot/meta.sqlite"
"""What every data directory of ours has."""


class Control(RegistryApi):
    """Asks the registry of a data directory: the one that runs, or else one of its own while it asks.

    Use it in a `with` block.
    """

    def __init__(
        self,
        settings: _core.Settings,
        *,
        start: bool = True,
        is_named: bool = True,
        only_reads: bool = False,
        has_server: bool = False,
    ) -> None:
        self._settings = settings
        options = "--config, --root or --server" if has_server else "--config or --root"
        self._other = f"select another with {options}"
        self._root = settings.root
        self._only_reads = only_reads
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._may_start = start
        self._is_named = is_named
        self._own: _core.Server | None = None
        self._connection: LocalConnection | None = None

    @classmethod
    def of(
        cls,
        config: str | None,
        root: str | os.PathLike[str] | None,
        *,
        start: bool = True,
        only_reads: bool = False,
        has_server: bool = False,
    ) -> Self:
        """Of a configuration, and of a data directory that wins over it.

        Without `start` it has to run: none is started to ask it. With `only_reads` the one that is started
        has a copy of the metadata, and the data directory stays as it is. `has_server`: whether the command
        can ask a registry over the network instead, for messages.
        """
        loaded = configuration.load(config)
        if root is not None:
            loaded = loaded.with_root(os.fspath(root))
        filesystem = loaded.config.storage.filesystem
        is_default = filesystem is None or filesystem.rootdirectory == _core.Settings().root
        is_named = loaded.path is not None or not is_default
        return cls(
            loaded.settings, start=start, is_named=is_named, only_reads=only_reads, has_server=has_server
        )

    def __enter__(self) -> Self:
        path = self._path()
        try:
            self._connection = _connected(path)
        except (FileNotFoundError, ConnectionRefusedError):
            if not self._may_start:
                raise failure(
                    "unavailable", f"no running registry: no process listens at {path}; {self._what_to_do()}"
                ) from None
            self._connection = _connected(self._start())
        except PermissionError:
            raise failure(
                "denied", f"cannot open {path}: permission denied; run this as the user running the registry"
            ) from None
        except OSError as problem:
            raise failure(
                "io", f"cannot reach the registry at {path}: {problem.strerror or problem}"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._own is not None:
            self._own.stop()
            self._own = None  # With it goes the lock on the data directory.
        if self._copy is not None:
            self._copy.cleanup()

    @property
    def runs_alone(self) -> bool:
        """Whether no registry ran, and one of its own answers."""
        return self._own is not None

    def set_timeout(self, seconds: float) -> None:
        """Sets how long an answer may take from now on."""
        assert self._connection is not None, "a Control is used in a `with` block"
        self._connection.set_timeout(seconds)

    def describe(self, path: str) -> Message:
        """The headers of the answer to a HEAD request. Raises Error with the API's sentence."""
        answer, _ = self._sent("HEAD", path)
        if answer.status >= 400:
            self.ask("GET", path)  # Only an answer to GET has a sentence.
            raise refusal(answer.status, b"")
        return answer.headers

    def read_content(self, path: str, digest: str) -> bytes:
        """The bytes of a manifest or a blob; from their file if no registry runs."""
        if self.runs_alone:
            return _stored(Path(self._root), digest)
        answer, content = self._sent("GET", path)
        if answer.status >= 400:
            raise refusal(answer.status, content)
        return content

    def lines(self, path: str, headers: dict[str, str]) -> Iterator[str]:
        """The lines of an answer as they come, without their ends, until the registry ends it."""
        assert self._connection is not None, "a Control is used in a `with` block"
        try:
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
            if answer.status >= 400:
                raise refusal(answer.status, answer.read())
            while line := answer.readline():
                yield line.decode().rstrip("\n")
        except (OSError, http.client.HTTPException) as problem:
            raise failure("unavailable", f"the registry closed the connection: {problem}") from None

    def request(self, method: str, path: str, body: str | None = None) -> Answer:
        """The answer to a request, whatever its status."""
        answer, content = self._sent(method, path, body)
        return Answer(answer.status, content, answer.getheader("Link"))

    def _sent(
        self, method: str, path: str, body: str | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        assert self._connection is not None, "a Control is used in a `with` block"
        try:
            self._connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = self._connection.getresponse()
            return answer, answer.read()
        except (OSError, http.client.HTTPException) as problem:
            raise failure(
                "unavailable", f"the registry closed the connection before it answered: {problem}"
            ) from None

    def _path(self) -> str:
        settings = self._settings
        if settings.control_socket:
            return settings.control_socket
        if settings.in_memory:
            raise ConfigError(
                "storage.inmemory has no control socket by default: set ocilot.controlsocket and restart the "
                "registry"
            )
        return os.fspath(Path(settings.root).absolute() / "ocilot" / "control.sock")

    def _what_to_do(self) -> str:
        start = "start it with `ocilot serve`"
        return start if self._is_named else f"{start}, or {self._other}"

    def _start(self) -> str:
        settings = self._settings
        if settings.in_memory:
            raise failure(
                "unavailable",
                "no running registry, and storage.inmemory keeps no data: start the registry first",
            )
        if not (Path(settings.root) / METADATA).exists():
            start = "start one there with `ocilot serve`"
            raise failure("not_found", f"no registry found at {settings.root}; {start}, or {self._other}")
        if self._only_reads:
            self._copy_metadata()
        settings.address = settings.debug_address = ""
        settings.tls_certificate = settings.tls_key = ""
        settings.tls_client_authorities = []
        settings.threads, settings.access_log = 1, False
        settings.log_level = _core.LogLevel.error
        settings.gc = settings.scrub = settings.purge_uploads = settings.retention = False
        settings.webhooks = None  # Their places are of the registry that runs.
        self._own = _core.Server.start(settings)
        return self._own.control_socket

    def _copy_metadata(self) -> None:
        """Starting writes: a lock, leases of jobs, an htpasswd file that is missing."""
        settings = self._settings
        self._copy = tempfile.TemporaryDirectory(prefix="ocilot-")
        copy = Path(self._copy.name)
        (copy / METADATA).parent.mkdir(mode=0o700)
        for found in Path(settings.root).glob(f"{METADATA}*"):
            shutil.copy(found, copy / "ocilot")
        settings.root, settings.control_socket = str(copy), ""
        if settings.auth_htpasswd and not Path(settings.auth_htpasswd).exists():
            settings.auth_htpasswd = str(copy / "htpasswd")


def _connected(path: str) -> LocalConnection:
    connection = LocalConnection(path, SECONDS)
    connection.connect()
    return connection


def _stored(root: Path, digest: str) -> bytes:
    """The bytes of a digest in a data directory, verified."""
    algorithm, _, hexadecimal = digest.partition(":")
    path = root / "docker/registry/v2/blobs" / algorithm / hexadecimal[:2] / hexadecimal / "data"
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise failure("io", f"cannot read {digest} from {path}: {problem.strerror or problem}") from None
    if hashlib.new(algorithm, content).hexdigest() != hexadecimal:
        raise failure("io", f"{path} is corrupted: its bytes do not match its digest")
    return content
