"""`on_*` hooks are told what has happened: by their script, each event until they have handled it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest

from ocilot.errors import ConfigError
from ocilot.hooks import (
    Caller,
    ManifestDeleted,
    ManifestPushed,
    Pulled,
    Registry,
    RegistryError,
    RepositoryRenamed,
    TagDeleted,
    TagMoved,
)
from ocilot.hooks.events import event_of
from ocilot.hooks.loading.points import POINTS, Family
from ocilot.hooks.problem import Problem
from ocilot.hooks.running import wire
from ocilot.hooks.testing import (
    FakeRegistry,
    Harness,
    a_caller,
    a_manifest_pushed,
    a_pulled,
    a_refused,
    a_tag_deleted,
    a_tag_moved,
)
from ocilot.hooks.testing.fields import MAKERS

from .conftest import Running
from .fake_box import FakeBox

HEAD = "from ocilot.hooks import *\nimport asyncio\n"

MOVED = {
    "id": "019e2f4c-7a10-8a3e-9c55-0a1b2c3d4e5f",
    "sequence": 4712,
    "time": "2026-11-21T17:48:55.123456Z",
    "action": "tag.moved",
    "repository": "team/app",
    "tag": "v1",
    "digest": "sha256:new",
    "previous_digest": "sha256:old",
    "actor": {"name": "ci", "kind": "robot"},
    "request": {"id": "9f86", "address": "192.0.2.1", "method": "PUT", "path": "/v2/", "of": "tomorrow"},
}


def told(box: FakeBox, point: str = "on_tag_moved", script: str = "a.py", **fields: Any) -> tuple[Any, ...]:
    return box.asked(point, script, json.dumps({**MOVED, **fields}))


def test_every_event_that_the_registry_tells_has_a_value_and_a_maker() -> None:
    events = [point for point in POINTS.values() if point.family is Family.EVENT and point.is_delivered]
    assert len(events) == 15
    assert {point.name for point in events} <= MAKERS.keys()
    for point in events:
        assert type(MAKERS[point.name]()) is point.argument


def test_an_event_has_what_the_registry_knows() -> None:
    event = event_of(TagMoved, json.dumps(MOVED), "", "")
    assert isinstance(event, TagMoved)
    assert (event.repository, event.tag, event.digest, event.previous) == (
        "team/app",
        "v1",
        "sha256:new",
        "sha256:old",
    )
    assert event.time.isoformat() == "2026-11-21T17:48:55.123456+00:00"
    assert event.caller == Caller("ci", (), "192.0.2.1", "robot")
    assert (event.request.method, event.request.host) == ("PUT", "")
    assert (event.token_id, event.cause, event.cause_id, event.cause_rule) == ("", "", "", "")
    assert event.traceparent == ""
    renamed = event_of(RepositoryRenamed, json.dumps({**MOVED, "renamed_from": "old/app"}), "", "")
    assert isinstance(renamed, RepositoryRenamed)
    assert renamed.previous_name == "old/app"
    pushed = event_of(ManifestPushed, json.dumps({**MOVED, "tags": ["a", "b"], "size": 7}), "", "")
    assert isinstance(pushed, ManifestPushed)
    assert (pushed.tags, pushed.size, pushed.subject) == (("a", "b"), 7, "")
    assert (pushed.top_level, pushed.annotations, pushed.platform) == (None, {}, "")
    known = {**MOVED, "platform": "linux/arm64/v8", "top_level": False}
    known |= {"annotations": {"a": "b"}, "annotations_total": 1}
    pushed = event_of(ManifestPushed, json.dumps(known), "", "")
    assert isinstance(pushed, ManifestPushed)
    assert (pushed.top_level, pushed.annotations, pushed.platform) == (False, {"a": "b"}, "linux/arm64/v8")
    deleted = event_of(ManifestDeleted, json.dumps({**MOVED, "parents": ["sha256:index"]}), "", "")
    assert isinstance(deleted, ManifestDeleted)
    assert (deleted.tags, deleted.parents) == ((), ("sha256:index",))


def test_an_event_names_groups_token_cause_and_trace_if_they_are_known() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    robot = {"name": "ci", "kind": "robot", "groups": ["ci", "dev"], "token_id": "0123456789abcdef"}
    event = event_of(TagMoved, json.dumps({**MOVED, "actor": robot, "traceparent": trace}), "", "")
    assert event.caller == Caller("ci", {"ci", "dev"}, "192.0.2.1", "robot")
    assert (event.token_id, event.traceparent) == ("0123456789abcdef", trace)
    cause = {"kind": "retention", "id": "7", "rule": "applications.delete.0"}
    gone = event_of(TagDeleted, json.dumps({**MOVED, "cause": cause}), "", "")
    assert (gone.cause, gone.cause_id, gone.cause_rule) == tuple(cause.values())


def test_pulls_have_a_number_and_no_caller_of_their_own(tmp_path: Path) -> None:
    told = {name: value for name, value in MOVED.items() if name not in ("actor", "request")}
    told |= {"action": "pulled", "media_type": "text/x", "size": 7, "times": 12}
    event = event_of(Pulled, json.dumps(told), "", "")
    assert isinstance(event, Pulled)
    assert (event.repository, event.tag, event.digest) == ("team/app", "v1", "sha256:new")
    assert (event.count, event.media_type, event.size) == (12, "text/x", 7)
    assert event.caller == Caller("", kind="system")
    assert event.request.method == ""
    assert (event.first, event.last, event.sampled) == (None, None, False)
    told |= {"first": "2026-11-21T17:48:00.5Z", "last": "2026-11-21T17:48:55Z", "sampled": True}
    event = event_of(Pulled, json.dumps(told), "", "")
    assert isinstance(event, Pulled)
    assert event.first == datetime(2026, 11, 21, 17, 48, 0, 500000, UTC)
    assert event.last == datetime(2026, 11, 21, 17, 48, 55, tzinfo=UTC)
    assert event.sampled is True
    del told["times"], told["tag"]
    once = event_of(Pulled, json.dumps(told), "", "")
    assert isinstance(once, Pulled)
    assert (once.count, once.tag) == (1, "")
    with pytest.raises(AttributeError):
        once.count = 2  # type: ignore[misc]
    path = tmp_path / "script.py"
    path.write_text("def on_pulled(event): raise ValueError(f'{event.tag} {event.count}')\n")
    with Harness(path) as hook, pytest.raises(ValueError, match="latest 5"):
        hook.notify(a_pulled(count=5))


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_functions_and_coroutines_are_told_one_after_the_other(
    running: Running, tmp_path: Path, isolation: str
) -> None:
    seen = tmp_path / "seen"
    running.script(
        HEAD
        + f"""\
