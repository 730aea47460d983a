"""Registries, repositories and tags for completion: from files, a cache, or the registry in a short time."""

from __future__ import annotations

import hashlib
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

FRESH: Final = 60.0
"""Seconds that an answer is used without asking again."""
PATIENCE: Final = 1.0
"""Seconds that a shell waits for a registry; its answer is kept for the next time."""
VARIABLE: Final = "OCILOT_COMPLETION_TIMEOUT"
"""The variable that has other seconds, for slow registries."""
LONGEST: Final = 15
"""Seconds after which a registry that does not answer is left alone."""
MOST: Final = 2000
"""Names that are fetched."""


def references(kind: str, current: str) -> Iterator[str]:
    """What begins with `current`: registries, then repositories, then tags; `kind` says what is wanted."""
    host, slash, rest = current.partition("/")
    if slash and _is_host(host):
        yield from _below(kind, host, f"{host}/", rest)
        return
    if not slash:
        yield from (name + "/" * (kind != "registry") for name in registries() if name.startswith(current))
    chosen = default_registry()
    if chosen and kind != "registry":
        yield from _below(kind, chosen, "", current)


def _below(kind: str, host: str, prefix: str, rest: str) -> Iterator[str]:
    repository, colon, tag = rest.partition(":")
    if kind == "reference" and colon:
        names = answers(f"tags {host} {repository}", lambda: _tags(host, repository))
        yield from (f"{prefix}{repository}:{name}" for name in names if name.startswith(tag))
    elif not colon:
        names = answers(f"repositories {host}", lambda: _repositories(host))
        yield from (f"{prefix}{name}" for name in names if name.startswith(rest))
        if kind == "reference" and rest in names:
            yield f"{prefix}{rest}:"


def _is_host(text: str) -> bool:
    return "." in text or ":" in text or text == "localhost"


def default_registry() -> str:
    """The registry that was chosen for references without one."""
    chosen = os.environ.get("OCILOT_REGISTRY")
    if chosen:
        return chosen
    found = _json(_home("XDG_CONFIG_HOME", ".config") / "ocilot" / "client.json").get("default_registry")
    return found if isinstance(found, str) else ""


def registries() -> list[str]:
    """Registries that credentials are stored for; helpers are not asked."""
    docker = os.environ.get("DOCKER_CONFIG")
    files = [
        Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "containers/auth.json",
        _home("XDG_CONFIG_HOME", ".config") / "containers/auth.json",
        (Path(docker) if docker else Path.home() / ".docker") / "config.json",
    ]
    if explicit := os.environ.get("REGISTRY_AUTH_FILE"):
        files = [Path(explicit)]
    names = [default_registry(), "docker.io"]
    for file in files:
        found = _json(file)
        for member in ("auths", "credHelpers"):
            keys = found.get(member)
            names += [_host_of(key) for key in keys] if isinstance(keys, dict) else []
    return sorted({name for name in names if name})


def _host_of(key: str) -> str:
    host = key.rpartition("://")[2].partition("/")[0]
    return "docker.io" if host in ("index.docker.io", "registry-1.docker.io") else host


def answers(key: str, ask: Callable[[], list[str]]) -> list[str]:
    """The answer in the cache if it is fresh, else that of the registry, else an old one."""
    path = (
        _home("XDG_CACHE_HOME", ".cache")
        / "ocilot/completion"
        / hashlib.sha256(key.encode()).hexdigest()[:32]
    )
    kept = _json(path)
    old = [name for name in kept.get("names", []) if isinstance(name, str)]
    if 0 <= time.time() - kept.get("time", 0) < FRESH:
        return old
    found = _asked(path, ask)
    return old if found is None else found


def _asked(path: Path, ask: Callable[[], list[str]]) -> list[str] | None:
    """What a process of its own learns: it goes on when the shell waits no longer, and fills the cache."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.close(reading)
            _work(path, ask, writing)
        os._exit(0)
    os.close(writing)
    deadline = time.monotonic() + _patience()
    data = b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            piece = pipe.read(1 << 16)
            if not piece:
                found = json.loads(data) if data else None
                return found if isinstance(found, list) else None
            data += piece
    return None


def _work(path: Path, ask: Callable[[], list[str]], writing: int) -> None:
    # Without a terminal nothing can prompt; without its output the shell does not wait for this process.
    os.setsid()
    signal.alarm(max(LONGEST, int(_patience())))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    names = ask()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps({"time": time.time(), "names": names}), encoding="utf-8")
    new.replace(path)
    os.write(writing, json.dumps(names).encode())


def _patience() -> float:
    try:
        return max(0.0, float(os.environ.get(VARIABLE, "")))
    except ValueError:
        return PATIENCE


def _repositories(host: str) -> list[str]:
    from ocilot.verbs import connect

    with connect(host) as registry:
        return [repository.name for repository in islice(registry.repositories(), MOST)]


def _tags(host: str, repository: str) -> list[str]:
    from ocilot.references import Reference
    from ocilot.verbs import connect

    found = Reference.parse(f"{host}/{repository}")
    with connect(found.registry) as registry:
        return [tag.name for tag in islice(registry.repository(found.repository).tags(), MOST)]


def _json(path: Path) -> dict[str, Any]:
    try:
        # A pipe would block the shell.
        found = json.loads(path.read_bytes()) if path.is_file() else None
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _home(variable: str, usual: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / usual)
