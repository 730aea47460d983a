"""What an operator's machines ask and read."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .api import Api
from .conftest import FreshRegistry
from .images import make_image
from .people import basic, with_tokens
from .registry import Registry

SAMPLE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-z_]+="[^"]*",?)*\})? [0-9.e+-]+(Inf)?')


def test_health_readiness_and_metrics(api: Api) -> None:
    for target in ("/healthz", "/readyz"):
        for method in ("GET", "HEAD"):
            assert api(method, target).status == 200
    answer = api("GET", "/metrics")
    assert answer.status == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = [line for line in answer.body.decode().splitlines() if line and not line.startswith("#")]
    assert samples
    for line in samples:
        assert SAMPLE.fullmatch(line), line


def test_requests_are_counted(fresh_registry: FreshRegistry) -> None:
    with fresh_registry().connect() as api:
        before = api("GET", "/metrics").body
        api.push_image("app", make_image("counted"), "1")
        assert api("GET", "/metrics").body != before


def test_metrics_of_a_registry_with_accounts_are_for_those_it_names(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    config = with_tokens(tmp_path).replace("[anonymous]}", "[user:bob]}")
    with fresh_registry(config).connect() as api:
        for who, status in ((None, 401), ("alice", 403), ("bob", 200), ("carol", 200)):
            answer = api("GET", "/metrics", headers=basic(who) if who else {})
            assert answer.status == status, who
            assert (b"ocilot_" in answer.body) == (status == 200)
        assert api("GET", "/metrics", headers=basic("carol", "wrong")).status == 401
        for target in ("/healthz", "/readyz"):
            assert api("GET", target).status == 200


DEBUG = """\
version: 0.1
http:
  debug:
    addr: 127.0.0.1:0
"""


def test_a_debug_address_takes_the_operations_away_from_the_main_one(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(DEBUG)
    found = re.search(r"metrics on +http://127\.0\.0\.1:(\d+)", registry.process.output())
    assert found, registry.process.output()
    with registry.connect() as main, Api("127.0.0.1", int(found[1])) as debug:
        for target in ("/healthz", "/readyz", "/metrics"):
            assert debug("GET", target).status == 200
            assert main("GET", target).status == 404
        assert main("GET", "/v2/").status == 200
        assert debug("GET", "/v2/").status == 404


def log_lines(registry: Registry, word: str) -> list[str]:
    return [line for line in registry.process.output().splitlines() if word in line]


def test_every_request_has_an_id_and_a_line_in_the_log(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    with registry.connect() as api:
        api.push_image("team/app", make_image("logged"), "1")
        answers = [
            api("GET", "/v2/team/app/manifests/1"),
            api("GET", "/v2/team/app/manifests/nothing"),
            api("GET", "/v2/Bad/tags/list"),
            api("GET", "/v2/"),
        ]
        ids = [answer["X-Request-Id"] for answer in answers]
        assert len(set(ids)) == len(ids)
    registry.stop()
    for answer, request_id in zip(answers, ids, strict=True):
        lines = log_lines(registry, request_id)
        assert len(lines) == 1, lines
        assert str(answer.status) in lines[0]


def test_the_log_can_be_json(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry("version: 0.1\nlog:\n  formatter: json\n")
    with registry.connect() as api:
        request_id = api("GET", "/v2/some/app/manifests/1")["X-Request-Id"]
    registry.stop()
    lines = log_lines(registry, request_id)
    assert len(lines) == 1
    entry = json.loads(lines[0])
    assert {"GET", "/v2/some/app/manifests/1", request_id, 404} <= set(entry.values())


def test_a_client_cannot_forge_a_line_in_the_log(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    with registry.connect() as api:
        api("GET", "/v2/a%0Aforged/tags/list", headers={"User-Agent": 'x" forged="1'})
        with api.raw() as raw:
            raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nUser-Agent: a\tforged\x1b[2J\r\n\r\n")
            raw.socket.recv(1000)
    output = registry.stop()
    assert not re.search(r"^forged", output, re.MULTILINE)
    assert "\x1b" not in output
