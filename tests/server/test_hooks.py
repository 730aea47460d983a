"""Scripts decide, and one that goes wrong hurts nobody but its own request.

All in one file: `--dist loadfile` then starts one engine only.
"""

from __future__ import annotations

import re
import signal
import threading
from base64 import b64encode
from contextlib import suppress
from functools import partial
from http.client import HTTPException
from pathlib import Path

import pytest

from .api import Answer, Api, with_digest
from .clients import Docker
from .conftest import HOOKS_HEAD as HEAD
from .conftest import FreshRegistry, Scripted
from .images import digest_of, make_image, noise, tar_of
from .programs import Ran, attempt, environment, wait_until
from .registry import OCILOT


def put_blob(api: Api, name: str, data: bytes = b"data") -> Answer:
    return api("PUT", with_digest(api.start_upload(name), digest_of(data)), data)


def test_docker_push_prints_the_reason(docker: Docker, scripted: Scripted) -> None:
    registry = scripted(
        """\
import re
RELEASE = re.compile(r"v\\d+\\.\\d+\\.\\d+$")
def admit_manifest(push):
    if push.tag and RELEASE.match(push.tag) and "ci" not in push.caller.groups:
        return Deny(f"{push.tag} is a release: only CI pushes it")
"""
    )
    fine, refused = (f"{registry.local}/team/app:{tag}" for tag in ("latest", "v1.2.3"))
    docker.import_rootfs(tar_of({"etc/motd": b"hello", "data": noise(50_000, "hooks")}), fine)
    docker("tag", fine, refused)
    docker("push", fine)
    with pytest.raises(AssertionError, match=r"v1\.2\.3 is a release: only CI pushes it"):
        docker("push", refused)
    with registry.connect() as api:
        assert api.tags("team/app") == ["latest"]
    docker("rmi", fine, refused)


def test_every_point_is_asked_where_it_belongs(scripted: Scripted) -> None:
    registry = scripted(
        """\
def admit_blob(blob): return Deny(f"blob {blob.size}") if blob.repository == "b" else None
def admit_manifest(push):
    return Deny(f"manifest {push.tag} {len(push.layers)} {push.labels}") if push.repository == "m" else None
def admit_tag(move):
    return Deny(f"tag {move.tag} {move.previous}") if move.repository == "t" and move.previous else None
def admit_delete(deletion): return Deny(f"{deletion.kind} {deletion.reference}")
"""
    )
    image, other = make_image("one"), make_image("two")
    with registry.connect() as api:

        def refusal(answer: Answer) -> str:
            answer.assert_error(403)
            assert answer.codes == ["DENIED"]
            return str(answer.json["errors"][0]["message"])

        assert refusal(put_blob(api, "b")) == "blob 4"
        for blob in image.blobs:
            api.push_blob("m", blob.data)
        put = api(
            "PUT", "/v2/m/manifests/1", image.manifest.data, {"Content-Type": image.manifest.media_type}
        )
        assert refusal(put).startswith("manifest 1 ")
        assert not api.has_manifest("m", image.digest)
        api.push_image("t", image, "v1")
        for blob in other.blobs:
            api.push_blob("t", blob.data)
        put = api(
            "PUT", "/v2/t/manifests/v1", other.manifest.data, {"Content-Type": other.manifest.media_type}
        )
        assert refusal(put) == f"tag v1 {image.digest}"
        assert refusal(api("DELETE", "/v2/t/manifests/v1")) == "tag v1"
        assert refusal(api("DELETE", f"/v2/t/manifests/{image.digest}")) == f"manifest {image.digest}"
        assert api.tags("t") == ["v1"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('x')", "it raised ValueError: x (line 4)"),
        ("raise SystemExit(1)", "it raised SystemExit: 1 (line 4)"),
        ("import time; time.sleep(3)", "it took longer than 1 s"),
        ("while True: pass", "it took longer than 1 s"),
        (
            "kept = [bytes(1 << 20) for _ in iter(int, 1)]",
            "the process grew by more than 256 MiB while it ran",
        ),
        ("return admit_blob(blob)", "RecursionError"),
        ("return 5", "it answered 5"),
    ],
)
def test_a_script_that_goes_wrong_hurts_its_own_request_only(
    fresh_registry: FreshRegistry, body: str, said: str
) -> None:
    deadline = "30s" if "bytes" in body else "1s"
    registry = fresh_registry(
        f"version: 0.1\nocilot:\n  hooks:\n    memory: 256MiB\n    deadline: {deadline}\n"
        "    scripts: [{path: hook.py}]\n",
        start=False,
    )
    (registry.home / "hook.py").write_text(
        HEAD + f"def admit_blob(blob):\n    if blob.repository == 'good': return None\n    {body}\n"
    )
    registry.start()
    answers: list[Answer] = []

    def push_bad() -> None:
        with registry.connect() as api:
            answers.append(put_blob(api, "bad"))

    pushing = threading.Thread(target=push_bad)
    pushing.start()
    with registry.connect() as api:
        for number in range(50):
            assert put_blob(api, "good", b"%d" % number).status == 201
        pushing.join()
        answers[0].assert_error(503)
        told = answers[0].json["errors"][0]["message"]
        assert told == "registry temporarily unavailable; retry in a few seconds"
        assert not api.has_blob("bad", digest_of(b"data"))
        assert put_blob(api, "good").status == 201
    # The client learns that it may try again; why is for the operator.
    registry.wait_for_line(said)


