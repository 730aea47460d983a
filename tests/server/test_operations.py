"""What an operator's machines ask and read."""

from __future__ import annotations

import json
import re
import shutil
import time
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import pytest

from .api import Api
from .conftest import FreshRegistry
from .images import make_image
from .people import basic, bearer, with_tokens
from .registry import Registry
from .test_account_commands import Commands

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


def test_the_access_log_names_verified_callers(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(with_tokens(tmp_path).replace("level: debug", "formatter: json"))
    tags = "/v2/public/app/tags/list"
    with registry.connect() as api:
        token = api("GET", "/token?scope=repository:team/app:pull", headers=basic("alice"))
        wrong_token = api("GET", "/token", headers=basic("alice", "wrong"))
        bearers = [bearer(token.json["token"]), bearer("no.such.token")]
        known, unknown = (api("GET", tags, headers=headers) for headers in bearers)
        answers = {
            token: ("alice", "user"),
            wrong_token: ("", ""),
            known: ("alice", "user"),
            unknown: ("", ""),
            api("GET", tags, headers=basic("bob")): ("bob", "user"),
            api("GET", tags, headers=basic("bob", "wrong")): ("", ""),
            api("GET", tags): ("", "anonymous"),
            api("GET", "/v2/team/app/tags/list"): ("", "anonymous"),
            api("PUT", "/v2/team/app/manifests/1", b"{}", basic("bob")): ("bob", "user"),
            api("GET", "/metrics", headers=basic("carol")): ("carol", "user"),
            api("GET", "/"): ("", ""),
        }
        expected = {answer["X-Request-Id"]: who for answer, who in answers.items()}
    entries = [json.loads(line) for line in registry.stop().splitlines() if line.startswith('{"time"')]
    found = {entry["request_id"]: (entry["user"], entry["kind"]) for entry in entries if "remote" in entry}
    assert found == expected


def test_the_text_of_the_access_log_names_them_too(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(with_tokens(tmp_path))
    with registry.connect() as api:
        api("GET", "/v2/public/app/tags/list", headers=basic("bob"))
        api("GET", "/v2/public/app/tags/list")
    named, anonymous = (line for line in registry.stop().splitlines() if '"GET /v2/public' in line)
    assert named.split()[2] == "bob"
    assert named.endswith(" user")
    assert anonymous.split()[2] == "-"
    assert anonymous.endswith(" anonymous")


def test_metrics_show_version_blobs_and_free_space(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry("version: 0.1\n")
    image = make_image("measured")
    with registry.connect() as api:

        def samples() -> dict[str, str]:
            lines = api("GET", "/metrics").body.decode().splitlines()
            return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

        for name in ("one", "two"):
            api.push_image(name, image, "1")
        Commands(registry).fine("jobs", "run", "measure-storage", "--wait")
        found = samples()
    assert found[f'ocilot_build_info{{version="{version("ocilot")}"}}'] == "1"
    assert int(found["ocilot_blob_bytes"]) == sum(len(blob.data) for blob in image.blobs)
    there = shutil.disk_usage(registry.home)
    assert int(found["ocilot_storage_total_bytes"]) == there.total
    assert 0 < int(found["ocilot_storage_free_bytes"]) <= there.total
    assert not any(name.startswith("ocilot_tls_") for name in found)


@pytest.mark.parametrize("config", ["version: 0.1\n", "version: 0.1\nhttp: {prefix: /registry/}\n"])
def test_the_root_says_what_answers(fresh_registry: FreshRegistry, config: str) -> None:
    registry = fresh_registry(config)
    root = "/registry/" if "prefix" in config else "/"
    with registry.connect() as api:
        line = api("GET", root)
        head = api("HEAD", root)
        assert (line.status, head.status) == (200, 200)
        assert line["Content-Type"] == "text/plain; charset=utf-8"
        assert line.body.startswith(b"ocilot, a container and OCI artifact registry. ")
        assert f":{registry.port}{root}v2/ ".encode() in line.body
        assert head["Content-Length"] == str(len(line.body))


def test_the_root_asks_nobody_to_log_in(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    with fresh_registry(with_tokens(tmp_path)).connect() as api:
        for headers in ({}, basic("alice", "wrong")):
            assert api("GET", "/", headers=headers).status == 200


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


def test_a_client_deceives_no_reader_of_the_log(fresh_registry: FreshRegistry) -> None:
    """Neither its terminal, with C1 controls, nor its eyes, with marks that turn the direction around."""
    registry = fresh_registry()
    deceiving = "a\x9b2Kb\u202ec\u2066d\u061ce\u200ff\u2028g"
    with registry.connect() as api, api.raw() as raw:
        raw.send(f"GET /v2/ HTTP/1.1\r\nHost: x\r\nUser-Agent: {deceiving}\r\n\r\n".encode())
        assert raw.answer().status == 200
        api("GET", f"/v2/{quote(deceiving)}/tags/list")
    output = registry.stop()
    assert all(character.isprintable() for character in output.replace("\n", ""))


def test_what_a_client_asks_for_in_vain_is_no_error_of_the_registry(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    with registry.connect() as api, api.raw() as raw:
        raw.send(b"PUT /v2/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n")
        assert raw.answer().status == 501
    output = registry.stop()
    assert " 501 " in output
    assert "level=error" not in output


def test_callers_of_readiness_share_a_probe(fresh_registry: FreshRegistry) -> None:
    """Each probe writes and syncs a file; the directory of the uploads tells how often."""
    registry = fresh_registry()
    uploads = registry.root / "ocilot/uploads"
    with registry.connect() as api:
        started = time.monotonic()
        changes = set()
        for _ in range(300):
            assert api("GET", "/readyz").status == 200
            changes.add(uploads.stat().st_mtime_ns)
        assert 1 <= len(changes) <= time.monotonic() - started + 2
