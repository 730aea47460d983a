"""The login page of a network in the place of a registry's answer, as captive portals send it."""

from __future__ import annotations

import pytest

from ocilot.client.registry_store import ping
from ocilot.errors import RegistryError
from ocilot.oci import digest_of

from .fake_registry import Answer, FakeRegistry
from .loops import Client, all_of, blob_of, both_loops

PAGE = b"\xef\xbb\xbf\n<!DOCTYPE html><html><head><title>Guest Wi-Fi</title></head><body>Log in</body></html>"


@both_loops
def test_the_login_page_of_a_network_is_called_a_page(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        for method in ("GET", "HEAD", "POST", "PUT"):
            server.on(method, ".*", Answer(200, {"Content-Type": "text/html; charset=utf-8"}, PAGE))
        store, blob = made.store(), blob_of(b"x" * 5000)
        digest = str(digest_of(b"{}"))
        for call in (
            lambda: ping(made.session, server.address),
            lambda: store.manifest("v1"),
            lambda: store.manifest(digest),
            lambda: store.resolve("v1"),
            store.tags,
            lambda: store.open(blob),
        ):
            with pytest.raises(RegistryError, match=r"HTML page.*Guest Wi-Fi Log in") as caught:
                made.run(call())
            assert (caught.value.status, "proxy" in caught.value.hint) == (200, True)


@both_loops
def test_a_web_page_may_be_a_blob(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", Answer(200, {"Content-Type": "text/html"}, PAGE))
        assert made.run(all_of(made.run(made.store().open(blob_of(PAGE))))) == PAGE
