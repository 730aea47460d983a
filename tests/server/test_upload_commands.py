"""`ocilot upload` and its API: unfinished uploads are seen and removed."""

from __future__ import annotations

import pytest

from ocilot.errors import Error

from .api import Api
from .conftest import FreshRegistry
from .images import noise
from .test_account_commands import Commands
from .test_collection import control_of


@pytest.fixture
def there(fresh_registry: FreshRegistry) -> Commands:
    return Commands(fresh_registry("version: 0.1\n"))


def begin(api: Api, name: str, size: int) -> str:
    """An unfinished upload; its location."""
    sent = api("PATCH", api.start_upload(name), noise(size, name))
    assert sent.status == 202, sent
    return sent["Location"]


def test_unfinished_uploads_are_listed_the_longest_idle_first(there: Commands) -> None:
    with there.registry.connect() as api:
        begin(api, "team/app", 100)
        begin(api, "team/web", 2048)
        api.start_upload("team/empty")  # Without a byte it takes no room.
    found = there.data("upload", "ls")
    assert [(one["repository"], one["bytes"]) for one in found] == [("team/app", 100), ("team/web", 2048)]
    assert [(one["owner"], one["address"], one["receiving"]) for one in found] == [
        ("", "127.0.0.1", False)
    ] * 2
    (web,) = there.data("upload", "ls", "--repository", "team/web")
    assert web["repository"] == "team/web"
    title, first, second = there.fine("upload", "ls").splitlines()
    titles = ["REPOSITORY", "ID", "RECEIVED", "STARTED", "LAST", "WRITE", "OWNER", "RECEIVING"]
    assert title.split() == titles
    assert first.split()[:3] == ["team/app", found[0]["id"][:8], "100B"]
    assert second.split()[:3] == ["team/web", found[1]["id"][:8], "2.0KiB"]


def test_pages_follow_each_other(there: Commands) -> None:
    with there.registry.connect() as api:
        for i in range(5):
            begin(api, "team/app", 10 + i)
    with control_of(there.registry) as control:
        for query in ("n=2", "n=2&repository=team%2Fapp"):
            pages = control.ask_all(f"/api/v1/uploads?{query}", "uploads")
            assert [one["bytes"] for one in pages] == [10, 11, 12, 13, 14]
        assert len(control.ask("GET", "/api/v1/uploads?n=2")["uploads"]) == 2
        assert control.ask("GET", "/api/v1/uploads?n=0")["uploads"] == []
        for query in ("last=x", "last=1-x", "n=x", "repository=A"):
            with pytest.raises(Error) as refused:
                control.ask("GET", f"/api/v1/uploads?{query}")
            assert refused.value.code == "bad_request"


def test_an_upload_is_removed_by_its_short_id(there: Commands) -> None:
    with there.registry.connect() as api:
        location = begin(api, "team/app", 1024)
        kept = begin(api, "team/app", 10)
        first, _ = there.data("upload", "ls")
        asked = there("upload", "rm", first["id"][:8])
        assert asked.code == 2
        assert "use --yes" in asked.err
        removed = there("upload", "rm", first["id"][:8], "--yes")
        assert (removed.code, removed.out) == (0, "")
        assert removed.err == f"removed {first['id']}\n1 upload removed, 1.0KiB freed\n"
        api("GET", location).assert_error(404)
        assert api("GET", kept).status == 204
        again = there("upload", "rm", first["id"], "--yes")
        assert again.code != 0
        assert "not found: see `ocilot upload ls`" in again.err
    with control_of(there.registry) as control:
        for gone in (first["id"], "nothing"):
            with pytest.raises(Error) as refused:
                control.ask("DELETE", f"/api/v1/uploads/{gone}")
            assert refused.value.code == "not_found"
    (entry,) = there.data("audit", "--action", "upload.remove")
    assert (entry["by"]["kind"], entry["repository"]) == ("local", "team/app")
    assert (entry["subject"], entry["size"]) == (first["id"], 1024)


def test_all_idle_uploads_are_removed_at_once(there: Commands) -> None:
    with there.registry.connect() as api:
        locations = [begin(api, name, 1024) for name in ("team/app", "team/app", "team/web")]
        assert there("upload", "rm", "--older-than", "1h", "--yes").err == "no upload to remove\n"
        there.fine("upload", "rm", "--older-than", "0s", "--repository", "team/app", "--yes")
        assert [api("GET", location).status for location in locations] == [404, 404, 204]
        there.fine("upload", "rm", "--older-than", "0s", "--yes")
        assert there.data("upload", "ls") == []
    for words in ([], ["1", "--older-than", "1h"]):
        assert there("upload", "rm", *words, "--yes").code == 2


def test_uploads_are_removed_while_no_registry_runs(there: Commands) -> None:
    with there.registry.connect() as api:
        begin(api, "team/app", 1024)
    there.registry.stop()
    (one,) = there.data("upload", "ls")
    there.fine("upload", "rm", one["id"], "--yes")
    assert there.data("upload", "ls") == []
    there.registry.start()


def test_an_upload_that_is_being_received_is_not_removed(there: Commands) -> None:
    with there.registry.connect() as api, there.registry.connect() as other, other.raw() as raw:
        location = begin(api, "team/app", 100)
        path = api.path(location)
        head = f"PATCH {path} HTTP/1.1\r\nHost: {there.registry.address}\r\nContent-Length: 300000\r\n\r\n"
        raw.send(head.encode() + noise(270_000, "more"))
        api.wait_for_offset(location, 100 + 256 * 1024)
        (one,) = there.data("upload", "ls")
        assert one["receiving"]
        refused = there("upload", "rm", one["id"], "--yes")
        assert refused.code != 0
        assert "a request is writing to this upload" in refused.err
        assert there("upload", "rm", "--older-than", "0s", "--yes").err == "no upload to remove\n"
