"""Who is let in, and what they may do: the protocol by hand."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from .conftest import FreshRegistry
from .images import digest_of, make_image
from .people import RULES, basic, bearer, with_passwords, with_tokens
from .programs import wait_until
from .registry import Registry


@pytest.fixture
def tokens(fresh_registry: FreshRegistry, tmp_path: Path) -> Registry:
    """A registry with accounts, rules and tokens."""
    return fresh_registry(with_tokens(tmp_path))


def push_image(registry: Registry, who: str, repository: str) -> str:
    """Pushes a small image as somebody; answers its digest."""
    image = make_image(repository)
    with registry.connect() as api:
        for blob in image.blobs:
            answer = api(
                "POST",
                f"/v2/{repository}/blobs/uploads/?digest={digest_of(blob.data)}",
                blob.data,
                basic(who),
            )
            assert answer.status == 201, answer
        headers = {"Content-Type": image.manifest.media_type, **basic(who)}
        answer = api("PUT", f"/v2/{repository}/manifests/1", image.manifest.data, headers)
        assert answer.status == 201, answer
    return image.digest


def test_an_open_registry_asks_nobody(registry: Registry) -> None:
    with registry.connect() as api:
        assert api("GET", "/v2/", headers=basic("anybody", "anything")).status == 200
        assert api("GET", "/token").status == 404


def test_ping_challenges_and_tokens_open(tokens: Registry) -> None:
    with tokens.connect() as api:
        answer = api("GET", "/v2/")
        assert answer.status == 401
        assert answer["WWW-Authenticate"] == f'Bearer realm="{tokens.url}/token",service="ocilot"'
        given = api("GET", "/token?service=ocilot&account=alice", headers=basic("alice"))
        assert given.status == 200, given
        assert api("GET", "/v2/", headers=bearer(given.json["token"])).status == 200


def test_wrong_passwords_are_told_at_the_token_server(tokens: Registry) -> None:
    with tokens.connect() as api:
        answer = api("GET", "/token", headers=basic("alice", "wrong"))
        assert answer.status == 401
        assert answer.json == {
            "errors": [{"code": "UNAUTHORIZED", "message": "invalid user name or password"}]
        }


def test_anonymous_pulls_with_a_token_for_nobody(tokens: Registry) -> None:
    digest = push_image(tokens, "alice", "public/app")
    with tokens.connect() as api:
        given = api("GET", "/token?scope=repository:public/app:pull")
        answer = api("GET", "/v2/public/app/manifests/1", headers=bearer(given.json["token"]))
        assert answer.status == 200
        assert answer["Docker-Content-Digest"] == digest
        given = api("GET", "/token?scope=repository:team/app:pull")
        answer = api("GET", "/v2/team/app/manifests/1", headers=bearer(given.json["token"]))
        assert answer.status == 401
        assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]


def test_distributions_htpasswd_works_unchanged(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(with_passwords(tmp_path))
    with registry.connect() as api:
        answer = api("GET", "/v2/")
        assert answer.status == 401
        assert answer["WWW-Authenticate"] == 'Basic realm="test"'
        assert api("GET", "/v2/", headers=basic("alice")).status == 200
        assert api("GET", "/v2/", headers=basic("alice", "wrong")).status == 401
    push_image(registry, "bob", "any/thing")


def test_a_missing_htpasswd_file_is_made(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    config = with_passwords(tmp_path)
    (tmp_path / "htpasswd").unlink()
    registry = fresh_registry(config)
    assert (tmp_path / "htpasswd").read_text().startswith("docker:")
    assert (tmp_path / "htpasswd").stat().st_mode & 0o777 == 0o600
    wait_until(lambda: "password=" in registry.process.output(), "the password in the log")


def test_rules_are_in_force_again_when_their_file_changes(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry(with_tokens(tmp_path))
    with registry.connect() as api:

        def may_bob_push() -> bool:
            return api("POST", "/v2/team/app/blobs/uploads/", headers=basic("bob")).status == 202

        assert not may_bob_push()
        config = registry.config.read_text()
        registry.config.write_text(config.replace("user:bob: [pull]", "user:bob: [pull, push]"))
        wait_until(may_bob_push, "the new rules", 20)
        registry.config.write_text(config.replace("user:bob: [pull]", "user:bob: [everything]"))
        wait_until(lambda: "not reloaded" in registry.process.output(), "a word in the log", 20)
        assert may_bob_push()
        assert 'ocilot_auth_reloads_total{result="failed"} 1' in api("GET", "/metrics").body.decode()


def test_rules_are_read_again_on_sighup(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(with_tokens(tmp_path))
    with registry.connect() as api:
        stat = registry.config.stat()
        config = registry.config.read_text()
        # The same size and time: only the signal tells.
        registry.config.write_text(config.replace("user:bob: [pull]", "user:bob: [push]"))
        os.utime(registry.config, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        registry.process.signal(signal.SIGHUP)
        wait_until(
            lambda: api("POST", "/v2/team/app/blobs/uploads/", headers=basic("bob")).status == 202,
            "the new rules",
            20,
        )


def test_tokens_outlive_a_restart(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(with_tokens(tmp_path))
    with registry.connect() as api:
        token = api("GET", "/token?scope=repository:team/app:pull", headers=basic("alice")).json["token"]
    registry.restart()
    with registry.connect() as api:
        assert api("GET", "/v2/team/app/tags/list", headers=bearer(token)).status == 404


def test_rules_without_anybody_to_log_in_are_refused(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(f"version: 0.1\nocilot:\n{RULES}", start=False)
    ran = registry.refused_start()
    assert ran.code == 2
    assert "ocilot.access cannot be used: access rules need a login method" in ran.err


def test_a_page_of_the_catalog_looks_at_few_hidden_names(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    """One request costs the same however many repositories its caller may not see."""
    registry = fresh_registry(with_tokens(tmp_path))
    image = make_image("hidden")
    hidden = 250
    with registry.connect() as api:
        carol = basic("carol")

        def push(name: str) -> None:
            for blob in image.blobs:
                mount = f"/v2/{name}/blobs/uploads/?mount={blob.digest}&from=secret/000"
                if api("POST", mount, headers=carol).status != 201:
                    target = f"/v2/{name}/blobs/uploads/?digest={blob.digest}"
                    assert api("POST", target, blob.data, carol).status == 201
            headers = {"Content-Type": image.manifest.media_type, **carol}
            assert api("PUT", f"/v2/{name}/manifests/1", image.manifest.data, headers).status == 201

        for number in range(hidden):
            push(f"secret/{number:03}")
        push("team/app")
        listed, pages, target = [], 0, "/v2/_catalog?n=1"
        while target:
            page = api("GET", target, headers=basic("bob"))
            assert page.status == 200, page
            listed += page.json["repositories"]
            pages += 1
            target = page["Link"][1:].partition(">")[0] if "Link" in page.headers else ""
            assert "secret" not in target
    assert listed == ["team/app"]
    assert pages >= 3, "a hundred names a page"


def test_the_first_user_of_a_file_with_a_byte_order_mark_logs_in(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    """As editors of Windows write it."""
    config = with_passwords(tmp_path)
    file = tmp_path / "htpasswd"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    with fresh_registry(config).connect() as api:
        for name in ("alice", "bob"):
            assert api("GET", "/v2/", headers=basic(name)).status == 200, name