def note(text):
    with open({str(seen)!r}, "a") as file: file.write(text + "\\n")
def on_tag_moved(event):
    note(f"function {{event.tag}} {{event.previous}}")
    return "what it answers is not asked"
class Later(Hook):
    async def on_tag_moved(self, event):
        await asyncio.sleep(0)
        note(f"coroutine {{event.id}}")
""",
        isolation=isolation,
    )
    box = running.start()
    assert told(box) == ("none",)
    assert seen.read_text().splitlines() == ["function v1 sha256:old", f"coroutine {MOVED['id']}"]
    assert box.points == []
    assert running.hooks.listeners == [("a.py", ["on_tag_moved"], None, 11.0, "")]


def test_an_event_that_meets_a_reload_is_told_to_the_new_scripts(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old ones may be stopped: they do not see that they are still needed."""
    seen = tmp_path / "seen"
    text = HEAD + "def on_tag_moved(event):\n    with open({!r}, 'a') as file: file.write('{} ')\n"
    running.script(text.format(str(seen), "old"))
    box = running.start()
    about = wire.event_about

    def meets_a_reload(*values: str) -> Any:
        if not (tmp_path / "reloaded").exists():
            (tmp_path / "reloaded").touch()
            (tmp_path / "a.py").write_text(text.format(str(seen), "new"))
            assert running.hooks.reload()["ok"]
        return about(*values)

    monkeypatch.setattr(wire, "event_about", meets_a_reload)
    assert told(box) == ("none",)
    assert seen.read_text() == "new "


