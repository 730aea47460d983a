"""A web page elsewhere changes nothing, with the passwords that a browser knows or from where it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .api import Api, Raw
from .conftest import FreshRegistry
from .guarded import Guarded, guarded
from .people import basic, with_tokens
from .registry import Registry

PAGES = {
    "another": {"Origin": "https://evil.example"},
    "no-one's": {"Origin": "null"},
    "another-port": {"Origin": "http://127.0.0.1:1"},
    "longer": {"Origin": "http://127.0.0.1.evil.example"},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
}
"""What browsers add to the requests of a page that is not the registry's."""

FORMS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None)
"""Types that a page may send without asking first."""

UPLOAD = "/v2/team/app/blobs/uploads/"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("pages")) as made:
        yield made


def signing_keys(api: Api) -> int:
    return len(api("GET", "/token/keys").json["keys"])


@pytest.mark.parametrize("page", PAGES)
def test_another_page_writes_nothing(there: Guarded, page: str) -> None:
    before = there.everything()
    own = {"Content-Type": "application/json"}
    for method, target, body, more in (
        ("POST", UPLOAD, b"", {}),
        ("DELETE", "/v2/team/app/manifests/latest", None, {}),
        ("POST", "/api/v1/keys", b"", own),
        ("POST", "/api/v1/hooks/reload", b"", own),
        ("POST", "/api/v1/accounts", b'{"name": "mallory"}', own),
        ("DELETE", "/api/v1/accounts/carol", None, {}),
    ):
        keys = signing_keys(there.api)
        answer = there.ask("carol", method, target, body, {**PAGES[page], **more})
        assert (answer.status, answer.codes) == (403, ["DENIED"]), (target, answer)
        assert signing_keys(there.api) == keys
    assert there.ask("nobody", "GET", "/v2/public/app/tags/list", headers=PAGES[page]).status == 200
    assert there.everything() == before


def test_an_open_registry_takes_no_upload_of_another_page(registry: Registry, name: str) -> None:
    with registry.connect() as api:
        for page in PAGES.values():
            assert api("POST", f"/v2/{name}/blobs/uploads/", b"", page).status == 403
        assert api("POST", f"/v2/{name}/blobs/uploads/", b"", {"Origin": registry.url}).status == 202


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_does_not_administer(there: Guarded, kind: str | None) -> None:
    headers = {**basic("carol"), **({"Content-Type": kind} if kind else {})}
    for target in ("/api/v1/keys", "/api/v1/hooks/reload", "/api/v1/tokens"):
        answer = there.api("POST", target, b"{}" if kind else b"", headers)
        assert (answer.status, answer.codes) == (403, ["DENIED"]), (target, answer)
    assert signing_keys(there.api) == 1


def test_live_signing_keys_are_few(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    headers = {**basic("carol"), "Content-Type": "application/json"}
    with fresh_registry(with_tokens(tmp_path)).connect() as api:
        made = [api("POST", "/api/v1/keys", b"", headers) for _ in range(16)]
        assert [answer.status for answer in made] == [201] * 15 + [429]
        assert int(made[-1]["Retry-After"]) > 0
        assert signing_keys(api) == 16


OTHER_HOSTS = ("evil.example", "localhost.evil.example:5000", "10.0.0.1", "[::3]:80")
OWN_HOSTS = ("localhost", "127.0.0.1:1", "[::1]", "a.localhost")


def test_an_open_registry_on_loopback_answers_to_its_own_names(fresh_registry: FreshRegistry) -> None:
    """Else a page whose name leads here at its second lookup (DNS rebinding) could read and write."""
    registry = fresh_registry(env={"REGISTRY_OCILOT_HOSTNAMES": ""})

    def asked_as(host: str, target: str) -> int:
        with Raw(registry.port) as raw:
            raw.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            return raw.answer().status

    for target in ("/v2/", "/v2/_catalog", "/metrics"):
        assert [asked_as(host, target) for host in OTHER_HOSTS] == [403] * len(OTHER_HOSTS), target
        assert [asked_as(host, target) for host in OWN_HOSTS] == [200] * len(OWN_HOSTS), target
