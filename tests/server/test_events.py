"""What happens in a registry is a list in pages, a stream and a command: none of them misses anything."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from subprocess import PIPE, Popen
from typing import Any
from urllib.parse import urlencode

from ocilot.cli.control import Control
from ocilot.cli.event_messages import Message, read_messages

from .api import metric
from .conftest import FreshRegistry
from .garbage import delete
from .images import make_image
from .people import basic
from .programs import Argument, environment, wait_until
from .registry import OCILOT, Registry
from .test_account_commands import Commands
from .test_collection import IN_AN_HOUR, config_with, control_of

CONFIG = config_with(IN_AN_HOUR)
STREAM_TYPE = "text/event-stream"
STREAM = {"Accept": STREAM_TYPE}
RESIDENT, STREAMS = "process_resident_memory_bytes", "ocilot_http_streams"


def push(registry: Registry, repository: str, *tags: str, name: str = "") -> str:
    image = make_image(name or f"{repository}:{tags}")
    with registry.connect() as api:
        api.push_image(repository, image, *tags)
    return image.digest


def page(control: Control, **query: Any) -> Any:
    return control.ask("GET", f"/api/v1/events?{urlencode(query, doseq=True)}")


@contextmanager
def stream(registry: Registry, after: str | None = None, **query: Any) -> Iterator[Iterator[Message]]:
    """The messages of a stream, which begins with the place."""
    with control_of(registry) as control:
        headers = STREAM if after is None else {**STREAM, "Last-Event-ID": after}
        target = "/api/v1/events" + (f"?{urlencode(query, doseq=True)}" if query else "")
        messages = read_messages(control.lines(target, headers))
        first = next(messages)
        assert first.id is not None
        assert first.data is None
        yield messages


def test_a_push_is_one_event_of_the_manifest_and_one_of_its_tag(fresh_registry: FreshRegistry) -> None:
    """E1, E3, E6: one event a fact, each with repository, tag and digest."""
    registry = fresh_registry(CONFIG)
    digest = push(registry, "team/app", "v1", name="one")
    push(registry, "team/app", "prod", name="one")
    moved = push(registry, "team/app", "prod", name="two")
    with control_of(registry) as control:
        events = page(control)["events"]
        everything = page(control, action="*")["events"]
    seen = [(one["action"], one.get("tag"), one["digest"]) for one in events]
    assert seen == [
        ("manifest.pushed", "v1", digest),
        ("tag.created", "v1", digest),
        ("manifest.pushed", "prod", digest),
        ("tag.created", "prod", digest),
        ("manifest.pushed", "prod", moved),
        ("tag.moved", "prod", moved),
    ]
    (move,) = (one for one in events if one["action"] == "tag.moved")
    assert move["previous_digest"] == digest
    assert {one["repository"] for one in events} == {"team/app"}
    assert len({one["id"] for one in everything}) == len(everything)
    others = {"blob.pushed", "repository.created"}
    assert others == {one["action"] for one in everything} - {one["action"] for one in events}


def test_a_deletion_names_the_tags_that_it_took_along(fresh_registry: FreshRegistry) -> None:
    """E2."""
    registry = fresh_registry(CONFIG)
    digest = push(registry, "team/app", "v1", "v2")
    with registry.connect() as api:
        delete(api, "team/app", digest)
    with control_of(registry) as control:
        events = page(control, action=["manifest.deleted", "tag.deleted"])["events"]
    assert [one["action"] for one in events] == ["manifest.deleted", "tag.deleted", "tag.deleted"]
    assert sorted(events[0]["tags"]) == sorted(one["tag"] for one in events[1:]) == ["v1", "v2"]
    assert {one["digest"] for one in events} == {digest}


def test_pages_lead_on_to_the_end(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(CONFIG)
    for number in range(5):
        push(registry, f"a/b/c{number}", "v1")
    with control_of(registry) as control:
        all_at_once = page(control)["events"]
        found = list(control.ask_all("/api/v1/events?n=2", "events"))
        assert found == all_at_once
        assert len(found) == 10
        last = page(control, n=0)["newest"]
        assert page(control, after=last) == {"events": [], "next": last, "newest": last}
        only = page(control, repository="a/b/c3", tag="v*", action="tag.*")["events"]
    assert [one["repository"] for one in only] == ["a/b/c3"]


def test_a_stream_has_what_happens_and_continues_where_it_ended(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(CONFIG)
    push(registry, "team/app", "before")
    with stream(registry, action="tag.*") as messages:
        push(registry, "team/app", "v1")
        first = next(messages)
        assert (first.data["action"], first.data["tag"]) == ("tag.created", "v1")
    push(registry, "team/app", "v2")
    with stream(registry, first.id, action="tag.*") as messages:
        push(registry, "team/app", "v3")
        assert [one.data["tag"] for one in islice(messages, 2)] == ["v2", "v3"]
    with stream(registry, "0", action="tag.*") as messages:
        assert [one.data["tag"] for one in islice(messages, 4)] == ["before", "v1", "v2", "v3"]


def test_a_stream_continues_after_a_restart(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(CONFIG)
    with stream(registry) as messages:
        push(registry, "team/app", "v1")
        place = list(islice(messages, 2))[-1].id
        registry.stop()
        assert list(messages) == [], "it ends, and not in the middle of an event"
    registry.restart()
    push(registry, "team/app", "v2")
    with stream(registry, place) as messages:
        assert [one.data["tag"] for one in islice(messages, 2)] == ["v2", "v2"]


def test_a_stream_does_not_keep_a_registry_from_stopping(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(CONFIG)
    with stream(registry), stream(registry):
        assert "stopped" in registry.stop()


def test_a_place_that_has_expired_is_said(fresh_registry: FreshRegistry) -> None:
    """A page is refused with the place to continue from, and a stream begins there and says so."""
    registry = fresh_registry(CONFIG)
    push(registry, "team/app", "v1")
    with control_of(registry) as control:
        newest = page(control, n=0)["newest"]
    with registry.connect() as api:
        answer = api("GET", f"/api/v1/events?after={newest + 100}", headers={"Ocilot-Request": "1"})
        assert answer.status in (401, 403), "only administrators read events"
    ran = Commands(registry)("events", "--after", str(newest + 100))
    assert ran.code == 3, ran
    assert f"the log has 1 to {newest}; continue with after=0" in ran.err
    with stream(registry, str(newest + 100)) as messages:
        reset = next(messages)
        assert (reset.event, reset.id, reset.data) == ("reset", "0", {"after": 0})
        assert next(messages).data["action"] == "manifest.pushed"


def test_a_slow_reader_costs_bounded_memory_and_delays_nobody(fresh_registry: FreshRegistry) -> None:
    """E8, E11: the log is the queue; what a client does not read is not in memory."""
    registry = fresh_registry(CONFIG)
    for number in range(20):
        push(registry, f"team/app{number}", *(f"v{tag}" for tag in range(40)))
    with socket.socket(socket.AF_UNIX) as slow, registry.connect() as api:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(str(registry.root / "ocilot/control.sock"))
        target = "/api/v1/events?after=0&action=*"
        slow.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: {STREAM_TYPE}\r\n\r\n".encode())
        assert slow.recv(1000)
        memory = metric(api, RESIDENT)
        with stream(registry, "0", action="tag.created") as messages:
            assert len(list(islice(messages, 800))) == 800
        assert metric(api, RESIDENT) - memory < 32 << 20


def test_a_client_that_leaves_ends_its_stream(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(CONFIG)
    with registry.connect() as api:
        with stream(registry):
            assert metric(api, STREAMS) == 1
        push(registry, "team/app", "v1")
        wait_until(lambda: metric(api, STREAMS) == 0, "the end of the stream")


def test_the_command_lists_events(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(CONFIG)
    commands = Commands(registry)
    digest = push(registry, "team/app", "v1")
    push(registry, "other", "v1")
    lines = [line.split() for line in commands.fine("events", "--repository", "team/**").splitlines()]
    assert lines[0] == ["TIME", "ACTION", "REPOSITORY", "TAG", "DIGEST", "BY"]
    assert [line[1:] for line in lines[1:]] == [
        ["manifest.pushed", "team/app", "v1", digest, "anonymous"],
        ["tag.created", "team/app", "v1", digest, "anonymous"],
    ]
    (event,) = commands.data("events", "--action", "tag.*", "--tag", "v1", "--repository", "other")
    assert event["repository"] == "other"
    assert commands.data("events", "--after", str(event["sequence"])) == []
    assert len(commands.data("events", "-n", "1")) == 1
    registry.stop()
    assert len(commands.data("events")) == 4, "no registry has to run"
    assert commands("events", "--follow").code == 6
    wrong = commands("events", "--action", "tag.move")
    assert (wrong.code, "tag.moved" in wrong.err) == (2, True)


def test_the_command_follows(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(CONFIG)
    words: list[Argument] = [OCILOT, "events", "--follow", "--after", "0", "-o", "jsonl", "--action", "tag.*"]
    env = environment(registry.home)
    with Popen([*words, "--root", registry.root], env=env, stdout=PIPE, stderr=PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert follower.stderr is not None
        for tag in ("v1", "v2"):
            push(registry, "team/app", tag)
            assert json.loads(follower.stdout.readline())["tag"] == tag
        registry.stop()
        assert follower.wait(30) == 6
        assert "continue with --after " in follower.stderr.read()


def test_a_stream_is_chunked_over_tcp_too(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry("version: 0.1\nocilot: {accounts: {enabled: true}}\n")
    Commands(registry).fine(
        "user", "add", "root", "--admin", "--password-stdin", stdin="correct horse battery\n"
    )
    host, _, port = registry.address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    headers = {**STREAM, **basic("root", "correct horse battery"), "Ocilot-Request": "1"}
    connection.request("GET", "/api/v1/events", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.readline().startswith(b"retry: ")
    connection.close()
