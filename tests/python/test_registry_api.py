"""Lists of the API, page by page, of a registry that is not trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ocilot.cli.registry_api import Answer, RegistryApi
from ocilot.errors import Error


class Looping(RegistryApi):
    """A registry whose second page leads back to the first."""

    def __enter__(self) -> Looping:
        return self

    def __exit__(self, *_: object) -> None: ...

    def request(self, method: str, path: str, body: str | None = None) -> Answer:
        other = "/list?after=b" if path == "/list?n=1" else "/list?n=1"
        return Answer(200, json.dumps({"items": [path]}).encode(), f'<{other}>; rel="next"')

    def lines(self, path: str, headers: dict[str, str]) -> Iterator[str]:
        raise NotImplementedError

    def set_timeout(self, seconds: float) -> None: ...


def test_a_list_that_leads_in_circles_ends_with_an_error() -> None:
    found: list[str] = []
    with Looping() as api, pytest.raises(Error, match="leads back to a page"):
        found.extend(api.ask_all("/list?n=1", "items"))
    assert found == ["/list?n=1", "/list?after=b"]