def test_a_reload_under_traffic_loses_no_request(scripted: Scripted) -> None:
    registry = scripted("def admit_blob(blob): ...\n")
    done = threading.Event()
    statuses: list[int] = []

    def push() -> None:
        with registry.connect() as api:
            while not done.is_set():
                statuses.append(put_blob(api, "a", noise(10, str(len(statuses)))).status)

    pushing = [threading.Thread(target=push) for _ in range(4)]
    for one in pushing:
        one.start()
    for number in range(2, 7):
        (registry.home / "hook.py").write_text(HEAD + f"def admit_blob(blob): {number}\n")
        registry.process.signal(signal.SIGHUP)
        registry.wait_for_line(f"generation {number} is in force")
        enough = len(statuses) + 2
        wait_until(partial(lambda count: len(statuses) >= count, enough), "pushes meet the generation")
    done.set()
    for one in pushing:
        one.join()
    assert set(statuses) == {201}


def test_a_hangup_loads_what_can_be_used(scripted: Scripted) -> None:
    registry = scripted("def admit_blob(blob): ...\n")
    script: Path = registry.home / "hook.py"
    with registry.connect() as api:
        assert put_blob(api, "a").status == 201
        script.write_text(HEAD + "def admit_blbo(blob): ...\n")
        registry.process.signal(signal.SIGHUP)
        registry.wait_for_line("did you mean admit_blob?")
        assert put_blob(api, "a", b"2").status == 201
        script.write_text(HEAD + "def admit_blob(blob): return Deny('full')\n")
        registry.process.signal(signal.SIGHUP)
        registry.wait_for_line("generation 2 is in force")
        assert put_blob(api, "a", b"3").status == 403


def test_while_developing_a_changed_file_is_enough(scripted: Scripted) -> None:
    registry = scripted("def admit_blob(blob): ...\n", arguments=("--dev",))
    with registry.connect() as api:
        assert put_blob(api, "a").status == 201
        (registry.home / "hook.py").write_text(HEAD + "def admit_blob(blob): return Deny('full')\n")
        registry.wait_for_line("generation 2 is in force")
        assert put_blob(api, "a", b"2").status == 403


def test_a_script_in_a_process_of_its_own_decides_too(scripted: Scripted) -> None:
    registry = scripted(
        "import os\ndef admit_blob(blob):\n    if blob.repository == 'bad': os.abort()\n",
        "isolation: process",
    )
    with registry.connect() as api:
        assert put_blob(api, "good").status == 201
        put_blob(api, "bad").assert_error(503)

        def is_back() -> bool:
            return put_blob(api, "good", b"2").status == 201

        wait_until(is_back, "the worker process")


def test_what_hooks_do_is_in_the_metrics(scripted: Scripted) -> None:
    registry = scripted("def admit_blob(blob): return Deny('full')\n")
    with registry.connect() as api:
        assert put_blob(api, "a").status == 403
        text = api("GET", "/metrics").body.decode()
    assert 'ocilot_hook_calls_total{script="hook.py",point="admit_blob",outcome="deny"} 1\n' in text
    assert "ocilot_hook_generation 1\n" in text


def test_an_operator_sees_what_hooks_do_and_loads_them_again(scripted: Scripted) -> None:
    registry = scripted("def admit_blob(blob): return Deny('full')\n")
    script: Path = registry.home / "hook.py"

    def hooks(word: str) -> Ran:
        return attempt([OCILOT, "hooks", word, "--root", registry.root], env=environment(registry.home))

    with registry.connect() as api:
        assert put_blob(api, "a").status == 403
        told = hooks("status")
        assert told.code == 0, told
        assert "generation 1, loaded 20" in told.out
        assert "admit_blob             1 call         1 denied        0 failed" in told.out
        script.write_text("def admit_blbo(blob): ...\n")
        told = hooks("reload")
        assert told.code == 2, told
        assert "not loaded: hook.py:1: unknown hook point admit_blbo; did you mean admit_blob?" in told.err
        assert told.err.endswith("generation 1 stays in force\n"), told
        assert put_blob(api, "a").status == 403
        script.write_text("def admit_blob(blob): ...\n")
        told = hooks("reload")
        assert told.code == 0, told
        assert "generation 2, loaded 20" in told.out
        assert put_blob(api, "a").status == 201


