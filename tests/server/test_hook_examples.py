"""docs/hooks/examples.md is followed literally, and its hooks meet services that fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from ocilot.hooks import Deny
from ocilot.hooks.testing import Harness, a_push

from .api import Answer
from .conftest import FreshRegistry
from .images import Image, make_image, make_index
from .pages import blocks, follow
from .registry import Registry

PAGE = Path(__file__).parents[2] / "docs/hooks/examples.md"
FILES = {block.file: block.text for block in blocks(PAGE) if block.file is not None}
BIN = Path(sys.executable).parent
ASKED = "http://127.0.0.1:8000/decide"


class Service:
    """A policy service that answers as its path says; `/silent` answers when the test is over."""

    def __init__(self) -> None:
        self.questions: list[Any] = []
        self._over = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service.questions.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if self.path == "/silent":
                    service._over.wait()
                with suppress(ConnectionError):  # The hook may have left.
                    self.send_response(500 if self.path == "/broken" else 200)
                    self.end_headers()
                    self.wfile.write(ANSWERS.get(self.path, b"{}"))

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


ANSWERS = {
    "/yes": b'{"allow": true}',
    "/no": b'{"allow": false, "reason": "not scanned yet"}',
    "/truthy": b'{"allow": "yes", "reason": "not a boolean"}',
    "/page": b"<html>",
}
FAILURES = ["/broken", "/silent", "/page", "/nothing"]


@pytest.fixture
def service() -> Iterator[Service]:
    one = Service()
    yield one
    one.close()


def test_every_file_and_command_of_the_page_works(tmp_path: Path) -> None:
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "200"}

    def run(words: list[str]) -> str:
        ran = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran
        return str(ran.stdout + ran.stderr)

    follow(PAGE, tmp_path, run)
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == set(FILES)


@pytest.fixture
def script(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    file = tmp_path / str(request.param)
    file.write_text(FILES[file.name])
    return file


def options(script: Path, *urls: str) -> dict[str, Any]:
    return {"urls": list(urls)} if script.name == "policy_services.py" else {"url": urls[0]}


both = pytest.mark.parametrize("script", ["policy_service.py", "policy_services.py"], indirect=True)


@both
def test_the_service_decides(script: Path, service: Service) -> None:
    assert Harness(script, **options(script, f"{service.url}/yes")).admit(a_push()) is None
    assert service.questions[-1]["repository"] == "team/app"
    for path, reason in (("/no", "not scanned yet"), ("/truthy", "not a boolean")):
        assert Harness(script, **options(script, service.url + path)).admit(a_push()) == Deny(reason)
    asked = len(service.questions)
    index = a_push(manifest={"schemaVersion": 2, "manifests": []})
    assert Harness(script, **options(script, f"{service.url}/no")).admit(index) is None
    assert len(service.questions) == asked


@both
@pytest.mark.parametrize(
    ("path", "raised"),
    [("/broken", HTTPError), ("/silent", TimeoutError), ("/page", ValueError), ("/nothing", KeyError)],
)
def test_a_failure_of_the_service_is_an_exception(
    script: Path, path: str, raised: type[Exception], service: Service
) -> None:
    hook = Harness(script, **options(script, service.url + path), timeout="100ms")
    with pytest.raises(raised) as caught:
        hook.admit(a_push())
    if isinstance(caught.value, HTTPError):
        caught.value.close()


@pytest.mark.parametrize("script", ["policy_services.py"], indirect=True)
def test_one_service_of_several_denies(script: Path, service: Service) -> None:
    hook = Harness(script, urls=[f"{service.url}/yes", f"{service.url}/no"])
    assert hook.admit(a_push()) == Deny("not scanned yet")
    assert len(service.questions) == 2


def pushed(registry: Registry, image: Image, name: str = "team/app") -> Answer:
    with registry.connect() as api:
        for blob in image.blobs:
            api.push_blob(name, blob.data)
        return api(
            "PUT",
            f"/v2/{name}/manifests/v1",
            image.manifest.data,
            {"Content-Type": image.manifest.media_type},
        )


def started(fresh_registry: FreshRegistry, url: str, on_error: str = "deny") -> Registry:
    config = FILES["config.yml"].replace(ASKED, url).replace("timeout: 2s", "timeout: 100ms")
    config = config.replace("deadline: 5s", f"deadline: 5s\n        on_error: {on_error}")
    registry = fresh_registry(config, start=False)
    (registry.home / "policy_service.py").write_text(FILES["policy_service.py"])
    return registry.start()


def test_a_registry_rejects_what_the_service_rejects(fresh_registry: FreshRegistry, service: Service) -> None:
    registry = started(fresh_registry, f"{service.url}/no")
    answer = pushed(registry, make_image("policy"))
    answer.assert_error(403)
    assert answer.json["errors"][0]["message"] == "not scanned yet"
    assert pushed(registry, make_image("policy"), "other/app").status == 201


@pytest.mark.parametrize("path", FAILURES)
def test_a_registry_stores_nothing_while_the_service_fails(
    path: str, fresh_registry: FreshRegistry, service: Service
) -> None:
    registry = started(fresh_registry, service.url + path)
    pushed(registry, make_image("policy")).assert_error(503)
    registry.wait_for_line("hook failed")
    with registry.connect() as api:
        assert not api.has_manifest("team/app", "v1")


def test_a_registry_may_be_told_to_accept_pushes_while_the_service_is_down(
    fresh_registry: FreshRegistry, service: Service
) -> None:
    registry = started(fresh_registry, f"{service.url}/broken", on_error="allow")
    assert pushed(registry, make_image("policy")).status == 201


def test_the_label_of_the_page_is_required_of_images_only(fresh_registry: FreshRegistry) -> None:
    image, script = make_image("no label"), "require_source.py"
    config = f"version: 0.1\nocilot: {{hooks: {{scripts: [{{path: {script}}}]}}}}\n"
    registry = fresh_registry(config, start=False)
    (registry.home / script).write_text("def admit_manifest(push): return None\n")
    registry.start()
    with registry.connect() as api:
        api.push_image("team/app", image)
    (registry.home / script).write_text(FILES[script])
    registry.restart()
    with registry.connect() as api:
        api.push_manifest("team/app", "v1", make_index([image]))
    pushed(registry, image).assert_error(403)
