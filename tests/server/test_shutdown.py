"""How a registry leaves: load balancers are told first, and nothing that is stuck keeps it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from .api import Api
from .conftest import FreshRegistry
from .images import make_image
from .programs import Ran, environment, wait_until
from .registry import LISTENING, OCILOT, Registry
from .test_account_commands import Commands
from .test_settings import config_of


def is_leaving(registry: Registry) -> bool:
    with registry.connect() as api:
        answer = api("GET", "/readyz")
    assert answer.status in (200, 503), answer
    return answer.status == 503


def test_it_is_not_ready_at_once_and_serves_on_for_the_delay(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(ocilot={"shutdowndelay": "10m"}))
    with registry.connect() as before:
        assert before("GET", "/readyz").status == 200
        registry.process.signal(signal.SIGTERM)
        wait_until(lambda: is_leaving(registry), "/readyz with 503")
        assert before("GET", "/healthz").status == 200
        before.push_image("app", make_image("late"), "1")
        with registry.connect() as new:
            assert new("GET", "/v2/app/manifests/1").status == 200
    registry.process.signal(signal.SIGTERM)
    assert registry.process.wait() == 0
    output = registry.process.output()
    assert "delay_seconds=600" in output
    assert "SIGTERM: requests under way may end" in output


def test_an_interrupt_ends_the_delay_too(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(ocilot={"shutdowndelay": "10m"}))
    registry.process.signal(signal.SIGTERM)
    wait_until(lambda: is_leaving(registry), "/readyz with 503")
    registry.process.signal(signal.SIGINT)
    assert registry.process.wait() == 0


def test_the_delay_ends_by_itself(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(ocilot={"shutdowndelay": "1s"}))
    assert "delay_seconds=1" in registry.stop()


@contextmanager
def unread(tmp_path: Path, stderr: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A registry whose standard output nobody reads, and its port."""
    home = tmp_path / "home"
    env = environment(home)
    words = ["/usr/bin/setpriv", "--pdeathsig", "KILL", str(OCILOT), "serve", "--root", str(home / "data")]
    log = home / "log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            [*words, "--addr", "127.0.0.1:0"],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr or file,
        )
    try:
        assert process.stdout is not None
        pipe = process.stdout.fileno()
        read = bytearray()

        def port() -> int | None:
            # One pipe for both: it is read until the registry says where it is, and never again.
            if stderr:
                read.extend(os.read(pipe, 4096))
            found = LISTENING.search(read.decode() if stderr else log.read_text())
            return int(found[3]) if found else None

        yield process, wait_until(port, "the registry's start")
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize("stderr", [0, subprocess.STDOUT], ids=["stdout", "one-pipe"])
@pytest.mark.parametrize(
    "signals", [[signal.SIGTERM], [signal.SIGHUP, signal.SIGTERM]], ids=["end", "reload"]
)
def test_it_ends_though_nobody_reads_its_log(
    tmp_path: Path, stderr: int, signals: list[signal.Signals]
) -> None:
    with unread(tmp_path, stderr) as (process, port):
        with Api("127.0.0.1", port) as api:
            # More than a pipe holds: 64 KiB. No answer waits for a reader of the log.
            for _ in range(200):
                assert api("GET", "/v2/", headers={"User-Agent": "a" * 1000}).status == 200
        for number in signals:
            process.send_signal(number)
        assert process.wait(30) == 0


def test_a_plan_that_waits_for_a_list_keeps_it_no_longer_than_requests(fresh_registry: FreshRegistry) -> None:
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
        place = f"http://127.0.0.1:{listener.getsockname()[1]}/used"
        policy = {
            "name": "p",
            "repositories": ["**"],
            "keep": [{"in-use": place}],
            "delete": [{"untagged-for": "30d"}],
        }
        settings = {"retention": {"networks": ["127.0.0.0/8"], "policies": [policy]}}
        registry = fresh_registry(config_of(http={"draintimeout": "1s"}, ocilot=settings))
        ran: list[Ran] = []
        command = threading.Thread(target=lambda: ran.append(Commands(registry)("retention", "plan")))
        command.start()
        # The job that pins what is in use asks for it, too.
        for _ in range(2):
            sockets.enter_context(listener.accept()[0])
        registry.process.signal(signal.SIGTERM)
        assert registry.process.wait(30) == 0, "the list itself has a minute"
        command.join()
        assert ran[0].code != 0