def test_a_hook_that_fails_is_said_and_so_is_told_again(running: Running) -> None:
    running.script(HEAD + "def on_tag_moved(event): 1/0\n")
    box = running.start()
    kind, reason, by = told(box)
    assert (kind, by) == ("fail", "a.py")
    assert "ZeroDivisionError" in reason
    box.wait_until(lambda: box.counts)
    assert box.counts == [("a.py", "on_tag_moved", "failure")]


def test_a_coroutine_that_was_not_awaited_is_a_failure(running: Running) -> None:
    running.script(HEAD + "async def later(): ...\ndef on_tag_moved(event): return later()\n")
    kind, reason, _ = told(running.start())
    assert (kind, "await" in reason) == ("fail", True)


def test_only_the_script_that_is_named_is_told(running: Running) -> None:
    running.script(HEAD + "def on_tag_moved(event): raise ValueError('a')\n", "a.py")
    running.script(HEAD + "def on_tag_moved(event): raise ValueError('b')\n", "b.py")
    running.script(HEAD + "def on_tag_deleted(event): ...\ndef admit_tag(move): ...\n", "c.py")
    box = running.start()
    assert "ValueError: b" in told(box, script="b.py")[1]
    assert told(box, script="c.py") == ("none",), "it has no hook for it any more"
    assert told(box, script="d.py")[0] == "fail", "it may come back: nothing is lost"
    assert [name for name, *_ in running.hooks.listeners] == ["a.py", "b.py", "c.py"]
    assert [point for point, _ in box.points] == ["admit_tag"]


def test_a_script_is_told_of_its_repositories(running: Running) -> None:
    running.script(
        HEAD + "def on_tag_moved(event): 1/0\ndef on_refused(event): 1/0\n", repositories=("team/*",)
    )
    box = running.start()
    assert told(box, repository="other/app") == ("none",)
    assert told(box)[0] == "fail"
    login = {key: value for key, value in MOVED.items() if key != "repository"}
    assert box.asked("on_refused", "a.py", json.dumps(login)) == ("none",)
    assert running.hooks.listeners[0][2] == ["team/*"]


def test_a_reload_tells_the_new_script(running: Running) -> None:
    running.script(HEAD + "def on_tag_moved(event): 1/0\n")
    box = running.start()
    assert told(box)[0] == "fail"
    (running.directory / "a.py").write_text(
        HEAD + "def on_tag_moved(event): ...\ndef on_mounted(event): ...\n"
    )
    assert running.hooks.reload()["ok"]
    assert told(box) == ("none",)
    assert [points for _, points, *_ in box.listeners] == [["on_tag_moved", "on_mounted"]]


@pytest.mark.parametrize(
    ("text", "spec", "said"),
    [
        ("def admit_tag(move): ...", {"caller": "robot:ci"}, "a.py: caller is for on_* hooks"),
        ("def on_tag_moved(event): ...", {"on_error": "allow"}, "a.py: on_error: allow is for admit_* only"),
        ("def on_tag_moved(a, b): ...", {}, "a.py:3: on_tag_moved takes the arguments (a, b); expected one"),
        ("def on_tag_set(event): ...", {}, "a.py:3: unknown hook point on_tag_set"),
    ],
)
def test_what_does_not_fit_is_refused(running: Running, text: str, spec: Any, said: str) -> None:
    running.script(HEAD + text + "\n", **spec)
    with pytest.raises(ConfigError) as caught:
        running.start()
    assert str(caught.value).startswith(said)


