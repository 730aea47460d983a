"""Receivers of webhooks that behave badly: each has a clear line in status and log, and harms no one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .certificates import Certificates
from .conftest import FreshRegistry
from .receivers import Delivery, Handler, Receiver, huge, status
from .webhooks import SECRET, ask, config, push, state_of, wait_for_error


def test_one_that_answers_200_megabytes_is_cut(fresh_registry: FreshRegistry) -> None:
    with Receiver(huge) as receiver:
        registry = fresh_registry(config({"name": "ci", "url": receiver.url}))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        receiver.wait_for(2)
        registry.wait_for_line('"webhook answer cut" consumer=webhook:ci bytes=65536')
        assert len(state_of(registry, "ci")["last"]["answer"]) <= 1024


def test_one_that_never_answers_times_out(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver:
        receiver.respond = receiver.silent
        registry = fresh_registry(config({"name": "ci", "url": receiver.url, "timeout": "1s"}))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        wait_for_error(registry, "ci", "POST http://127.0.0.1:\\d+ failed: .*tim")


def test_one_that_sends_a_byte_a_second_times_out(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver:
        receiver.respond = receiver.dripping
        registry = fresh_registry(config({"name": "ci", "url": receiver.url, "timeout": "2s"}))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        # The head has said that it took the event: it must not come again.
        registry.wait_for_line('"webhook answer cut" consumer=webhook:ci')
        last = state_of(registry, "ci")["last"]
        assert last["status"] == 200
        assert last["error"].startswith("the answer was not read to its end: ")
        assert [one["data"]["action"] for one in receiver.wait_for(2)] == ["manifest.pushed", "tag.created"]


def test_a_redirect_to_the_metadata_of_a_cloud_is_not_followed(fresh_registry: FreshRegistry) -> None:
    target = "http://169.254.169.254/latest/meta-data"
    with Receiver(status(307, Location=target)) as receiver:
        registry = fresh_registry(config({"name": "ci", "url": receiver.url}))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        wait_for_error(registry, "ci", "status 307: redirects are not followed; .* http://169.254.169.254")


def test_a_redirect_to_the_same_origin_is_followed_where_that_is_configured(
    fresh_registry: FreshRegistry,
) -> None:
    def respond(handler: Handler, delivery: Delivery) -> None:
        moved = status(308, Location="/other/hook?a=b")
        (moved if delivery.path == "/hook" else status(200))(handler, delivery)

    target = "http://169.254.169.254/latest/meta-data"
    with Receiver(respond) as receiver, Receiver(status(307, Location=target)) as hostile:
        hooks: list[dict[str, Any]] = [
            {"name": "ci", "url": receiver.url, "redirects": "same-origin", "secrets": [SECRET]},
            {"name": "hostile", "url": hostile.url, "redirects": "same-origin"},
        ]
        registry = fresh_registry(config(*hooks))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        receiver.wait_for(4)
        first, second = receiver.deliveries[:2]
        assert (first.path, second.path) == ("/hook", "/other/hook?a=b")
        assert first.body == second.body
        assert second.is_signed_with(SECRET)
        wait_for_error(
            registry, "hostile", "status 307: this redirect is not followed; .* http://169.254.169.254"
        )
        assert state_of(registry, "ci")["failures"] == 0


def test_an_invalid_certificate_is_not_trusted(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    with Receiver(certificate=(certificates.certificate, certificates.key)) as receiver:
        hooks = [
            {"name": "strict", "url": receiver.url},
            {"name": "told", "url": receiver.url, "cacert": str(certificates.authority_file)},
        ]
        registry = fresh_registry(config(*hooks))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        receiver.wait_for(2)
        wait_for_error(registry, "strict", "certificate")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"])
def test_addresses_of_this_machine_and_of_clouds_are_denied_unless_allowed(
    fresh_registry: FreshRegistry, host: str
) -> None:
    with Receiver() as receiver:
        port = receiver.url.rpartition(":")[2]
        hook = {"name": "ci", "url": f"http://{host}:{port}", "allow": ["10.0.0.0/8"]}
        registry = fresh_registry(config(hook))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        wait_for_error(registry, "ci", "is not public, .*; add its network to `allow` of the webhook")
        assert receiver.deliveries == []


def test_no_secret_is_logged_or_shown(fresh_registry: FreshRegistry) -> None:
    with Receiver(status(400)) as receiver:
        hook = {
            "name": "ci",
            "url": f"{receiver.url}/very-secret-path?token=very-secret-token",
            "secrets": [SECRET],
            "headers": {"Authorization": ["Bearer very-secret-header"]},
        }
        registry = fresh_registry(config(hook))
        with registry.connect() as api:
            push(api, "team/app", "v1")
            wait_for_error(registry, "ci", "status 400")
            shown = ask(registry, "GET", "/api/v1/webhooks").body.decode()
        assert "very-secret" not in shown + registry.process.output()
        assert SECRET not in shown + registry.process.output()
