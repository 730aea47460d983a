"""What users of other registries report about lists and names, and what is right in each case."""

from __future__ import annotations

from pathlib import Path

from .conftest import FreshRegistry
from .garbage import delete
from .guarded import guarded, push
from .images import make_image
from .test_account_commands import Commands
from .test_collection import IN_AN_HOUR, config_with, control_of
from .test_lists import many_tags, next_link


def test_a_page_that_is_too_large_is_cut_and_leads_on(fresh_registry: FreshRegistry) -> None:
    """A1: more than the maximum is no error: the page is as large as it gets, and the link has its size."""
    registry = fresh_registry(config_with(IN_AN_HOUR))
    tags = [f"v{number:04}" for number in range(1010)]
    with registry.connect() as api:
        for image in (make_image("old"), make_image("new")):
            api.push_image("team/app", image)
            many_tags(api, "team/app", image, tags)
    with control_of(registry) as control:
        path = "/api/v1/audit?action=tag.move&n=5000"
        assert len(control.ask("GET", path)["entries"]) == 1000
        link = control.describe(path)["Link"]
        assert "&n=1000&" in link, link
        moved = [entry["subject"] for entry in control.ask_all(path, "entries")]
    assert moved == list(reversed(tags))


def test_a_manifest_with_many_tags_names_some_and_counts_all(fresh_registry: FreshRegistry) -> None:
    """A2: a list within an answer is bounded, whatever there is."""
    registry = fresh_registry(config_with(IN_AN_HOUR))
    image = make_image("many")
    tags = [f"v{number:03}" for number in range(120)]
    with registry.connect() as api:
        api.push_image("team/app", image)
        many_tags(api, "team/app", image, tags)
        delete(api, "team/app", image.digest)
    (entry,) = Commands(registry).data("audit", "--action", "manifest.delete")
    assert (len(entry["tags"]), entry["tags_total"]) == (100, 120)
    assert {tag["name"] for tag in entry["tags"]} <= set(tags)


def test_the_log_has_the_request_of_a_push(fresh_registry: FreshRegistry) -> None:
    """E5: caller, address, request, host and client are known of each change; a long user agent is cut."""
    registry = fresh_registry(config_with(IN_AN_HOUR))
    image = make_image("known")
    agent = "client/1.0 " + "a" * 4096
    with registry.connect() as api:
        api.push_image("team/app", image)
        path = f"/v2/team/app/manifests/{image.digest}"
        assert api("DELETE", path, headers={"User-Agent": agent}).status == 202
        host = api.origin.removeprefix("http://")
    (deleted,) = Commands(registry).data("audit", "--action", "manifest.delete")
    assert deleted["request"].pop("id")
    assert deleted["request"] == {
        "method": "DELETE",
        "scheme": "http",
        "host": host,
        "path": path,
        "user_agent": agent[:256],
    }
    for entry in Commands(registry).data("audit", "--action", "blob.push"):
        assert entry["request"]["path"] == "/v2/team/app/blobs/uploads/", "the sealed part is left out"


def test_a_repository_without_manifests_is_not_listed(fresh_registry: FreshRegistry) -> None:
    """A6: it leaves the catalog with its last manifest, and returns with a push or a restore."""
    registry = fresh_registry(config_with(IN_AN_HOUR))
    image = make_image("only")
    with registry.connect() as api:
        for bring_back in ("push", "restore"):
            api.push_image("team/app", image, "1", "2")
            assert api("GET", "/v2/_catalog").json == {"repositories": ["team/app"]}
            delete(api, "team/app", image.digest)
            assert api("GET", "/v2/_catalog").json == {"repositories": []}
            if bring_back == "restore":
                Commands(registry).fine("restore", f"team/app@{image.digest}")
                assert api("GET", "/v2/_catalog").json == {"repositories": ["team/app"]}


def test_the_link_is_the_only_end_of_a_list(tmp_path: Path) -> None:
    """A8: a page may be short because the caller sees little of it; only the last one has no link."""
    with guarded(tmp_path) as there:
        image = make_image("hidden", layers=0)
        for number in range(110):
            push(there, f"hidden/{number:03}", image, "1")
        pages = [there.ask("alice", "GET", "/v2/_catalog?n=50")]
        while link := next_link(pages[-1]):
            pages.append(there.ask("alice", "GET", link))
        assert [page.json["repositories"] for page in pages] == [[], ["public/app", "team/app"]]
        assert not any("hidden" in str(page) for page in pages)