STOPPED = """\
from pathlib import Path
import threading, time
class Last(Hook):
    def stop(self): Path(__file__).with_name("stopped").write_text("well")
    def admit_blob(self, blob):
        Path(__file__).with_name("asked").touch()
        {}
"""


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(3600)",
        "while True: pass",
        "threading.Thread(target=time.sleep, args=(3600,)).start()",
    ],
)
def test_the_end_waits_for_no_script(fresh_registry: FreshRegistry, body: str) -> None:
    registry = fresh_registry(
        "version: 0.1\nhttp: {draintimeout: 1s}\nocilot:\n  hooks:\n    deadline: 1h\n"
        "    scripts: [{path: hook.py}]\n",
        start=False,
    )
    (registry.home / "hook.py").write_text(HEAD + STOPPED.format(body))
    registry.start()

    def push() -> None:
        with registry.connect() as api, suppress(OSError, HTTPException):
            put_blob(api, "a")

    pushing = threading.Thread(target=push)
    pushing.start()
    wait_until(lambda: (registry.home / "asked").exists(), "the question")
    registry.process.signal(signal.SIGTERM)
    assert registry.process.wait() == 0
    pushing.join()
    assert (registry.home / "stopped").read_text() == "well"


def test_a_script_that_does_not_start_keeps_nobody_from_ending(scripted: Scripted) -> None:
    registry = scripted("def admit_blob(blob): ...\n")
    (registry.home / "hook.py").write_text(
        HEAD + "from pathlib import Path\nimport time\nPath(__file__).with_name('loading').touch()\n"
        "time.sleep(3600)\ndef admit_blob(blob): ...\n"
    )
    registry.process.signal(signal.SIGHUP)
    wait_until(lambda: (registry.home / "loading").exists(), "the reload")
    with registry.connect() as api:
        assert put_blob(api, "a").status == 201
    registry.stop()


def test_an_open_registry_asks_what_nobody_in_particular_may(scripted: Scripted) -> None:
    registry = scripted(
        "def authorize(access):\n    if access.action == 'create' and access.caller.anonymous:\n"
        "        return Deny(f'{access.repository} is read only from {access.caller.address}')\n"
    )
    with registry.connect() as api:
        assert api("GET", "/v2/").status == 200
        answer = api("POST", "/v2/a/blobs/uploads/")
        answer.assert_error(403)
        assert answer.json["errors"][0]["message"] == "a is read only from 127.0.0.1"
        assert api("GET", "/v2/a/tags/list").status == 404


def test_a_script_knows_whom_the_htpasswd_file_does_not(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(
        "version: 0.1\nauth: {htpasswd: {realm: here, path: users}}\n"
        "ocilot: {hooks: {scripts: [{path: hook.py}]}}\n",
        start=False,
    )
    users = registry.home / "users"
    users.write_text("alice:$2b$04$abcdefghijklmnopqrstuujZkTwHUiJ9XdZPwKfcfDo7dMp5DjlTu\n")
    registry.config.write_text(registry.config.read_text().replace("path: users", f"path: {users}"))
    (registry.home / "hook.py").write_text(
        HEAD + "def authenticate(login): return Caller('bob') if login.password == 'builder' else None\n"
    )
    registry.start()

    def status_of(name: str, password: str) -> int:
        with registry.connect() as api:
            basic = b64encode(f"{name}:{password}".encode()).decode()
            return api("GET", "/v2/", headers={"Authorization": f"Basic {basic}"}).status

    assert status_of("alice", "wonderland") == 200
    assert status_of("bob", "builder") == 200
    assert status_of("bob", "wonderland") == 401


def test_lines_about_hooks_name_the_request(scripted: Scripted) -> None:
    registry = scripted(
        """\
def admit_blob(blob):
    if blob.repository == "denied": return Deny("not here")
    raise ValueError("broken")
def authorize(access):
    if access.repository == "secret": return Deny("not there")
"""
    )
    with registry.connect() as api:
        denied, failed = put_blob(api, "denied"), put_blob(api, "failed")
        secret = api("GET", "/v2/secret/tags/list")
        assert (denied.status, failed.status, secret.status) == (403, 503, 403)
    output = registry.stop()
    for answer, event in ((denied, "denied"), (failed, "failed"), (secret, "denied")):
        wanted = re.compile(rf'msg="hook {event}" request_id={answer["X-Request-Id"]} ')
        assert wanted.search(output), (wanted.pattern, output)


def test_a_failure_that_lets_pass_names_the_request(scripted: Scripted) -> None:
    registry = scripted("def admit_blob(blob): raise ValueError('broken')\n", "on_error: allow")
    with registry.connect() as api:
        passed = put_blob(api, "app")
        assert passed.status == 201
    lines = [line for line in registry.stop().splitlines() if "hook failed, allowed by on_error" in line]
    assert len(lines) == 1
    assert f"request_id={passed['X-Request-Id']} " in lines[0]
