"""A registry for tests: what it makes, what it records, and how it fails when it is told to."""

from __future__ import annotations

import doctest
import json
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead

import pytest

import ocilot
from ocilot.errors import Error, NetworkError, RateLimited, RegistryError
from ocilot.testing import RegistryForTests, registry
from ocilot.testing.proxy import Proxy

ONCE = ocilot.Retry(attempts=1)


@pytest.fixture
def made() -> Iterator[RegistryForTests]:
    with RegistryForTests() as found:
        yield found


def ask(host: str, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(host, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_equal_arguments_give_equal_digests(made: RegistryForTests) -> None:
    with RegistryForTests() as other:
        for platforms in (("linux/amd64",), ("linux/amd64", "linux/arm64")):
            first = made.seed("team/app:v1", files={"a": b"1"}, platforms=platforms)
            assert first == other.seed("other/app", files={"a": b"1"}, platforms=platforms)
            assert first != other.seed("other/app", files={"a": b"2"}, platforms=platforms)
    with ocilot.connect(made.host) as client:
        index = client.repository("team/app").index("v1")
        assert [str(platform) for platform in index.platforms] == ["linux/amd64", "linux/arm64"]


def test_a_chart_is_seeded(made: RegistryForTests) -> None:
    digest = made.seed_chart("charts/web:1.0.0+x", files={"values.yaml": "a: 1\n"})
    with ocilot.connect(made.host) as client:
        manifest = client.repository("charts/web").manifest("1.0.0_x")
        assert manifest.digest == digest
        assert manifest.config is not None
        assert json.loads(client.repository("charts/web").blob(manifest.config.digest))["name"] == "web"


def test_requests_are_recorded_without_secrets(made: RegistryForTests) -> None:
    made.seed("team/app:v1")
    assert made.requests == [], "not those of the fixture itself"
    with ocilot.connect(made.host, auth=("bob", "secret")) as client:
        client.repository("team/app").resolve("v1")
    (request,) = [one for one in made.requests if one.path.endswith("/manifests/v1")]
    assert (request.method, request.status) == ("HEAD", 200)
    assert "secret" not in repr(made.requests)
    made.reset()
    assert made.requests == []
    assert ask(made.host, "GET", "/v2/team/app/tags/list")[0] == 200, "the content stays"


def test_the_next_requests_fail_as_often_as_they_are_told_to(made: RegistryForTests) -> None:
    made.seed("team/app:v1")
    made.fail_next(500, times=2, method="GET", path="/v2/*/tags/list")
    assert ask(made.host, "GET", "/v2/")[0] == 200, "another path"
    assert [ask(made.host, "GET", "/v2/team/app/tags/list?n=1")[0] for _ in range(3)] == [500, 500, 200]
    made.fail_next(429, retry_after="7")
    status, headers, _ = ask(made.host, "GET", "/v2/")
    assert (status, headers["retry-after"]) == (429, "7")
    made.fail_next(times=9)
    made.reset()
    assert ask(made.host, "GET", "/v2/")[0] == 200


def test_a_client_sees_the_failures(made: RegistryForTests) -> None:
    made.seed("team/app:v1")
    with ocilot.connect(made.host, retry=ONCE) as client:
        made.fail_next(429, retry_after="7", path="/v2/team/app/*")
        with pytest.raises(RateLimited) as limited:
            client.repository("team/app").resolve("v1")
        assert limited.value.retry_after == 7
        made.fail_next(503, times=2, path="/v2/team/app/*")
        with pytest.raises(RegistryError, match="503"):
            client.repository("team/app").manifest("v1")
        made.reset()
        made.fail_next(drop_after=10, path="/v2/team/app/manifests/*")
        with pytest.raises(NetworkError):
            client.repository("team/app").manifest("v1")


def test_an_answer_is_cut_where_it_is_told_to(made: RegistryForTests) -> None:
    made.seed("team/app:v1")
    made.fail_next(drop_after=5, path="/v2/team/app/manifests/v1")
    with pytest.raises(IncompleteRead) as cut:
        ask(made.host, "GET", "/v2/team/app/manifests/v1")
    assert len(cut.value.partial) == 5


def test_it_works_behind_a_map_of_ports(made: RegistryForTests) -> None:
    """Its own URLs have no host: a client that reaches it through another port stays there (H6)."""
    made.seed("team/app:v1")
    mapped = Proxy(made.host)
    try:
        _, headers, _ = ask(mapped.address, "POST", "/v2/team/other/blobs/uploads/")
        assert headers["location"].startswith("/v2/")
        assert ask(mapped.address, "GET", "/v2/team/app/tags/list?n=0")[0] == 200
        ocilot.copy(f"{made.host}/team/app:v1", f"{mapped.address}/team/copy:v1")
        with ocilot.connect(mapped.address) as client:
            assert [tag.name for tag in client.repository("team/copy").tags()] == ["v1"]
    finally:
        mapped.stop()


def test_users_and_administrators(made: RegistryForTests) -> None:
    with RegistryForTests(accounts=True) as guarded:
        bob, carol = guarded.add_user("bob"), guarded.add_user("carol", "secret-password", admin=True)
        assert (bob.password, carol.password) == ("bob-password", "secret-password")
        with ocilot.connect(guarded.host, auth=carol) as client:
            assert [one.name for one in client.admin.accounts.list() if one.admin] == ["carol"]
        with pytest.raises(Error, match="bob"):
            guarded.add_user("bob")
        assert guarded.requests != []
        guarded.seed("team/app:v1")
        status, headers, _ = ask(guarded.host, "GET", "/v2/team/app/tags/list")
        assert status == 401
        assert f"http://{guarded.host}/token" in headers["www-authenticate"], "as the client reaches it"
    with pytest.raises(Error, match="has no accounts: use RegistryForTests"):
        made.add_user("bob")


def test_a_stopped_one_is_gone_and_may_be_stopped_again() -> None:
    made = RegistryForTests()
    host = made.host
    made.stop()
    made.stop()
    with pytest.raises(OSError, match=r"refused"):
        ask(host, "GET", "/v2/")


def test_the_examples_run() -> None:
    assert doctest.testmod(registry, extraglobs={"RegistryForTests": RegistryForTests}).failed == 0
