"""How often hooks are asked: a bounded number of questions a request, and none for a client that left."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from .api import Api
from .conftest import Scripted
from .images import make_image
from .programs import wait_until


def test_a_deletion_is_one_question_however_many_tags_need_it(scripted: Scripted) -> None:
    registry = scripted(
        "def admit_delete(deletion):\n"
        "    return Deny(f'{deletion.tag} stays') if deletion.tag == 'v29' else None\n"
    )
    image = make_image("many tags")
    question = 'ocilot_hook_questions_total{point="admit_delete",outcome="answered"}'
    with registry.connect() as api:
        for number in range(30):
            api.push_image("team/app", image, f"v{number}")
        answer = api("DELETE", f"/v2/team/app/manifests/{image.digest}")
        answer.assert_error(403)
        assert answer.json["errors"][0]["message"] == "v29 stays"
        assert f"{question} 1\n" in api("GET", "/metrics").body.decode()
        assert api("DELETE", "/v2/team/app/manifests/v28").status == 202
        assert len(api.tags("team/app")) == 29


def test_a_catalog_asks_few_questions_and_none_for_a_client_that_left(scripted: Scripted) -> None:
    registry = scripted(
        """\
from pathlib import Path
here = Path(__file__).parent
def authorize(access):
    if not access.repository or access.action != "pull" or not (here / "released").exists():
        return None
    with open(here / "asked", "a") as asked:
        asked.write("x")
    open(here / "released").close()  # Waits until somebody writes to it.
    return Deny("closed")
"""
    )
    released, asked = registry.home / "released", registry.home / "asked"
    with registry.connect() as api:
        for number in range(60):
            api.push_image(f"r{number:02}", make_image("one"), "1")

    def questions() -> int:
        return len(asked.read_text()) if asked.exists() else 0

    os.mkfifo(released)
    with registry.connect() as api:
        raw = api.raw()
        raw.send(b"GET /v2/_catalog?n=1000 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: questions() == 1, "the first question")
        raw.socket.close()
        with released.open("w"):
            wait_until(lambda: "inflight 1" in metrics_of(api), "the end of the request")
        assert questions() == 1, "work ends when its client leaves"
        released.unlink()
        released.touch()
        answer = api("GET", "/v2/_catalog?n=1000")
        assert (answer.status, answer.json) == (200, {"repositories": []})
        assert questions() == 51
        assert 'rel="next"' in answer["Link"]


def metrics_of(api: Api) -> str:
    """How many requests are being answered, this one included."""
    lines = api("GET", "/metrics").body.decode().splitlines()
    return next(f"inflight {line.split()[-1]}" for line in lines if line.startswith("ocilot_http_in_flight"))


def test_a_mount_without_a_source_asks_about_no_holder_of_the_blob(scripted: Scripted) -> None:
    """How many there are, and how long it takes to ask about them, would tell of what is hidden."""
    registry = scripted(
        """\
from pathlib import Path
here = Path(__file__).parent
def authorize(access):
    if access.repository.startswith("hidden") and (here / "closed").exists():
        with open(here / "asked", "a") as asked:
            asked.write("x")
        return Deny("closed")
    return None
"""
    )
    layer = b"a layer of many"
    with registry.connect() as api:
        for number in range(30):
            digest = api.push_blob(f"hidden{number:02}", layer)
        (registry.home / "closed").touch()
        assert api("HEAD", f"/v2/hidden00/blobs/{digest}").status != 200
        asked = (registry.home / "asked").read_text()
        opened = api("POST", f"/v2/mine/blobs/uploads/?mount={digest}")
        assert (opened.status, opened["Range"]) == (202, "0-0"), opened
    assert (registry.home / "asked").read_text() == asked


def test_a_blob_is_not_deleted_that_a_tag_has_come_to_need_meanwhile(scripted: Scripted) -> None:
    registry = scripted(
        """\
import time
from pathlib import Path
here = Path(__file__).parent
def admit_delete(deletion):
    if deletion.tag == "v1":
        (here / "asked").touch()
        while (here / "held").exists():
            time.sleep(0.01)
    return Deny("the release stays") if deletion.tag == "release" else None
""",
        "deadline: 60s",
    )
    image = make_image("released")
    held, asked = registry.home / "held", registry.home / "asked"
    target = f"/v2/team/app/blobs/{image.layers[0].digest}"
    with registry.connect() as api, registry.connect() as other, ThreadPoolExecutor() as pool:
        api.push_image("team/app", image, "v1")
        held.touch()
        deletion = pool.submit(other, "DELETE", target)
        try:
            wait_until(asked.exists, "the question about v1")
            api.push_manifest("team/app", "release", image.manifest)
        finally:
            held.unlink()
        changed = deletion.result()
        assert changed.status == 409, changed
        assert "tag release was changed concurrently" in changed.json["errors"][0]["message"]
        assert api("GET", target).body == image.layers[0].data
        refused = other("DELETE", target)
        assert (refused.status, refused.json["errors"][0]["message"]) == (403, "the release stays")