class ControlSocket:
    """Answers everything at a socket as a FakeRegistry would, and remembers who asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.registry = FakeRegistry()
        self.callers: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                outer.callers.append(self.headers["Ocilot-As"])
                content = self.rfile.read(int(self.headers["Content-Length"] or 0))
                answer = outer.registry._ask(self.command, self.path, dict(self.headers), content)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_PUT = do_POST = answer

            def address_string(self) -> str:
                return "local"

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingUnixStreamServer(str(path), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlSocket]:
    one = ControlSocket(tmp_path / "control.sock")
    yield one
    one.close()


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_hook_acts_as_the_caller_of_its_configuration(
    running: Running, control: ControlSocket, isolation: str
) -> None:
    digest = control.registry.push_manifest({"schemaVersion": 2}, "v1")
    running.script(
        HEAD + "def on_tag_moved(event): event.registry.tag(event.tag, 'stable')\n",
        caller="robot:ci",
        isolation=isolation,
    )
    box = running.start(str(control.path))
    assert told(box) == ("none",)
    assert control.registry.writes[-1] == ("tag", "team/app", "stable", digest)
    assert set(control.callers) == {"robot:ci"}
    assert running.hooks.listeners[0][4] == "robot:ci"


def test_without_a_caller_or_a_socket_nothing_is_done(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="set `caller: robot:NAME` for the script"):
        Registry("x", "", "team/app").tags()
    with pytest.raises(RegistryError, match=r"set ocilot\.controlsocket"):
        Registry("", "robot:ci", "team/app").tags()
    with pytest.raises(RegistryError, match="cannot reach the registry: ") as caught:
        Registry(str(tmp_path / "none"), "robot:ci", "team/app").tags()
    assert caught.value.status == 0


def test_what_the_registry_refuses_is_raised_with_its_sentence(control: ControlSocket) -> None:
    registry = Registry(str(control.path), "robot:ci", "team/app")
    with pytest.raises(RegistryError) as caught:
        registry.manifest("v1")
    assert caught.value.status == 404
    assert str(caught.value) == "GET /v2/team/app/manifests/v1: manifest not found in the repository"


@pytest.mark.parametrize("where", ["memory", "socket"])
def test_the_client_reads_and_stores(control: ControlSocket, where: str) -> None:
    memory = where == "memory"
    registry = FakeRegistry() if memory else Registry(str(control.path), "robot:ci", "team/app")
    image = registry.push_manifest({"schemaVersion": 2}, "v1")
    found = registry.manifest("v1")
    assert (found.digest, found.parsed) == (image, {"schemaVersion": 2})
    assert registry.tag("v1", "stable") == image
    assert registry.tags() == ["stable", "v1"]
    report = registry.attach("v1", b"{}", artifact_type="text/report", annotations={"by": "me"})
    (referrer,) = registry.referrers(image, artifact_type="text/report")
    assert (referrer.digest, referrer.annotations) == (report, {"by": "me"})
    assert registry.referrers(image, artifact_type="other") == ()
    (layer,) = registry.manifest(report).parsed["layers"]
    assert registry.blob(layer["digest"]) == b"{}"
    assert registry.tags(repository="other/app") == []


def test_the_kit_tells_events_and_has_a_registry_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        HEAD + "def on_tag_moved(event):\n    if event.caller.name != 'bot':\n"
        "        event.registry.tag(event.digest, f'{event.tag}-seen')\n"
        "async def on_refused(event): raise ValueError(event.reason)\n"
    )
    with Harness(path) as hook:
        registry = FakeRegistry()
        digest = registry.push_manifest({"schemaVersion": 2}, "v1")
        hook.notify(a_tag_moved(tag="v1", digest=digest, registry=registry))
        assert registry.tags() == ["v1", "v1-seen"]
        hook.notify(a_tag_moved(caller=a_caller("bot")))
        with pytest.raises(ValueError, match="no access rule allows push"):
            hook.notify(a_refused())
        with pytest.raises(ValueError, match="has no on_tag_deleted"):
            hook.notify(a_tag_deleted())
    with pytest.raises(TypeError, match="expected the value of an on_"):
        hook.notify(a_caller())  # type: ignore[arg-type]
    assert a_manifest_pushed().registry is not a_manifest_pushed().registry


def test_a_path_that_is_too_long_for_a_socket_is_no_problem(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 100)
    directory.mkdir()
    one = socket.socket(socket.AF_UNIX)
    one.close()
    with pytest.raises(RegistryError, match="No such file or directory"):
        Registry(str(directory / "control.sock"), "robot:ci", "team/app").tags()


def test_problems_are_those_of_the_script(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text("def on_mirrored(event): ...\n")
    with pytest.raises(Problem, match="this version has no such event"):
        Harness(path)
