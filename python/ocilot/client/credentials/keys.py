"""Keys of credential files: which entries are those of a repository, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ocilot.references import HUB, HUB_NAMES

HUB_URL: Final = "https://index.docker.io/v1/"
"""Docker's own spelling of Docker Hub."""
_OWN: Final = ("/access-token", "/refresh-token")


def matching(keys: Iterable[str], host: str, repository: str, *, urls: bool = False) -> list[str]:
    """The keys that are meant for a repository, the most specific first. `urls`: all keys are URLs.

    >>> matching(["r.example", "r.example/ns", "r.example/nsx"], "r.example", "ns/app")
    ['r.example/ns', 'r.example']
    """
    known = [key for key in keys if not key.endswith(_OWN)]
    found = [wanted for wanted in _exact(host, repository) if wanted in known]
    for key in known:
        if key not in found and _host_of(key, urls) == _folded(host):
            found.append(key)
    return found


def helper_key(host: str) -> str:
    """The key as a helper knows it."""
    return HUB_URL if host in HUB_NAMES else host


def same_host(key: str, host: str) -> bool:
    """Whether a key is of the host itself, not of a part of it."""
    return _host_of(key, urls=False) == _folded(host)


def _exact(host: str, repository: str) -> list[str]:
    names = [host, *sorted(HUB_NAMES - {host}, key=lambda name: name != HUB)] if host in HUB_NAMES else [host]
    parts = repository.split("/") if repository else []
    paths = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return [f"{name}/{path}" for path in paths for name in names] + names


def _host_of(key: str, urls: bool) -> str:
    """Host of a key; empty if the key is only of a part of the host."""
    rest, scheme = key, False
    for prefix in ("https://", "http://"):
        if key.startswith(prefix):
            rest, scheme = key[len(prefix) :], True
    if scheme or urls:
        rest = rest.partition("/")[0]
    return "" if "/" in rest else _folded(rest)


def _folded(host: str) -> str:
    return HUB if host in HUB_NAMES else host
