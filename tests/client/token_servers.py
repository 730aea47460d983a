"""Registries with a token server of their own."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from .fake_registry import Answer, FakeRegistry, Seen, bearer, manifest_answer

RAW = b'{"schemaVersion":2,"config":{"mediaType":"x","digest":"sha256:%s","size":2},"layers":[]}' % (
    b"a" * 64
)
MANIFESTS = r"/v2/team/app/manifests/.*"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def guarded(realm: Callable[[], str], answer: Answer, token: str = "a-token") -> Callable[[Seen], Answer]:
    """Answers those who have the token, and challenges others."""

    def react(seen: Seen) -> Answer:
        return answer if seen.authorization == f"Bearer {token}" else bearer(realm())

    return react


def with_tokens(server: FakeRegistry, **more: Any) -> FakeRegistry:
    """A registry whose manifests need a token of its own token server."""
    server.token(**more)
    return server.on("GET", MANIFESTS, guarded(lambda: f"{server.url}/token", manifest_answer(RAW)))


def asked(server: FakeRegistry) -> list[dict[str, list[str]]]:
    """The queries of the requests to the token server."""
    return [parse_qs(seen.query) for seen in server.seen(target=r"/token.*")]
