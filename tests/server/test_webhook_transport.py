"""How webhooks reach their receivers: with certificates, through proxies, and as binary CloudEvents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .certificates import Certificates
from .conftest import FreshRegistry
from .forward_proxy import ForwardProxy
from .receivers import Receiver
from .webhooks import SECRET, config, push, wait_for_error

NAME = "ci.example.test"
"""A host that only the proxy knows."""


def by_name(receiver: Receiver) -> str:
    return receiver.url.replace("127.0.0.1", NAME)


def test_a_receiver_that_asks_for_a_certificate_gets_that_of_the_webhook(
    fresh_registry: FreshRegistry, certificates: Certificates
) -> None:
    own = certificates.client("registry")
    with Receiver(
        certificate=(certificates.certificate, certificates.key), clients=certificates.authority_file
    ) as receiver:
        authority = {"url": receiver.url, "cacert": str(certificates.authority_file)}
        known = {"name": "known", **authority, "certificate": str(own), "key": str(own)}
        registry = fresh_registry(config(known, {"name": "unknown", **authority}))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        receiver.wait_for(2)
        # With TLS 1.3 the refusal comes after the handshake: it is read, or the connection ends before.
        wait_for_error(registry, "unknown", "certificate|closed the connection")
        assert {delivery.client for delivery in receiver.deliveries} == {"registry"}


def test_a_certificate_that_is_not_there_stops_the_start(fresh_registry: FreshRegistry) -> None:
    webhook = {"name": "ci", "url": "https://ci.example.com", "certificate": "/no/such", "key": "/no/such"}
    refused = fresh_registry(config(webhook), start=False).refused_start()
    assert "webhook ci: " in refused.err
    assert "/no/such" in refused.err


@pytest.mark.parametrize("place", ["configuration", "environment"])
def test_a_proxy_passes_on_what_no_name_look_up_of_the_registry_finds(
    fresh_registry: FreshRegistry, place: str
) -> None:
    with Receiver() as receiver, ForwardProxy("registry:secret-of-the-proxy") as proxy:
        webhook = {"name": "ci", "url": by_name(receiver), "allow": []}
        own = {"proxy": proxy.url} if place == "configuration" else {}
        env = {"http_proxy": proxy.url} if place == "environment" else {}
        registry = fresh_registry(config({**webhook, **own}), env=env)
        with registry.connect() as api:
            push(api, "team/app", "v1")
        receiver.wait_for(2)
        assert set(proxy.asked) == {f"POST {by_name(receiver)}"}
        assert "proxy-authorization" not in receiver.deliveries[0].headers
        assert "secret-of-the-proxy" not in registry.process.output()


def test_a_proxy_opens_a_tunnel_to_a_receiver_with_tls(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    certificates = Certificates(tmp_path, hosts=(NAME,))
    with (
        Receiver(certificate=(certificates.certificate, certificates.key)) as receiver,
        ForwardProxy() as proxy,
    ):
        webhook = {
            "name": "ci",
            "url": by_name(receiver),
            "cacert": str(certificates.authority_file),
            "proxy": proxy.url,
            "secrets": [SECRET],
            "allow": [],
        }
        registry = fresh_registry(config(webhook))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        receiver.wait_for(2)
        assert set(proxy.asked) == {f"CONNECT {by_name(receiver).split('/')[2]}"}
        assert all(delivery.is_signed_with(SECRET) for delivery in receiver.deliveries)


def test_a_proxy_that_refuses_and_an_address_that_is_denied_are_named(fresh_registry: FreshRegistry) -> None:
    with ForwardProxy("registry:right") as proxy:
        wrong = proxy.url.replace("right", "wrong-password")
        refused = {"name": "refused", "url": "https://ci.example.test/x", "proxy": wrong, "allow": []}
        registry = fresh_registry(config(refused))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        wait_for_error(registry, "refused", "the proxy 127.0.0.1:.* asks for credentials")
        assert "wrong-password" not in registry.process.output()
    with ForwardProxy() as proxy:
        denied = {"name": "denied", "url": "http://10.1.2.3/x", "proxy": proxy.url, "allow": []}
        registry = fresh_registry(config(denied))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        wait_for_error(registry, "denied", r"address 10\.1\.2\.3 is not public")
        assert proxy.asked == []


def test_a_binary_cloud_event_has_its_attributes_as_headers(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver, Receiver() as other:
        both = ({"url": receiver.url, "format": "cloudevents-binary"}, {"url": other.url})
        hooks = [{"name": f"ci{number}", **one, "secrets": [SECRET]} for number, one in enumerate(both)]
        registry = fresh_registry(config(*hooks))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        receiver.wait_for(2)
        structured = other.wait_for(2)
        for delivery, event in zip(receiver.deliveries, structured, strict=True):
            attributes = {
                name.removeprefix("ce-"): value
                for name, value in delivery.headers.items()
                if name.startswith("ce-")
            }
            assert json.loads(delivery.body) == event.pop("data")
            assert delivery.headers["content-type"] == event.pop("datacontenttype") == "application/json"
            assert attributes == event
            assert delivery.headers["webhook-id"] == attributes["id"]
            assert delivery.is_signed_with(SECRET)
