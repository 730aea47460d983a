"""What users of other registries report about lists and names, and what is right in each case."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path

from .api import Answer
from .conftest import FreshRegistry
from .garbage import delete
from .guarded import Guarded, guarded, push
from .images import Image, make_image
from .registry import Registry
from .test_account_commands import Commands
from .test_adopt import distribution, report
from .test_collection import IN_AN_HOUR, assert_pulls, config_with, control_of, stored
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


def all_tags(there: Guarded, who: str, query: str) -> tuple[list[str], list[Answer]]:
    """The images of a list over all repositories, and its pages."""
    target: str | None = f"/api/v1/tags?{query}"
    images, pages = list[str](), list[Answer]()
    while target:
        page = there.ask(who, "GET", target)
        assert page.status == 200, page
        images += [f"{row['repository']}:{row['name']}" for row in page.json["tags"]]
        pages.append(page)
        target = next_link(page)
    return images, pages


def test_one_list_has_the_tags_of_all_repositories(tmp_path: Path) -> None:
    """A3: in pages of any size, of the repositories that the caller may pull, and of no others."""
    with guarded(tmp_path) as there:
        image = make_image("elsewhere", layers=0)
        for number in range(110):
            push(there, f"hidden/{number:03}", image, "1")
        push(there, "team/web", image, "v1", "v2", "main")
        team = [f"team/{name}" for name in ("app:1", "app:latest", "web:main", "web:v1", "web:v2")]
        public = ["public/app:1", "public/app:latest"]
        hidden = [f"hidden/{number:03}:1" for number in range(110)]
        secret = ["secret/app:1", "secret/app:latest"]
        for size in (1, 2, 3, 1000):
            images, pages = all_tags(there, "bob", f"n={size}")
            assert images == [*public, *team]
            assert all(len(page.json["tags"]) <= size for page in pages)
            assert not any("hidden" in str(page) or "secret" in str(page) for page in pages)
            assert all_tags(there, "carol", f"n={size}")[0] == [*hidden, *public, *secret, *team]
        assert all_tags(there, "bob", "repositories=team/*&match=v*&n=1")[0] == team[3:]
        assert all_tags(there, "bob", "repositories=*/app&n=1")[0] == [*public, *team[:2]]
        assert all_tags(there, "bob", "repositories=team/web/**")[0] == team[2:]
        for query in ("repositories=hidden/**", "repositories=secret/app", "last=secret/app:0&match=none"):
            assert all_tags(there, "bob", query)[0] == []
        (row,) = there.ask("bob", "GET", "/api/v1/tags?repositories=public/app&match=1").json["tags"]
        assert (row["digest"], row["media_type"]) == (there.image.digest, there.image.manifest.media_type)
        assert row["size"] == sum(one.size for one in (there.image.manifest, *there.image.blobs))
        for query in ("repositories=Team", "match=[", "n=x"):
            assert there.ask("bob", "GET", f"/api/v1/tags?{query}").status == 400, query
        assert there.ask("bob", "GET", "/api/v1/tags?last=~x").codes == ["PAGINATION_NUMBER_INVALID"]
        commands = Commands(there.registry)
        listed = commands.data("repo", "tags", "team/**", "--match", "v?")
        assert [(one["repository"], one["name"]) for one in listed] == [
            ("team/web", "v1"),
            ("team/web", "v2"),
        ]
        assert len(commands.data("repo", "tags")) == len([*hidden, *public, *secret, *team])


def test_a_limited_secret_lists_the_tags_that_it_is_good_for(tmp_path: Path) -> None:
    """A3: the list of repositories does not open what is in them."""
    with guarded(tmp_path) as there:
        there.add_robot("ci", "registry:catalog:*", "repository:team/**:pull")
        assert there.ask("ci", "GET", "/v2/_catalog").json["repositories"] == ["public/app", "team/app"]
        app = ["team/app:1", "team/app:latest"]
        public = ["public/app:1", "public/app:latest"]
        assert all_tags(there, "ci", "")[0] == [*public, *app]
        assert all_tags(there, "token carol registry:catalog:*", "")[0] == public
        scopes = "registry:catalog:* repository:team/app:pull"
        assert all_tags(there, f"token carol {scopes}", "")[0] == [*public, *app]


def rows(registry: Registry, query: str) -> tuple[list[str], str | None]:
    """The names of a page of tags, and where the next one is."""
    path = query if query.startswith("/") else f"/api/v1/repositories/team/app/tags?{query}"
    with control_of(registry) as control:
        names = [row["name"] for row in control.ask("GET", path)["tags"]]
        link = control.describe(path).get("Link")
    return names, link.partition("<")[2].partition(">")[0] if link else None


def test_pages_by_time_are_true_while_others_push(fresh_registry: FreshRegistry) -> None:
    """A4: the server sorts: the first page has the newest; no page repeats a tag or leaves one out."""
    registry = fresh_registry(config_with(IN_AN_HOUR))
    image = make_image("sorted")
    tags = [f"t{number * 7 % 60:02}" for number in range(60)]  # The order of the names is another one.
    with registry.connect() as api:
        api.push_image("team/app", image, *tags)
        first, page = rows(registry, "sort=-pushed&n=25")
        assert first == list(reversed(tags))[:25]
        seen = first
        while page:
            api.push_image("team/app", image, f"new-{len(seen)}")
            api.push_image("team/app", image, tags[-1])  # Moves to the front.
            names, page = rows(registry, page)
            seen += names
    assert seen == list(reversed(tags))
    assert rows(registry, "sort=-pushed&n=2")[0] == [tags[-1], "new-50"]


def test_pages_of_ten_thousand_tags_are_true_in_every_order(fresh_registry: FreshRegistry) -> None:
    """A4: the first page has the first of all tags; all pages have each tag once, also while others push."""
    registry = fresh_registry(config_with(IN_AN_HOUR))
    image = make_image("versions")
    versions = [f"{number // 1000}.{number // 20 % 50}.{number % 20}" for number in range(10_000)]
    others = ["latest", "main", "1.2"]
    pushed = random.Random(4).sample(versions, len(versions))
    with registry.connect() as api:
        api.push_image("team/app", image)
        many_tags(api, "team/app", image, pushed + others)
        newest = sorted(others, reverse=True) + sorted(pushed[-50:], reverse=True)
        assert rows(registry, "sort=-pushed&n=50")[0] == newest[:50]
        assert rows(registry, "sort=-semver&n=50")[0] == list(reversed(versions))[:50]
        for tag in (versions[7], "main"):
            assert api.has_manifest("team/app", tag)
            Commands(registry).fine("jobs", "run", "record-pulls", "--wait")
        assert rows(registry, "sort=-pulled&n=3")[0] == ["main", versions[7], "0.0.0"]
        seen: list[str] = []
        page: str | None = "sort=semver&n=1000"
        while page:
            names, page = rows(registry, page)
            seen += names
            many_tags(api, "team/app", image, [f"0.0.0-before.{len(seen)}", names[0]])
    assert seen == versions + sorted(others)
    assert rows(registry, "sort=semver&n=2")[0] == ["0.0.0-before.1000", "0.0.0-before.2000"]


def test_an_adopted_tag_has_the_time_of_its_file(tmp_path: Path, fresh_registry: FreshRegistry) -> None:
    """A5: distribution keeps no times, but its files have them; what was not counted is null."""
    root = tmp_path / "data"
    with distribution(tmp_path, root) as before:
        for tag in ("new", "old"):
            before.push_image("team/app", make_image(tag), tag)
    then = int(time.time()) - 40 * 24 * 3600
    for path in (root / "docker/registry/v2/repositories/team/app/_manifests/tags/old").rglob("*"):
        os.utime(path, (then, then))
    assert report(root)[0] == 0
    registry = fresh_registry(config_with(IN_AN_HOUR), root=root)
    assert rows(registry, "sort=-pushed")[0] == ["new", "old"]
    with control_of(registry) as control:
        (old,) = control.ask("GET", "/api/v1/repositories/team/app/tags?match=old")["tags"]
    assert datetime.fromisoformat(old["pushed"]["at"]) == datetime.fromtimestamp(then, UTC)
    assert old["pulled"] is None


def of(registry: Registry, name: str) -> dict[str, int]:
    """Its usage."""
    with control_of(registry) as control:
        listed = control.ask("GET", "/api/v1/usage")["repositories"]
    found = [row for row in listed if row["repository"] == name]
    return {key: found[0][key] for key in ("bytes", "tags")} if found else {}


def test_all_repositories_below_a_name_move(fresh_registry: FreshRegistry) -> None:
    """A7: with tags, history, usage and quota, and no byte is copied; all or nothing if a name is taken."""
    quotas = "ocilot: {quotas: [{repositories: ['b/**'], tags: 3}], gc:"
    registry = fresh_registry(config_with("{grace: 1h}").replace("ocilot: {gc:", quotas))
    commands = Commands(registry)
    images: dict[str, Image] = {name: make_image(name) for name in ("app", "deep/er/web", "tools")}
    with registry.connect() as api:
        for name, image in images.items():
            api.push_image(f"a/{name}", make_image(f"before {name}"), "1", "2", "3")
            api.push_image(f"a/{name}", image, "1")
        api.push_image("another/app", make_image("other"), "1")
        api.push_image("b/tools", make_image("in the way"), "1")
        ran = commands("repo", "rename", "a/**", "b/**")
        assert (ran.code, ran.out) == (5, ""), ran
        assert "b/tools already exists: nothing was renamed" in ran.err
        assert of(registry, "b/app") == {}
        commands.fine("repo", "rename", "b/tools", "c/tools")
        usage, blobs = {name: of(registry, f"a/{name}") for name in images}, stored(registry)
        ran = commands("repo", "rename", "a/**", "b/**")
        assert ran.err == "".join(f"renamed a/{name} to b/{name}\n" for name in sorted(images)), ran
        assert stored(registry) == blobs
        for name, image in images.items():
            assert (of(registry, f"a/{name}"), of(registry, f"b/{name}")) == ({}, usage[name])
            assert_pulls(api, f"b/{name}", "1", image)
            assert len(commands.data("history", f"b/{name}:1")) == 2
            commands.fine("restore", f"b/{name}:1")
            assert_pulls(api, f"b/{name}", "1", make_image(f"before {name}"))
        manifest = images["app"].manifest
        put = api("PUT", "/v2/b/app/manifests/4", manifest.data, {"Content-Type": manifest.media_type})
        assert (put.status, put.codes) == (403, ["DENIED"]), "the quota of the new name"
        assert_pulls(api, "another/app", "1", make_image("other"))
    for words, code in {("a/**", "b/**"): 3, ("b/**", "b/c/**"): 2, ("b/**", "c"): 2}.items():
        assert commands("repo", "rename", *words).code == code, words


def test_a_tag_is_deleted_alone_however_many_its_image_has(fresh_registry: FreshRegistry) -> None:
    """A9: one change of one row, and the other tags of the digest stay."""
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    image = make_image("many")
    tags = [f"v{number:04}" for number in range(2000)]
    with registry.connect() as api:
        api.push_image("team/app", image)
        many_tags(api, "team/app", image, tags)
        newest = commands.data("audit")[0]["id"]
        delete(api, "team/app", "v1000")
        (entry,) = (one for one in commands.data("audit") if one["id"] > newest)
        assert (entry["action"], entry["subject"]) == ("tag.delete", "v1000")
        assert not api.has_manifest("team/app", "v1000")
        assert api.tags("team/app") == sorted({*tags} - {"v1000"})
        assert_pulls(api, "team/app", "v1999", image)
