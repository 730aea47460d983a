"""The administration API from Python: values, lists, plans and events, blocking and for asyncio."""

from __future__ import annotations

import asyncio
import doctest
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest

import ocilot
from ocilot.admin import planned, stream
from ocilot.admin.groups import Admin
from ocilot.admin.types import UNSET, Account, Event, Tag
from ocilot.errors import AuthError, Conflict, InvalidReference, NotFound, RegistryError, Unsupported
from ocilot.testing import RegistryForTests, User

from .fake_registry import Answer, FakeRegistry

EVERYTHING = [{"name": "versions", "repositories": ["**"], "delete": [{"tags": "v*"}]}]


@pytest.fixture
def host() -> Iterator[RegistryForTests]:
    with RegistryForTests(accounts=True, deletes=True) as found:
        yield found


@pytest.fixture
def carol(host: RegistryForTests) -> User:
    return host.add_user("carol", admin=True)


@pytest.fixture
def registry(host: RegistryForTests, carol: User) -> Iterator[ocilot.Registry]:
    with ocilot.connect(host.host, auth=carol) as found:
        yield found


@pytest.fixture
def admin(registry: ocilot.Registry) -> Admin:
    return registry.admin


def test_accounts_are_made_changed_and_removed(admin: Admin) -> None:
    made = admin.accounts.create("bob", password="bob-password", groups=["team"])
    assert (made.name, made.kind, made.groups, made.has_password) == ("bob", "user", ("team",), True)
    changed = admin.accounts.change("bob", password=None)
    assert (changed.has_password, changed.groups) == (False, ("team",)), "what is not given stays"
    assert [account.name for account in admin.accounts.list()] == ["bob", "carol"]
    admin.accounts.delete("bob")
    with pytest.raises(NotFound, match="bob"):
        admin.accounts.get("bob")
    with pytest.raises(Conflict):
        admin.accounts.create("carol")


def test_a_request_about_tags_goes_to_the_repository_that_is_named(
    host: RegistryForTests, admin: Admin
) -> None:
    digest = host.seed("team/app:v1", platforms=("linux/amd64", "linux/arm64"))
    (tag,) = admin.repositories.tags("team/app", sort="-pushed", match="v*")
    assert (tag.name, tag.digest, tag.platforms) == ("v1", digest, ("linux/amd64", "linux/arm64"))
    assert tag.digest.short
    (entry,) = admin.repositories.history("team/app", "v1")
    assert entry.digest == digest
    renamed = admin.repositories.rename("team/app", "team/new", alias=True)
    assert (renamed.name, [one.target for one in admin.aliases.list()]) == ("team/new", ["team/new"])


@pytest.mark.parametrize("name", ["", ".", "..", "team/../app", "/app", "app/"])
def test_a_name_never_leads_to_another_path(admin: Admin, name: str) -> None:
    with pytest.raises(InvalidReference, match="invalid name"):
        admin.repositories.get(name)


def test_a_list_is_read_page_by_page(host: RegistryForTests, admin: Admin, monkeypatch: Any) -> None:
    monkeypatch.setattr("ocilot.admin.calls.PAGE_SIZE", 2)
    for name in ("a", "b", "c", "d", "e"):
        host.seed(f"team/{name}:v1")
    host.reset()
    listing = admin.repositories.list(prefix="team/")
    assert host.requests == []
    assert [one.name for one in listing] == ["team/a", "team/b", "team/c", "team/d", "team/e"]
    pages = [
        one for one in host.requests if one.path.startswith("/api/v1/repositories?") and one.status == 200
    ]
    assert len(pages) == 3
    frame = listing.to_df()
    assert list(frame.columns) == list(admin.repositories.get("team/a").to_row())
    assert {"name", "tags", "manifests", "blobs", "bytes"} <= set(frame.columns)


def test_members_of_members_are_columns_of_their_own(host: RegistryForTests, admin: Admin) -> None:
    host.seed("team/app:v1")
    frame = admin.repositories.tags("team/app").to_df()
    assert {"name", "digest", "size", "pushed.at", "pushed.by", "pulled"} <= set(frame.columns)


def test_a_plan_of_the_collection_says_what_goes_and_removes_it(
    host: RegistryForTests, registry: ocilot.Registry
) -> None:
    digest = host.seed("team/app:v1")
    registry.repository("team/app").untag("v1").apply()
    assert registry.admin.gc.plan().removes == (), "its grace period lasts"
    plan = registry.admin.gc.plan(now=True)
    assert digest in {item.digest for item in plan.removes}
    assert re.search(r"\n\d+ removals, [\d.]+ KiB become free$", str(plan))
    assert set(plan.apply().removed) == set(plan.removes)
    assert plan.apply().removed == plan.removes, "what is gone is gone, also the second time"
    assert registry.admin.gc.status().since_start.manifests == 1


def test_a_plan_of_retention_is_applied_once(host: RegistryForTests, admin: Admin) -> None:
    host.seed("team/app:v1")
    host.seed("team/app:main")
    plan = admin.retention.plan(policies=EVERYTHING)
    assert [item.name for item in plan.removes] == ["team/app:v1"]
    assert "1 of 2 tags" in str(plan)
    assert {row.verdict for row in admin.retention.rows(plan.source.id)} == {"keep", "delete"}  # type: ignore[union-attr]
    assert [tag.name for tag in admin.repositories.tags("team/app")] == ["main", "v1"]
    assert plan.apply().removed == plan.removes
    assert [tag.name for tag in admin.repositories.tags("team/app")] == ["main"]
    assert plan.apply().absent == plan.removes


def test_a_plan_of_retention_deletes_nothing_if_a_tag_was_moved(host: RegistryForTests, admin: Admin) -> None:
    host.seed("team/app:v1")
    host.seed("team/app:v2")
    plan = admin.retention.plan(policies=EVERYTHING)
    host.seed("team/app:v1", files={"other": b"1"})
    with pytest.raises(Conflict, match="make a new plan"):
        plan.apply()
    assert [tag.name for tag in admin.repositories.tags("team/app")] == ["v1", "v2"]


def test_a_repository_is_removed_by_a_plan(host: RegistryForTests, admin: Admin) -> None:
    host.seed("team/app:v1")
    plan = admin.repositories.delete("team/app")
    assert "repository team/app: 1 tag, 1 manifest" in str(plan)
    assert admin.repositories.get("team/app").tags == 1
    assert plan.apply().removed == plan.removes
    assert plan.apply().absent == plan.removes


def test_events_are_read_as_they_happen(host: RegistryForTests, admin: Admin) -> None:
    host.seed("team/app:v1")
    with admin.events.stream(after=0, repository="team/**", action="tag.*") as events:
        first = next(events)
        assert (first.action, first.repository, first.tag) == ("tag.created", "team/app", "v1")
        host.seed("other/app:v1")
        host.seed("team/app:v2")
        assert next(events).tag == "v2"
        place = events.place
    assert place is not None
    host.seed("team/app:v3")
    with admin.events.stream(after=place, action=["tag.created"]) as events:
        assert next(events).tag == "v3"
    listed = admin.events.list(after=0, action="tag.*").all()
    assert [event.tag for event in listed] == ["v1", "v1", "v2", "v3"]
    assert all(isinstance(event, Event) for event in listed)


def test_a_stream_that_breaks_off_goes_on_where_it_was(host: RegistryForTests, admin: Admin) -> None:
    for number in range(5):
        host.seed(f"team/app:v{number}")
    host.fail_next(drop_after=1500, path="/api/v1/events", times=2)  # The first one is a challenge.
    with admin.events.stream(after=0, action="tag.*") as events:
        seen = dict.fromkeys(next(events).tag for _ in range(5))
    assert list(seen) == [f"v{number}" for number in range(5)]
    asked = [one for one in host.requests if one.path.startswith("/api/v1/events")]
    assert len([one for one in asked if one.status == 200]) == 2


def test_events_that_have_expired_are_told(host: RegistryForTests, admin: Admin) -> None:
    host.seed("team/app:v1")
    with admin.events.stream(after=10_000) as events:
        next(events)
        assert events.has_missed


def test_the_form_for_asyncio_does_the_same(host: RegistryForTests, carol: User) -> None:
    host.seed("team/app:v1")

    async def use() -> None:
        async with ocilot.aconnect(host.host, auth=carol) as registry:
            admin = registry.admin
            assert [one.name async for one in admin.repositories.list()] == ["team/app"]
            assert (await admin.accounts.create("bob")).kind == "user"
            plan = await admin.repositories.delete("team/app")
            assert (await plan.apply()).removed == plan.removes
            async with admin.events.stream(after=0, action="tag.*") as events:
                assert (await anext(aiter(events))).tag == "v1"

    asyncio.run(use())


def test_who_may_not_administer_is_told_so(host: RegistryForTests) -> None:
    bob = host.add_user("bob")
    with ocilot.connect(host.host, auth=bob) as registry, pytest.raises(AuthError, match="admin"):
        registry.admin.gc.status()
    with ocilot.connect(host.host, auth=ocilot.ANONYMOUS) as registry:
        listing = registry.admin.accounts.list()
        with pytest.raises(AuthError, match="ocilot login"):
            listing.all()


def test_another_registry_has_no_such_api(distribution_host: Any) -> None:
    with distribution_host.connect() as registry:
        for ask in (registry.admin.gc.status, registry.admin.accounts.list().all):
            with pytest.raises(Unsupported, match="only ocilot registries have it"):
                ask()


def test_an_answer_of_another_form_is_an_error() -> None:
    account = {"name": "bob", "kind": "user", "groups": [], "configured_groups": [], "admin": False}
    account |= {"disabled": False, "has_password": True, "created_at": "2026-11-21T17:48:55Z"}
    assert Account.from_json(account | {"from_a_newer_registry": 1}).to_json() == account
    with pytest.raises(RegistryError, match=r'no member "admin" in Account.*same version'):
        Account.from_json({name: value for name, value in account.items() if name != "admin"})
    for wrong in ({"groups": "team"}, {"admin": 1}, {"name": None}, {"groups": [1]}):
        with pytest.raises(RegistryError, match=rf"in Account\.{next(iter(wrong))}: expected"):
            Account.from_json(account | wrong)
    tag = {"name": "v1", "digest": "sha256:x", "media_type": "", "platforms": [], "size": 1, "pulled": None}
    with pytest.raises(RegistryError, match=r"Tag\.digest: expected a digest"):
        Tag.from_json(tag | {"pushed": {"at": "", "by": ""}})
    assert repr(UNSET) == "UNSET"


def test_what_is_not_json_is_an_error() -> None:
    with FakeRegistry() as fake, ocilot.connect(fake.address) as registry:
        fake.on("GET", "/api/v1/gc", Answer(body=b"<html>"))
        with pytest.raises(RegistryError, match="the answer is not JSON"):
            registry.admin.gc.status()


EXAMPLES = [
    example
    for module in (planned, stream)
    for example in doctest.DocTestFinder().find(module, module.__name__)
    if example.examples
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_runs_as_it_is_written(
    example: doctest.DocTest, host: RegistryForTests, admin: Admin
) -> None:
    host.seed("team/app:v1")
    example.globs = {**example.globs, "admin": admin}
    out = io.StringIO()
    assert doctest.DocTestRunner().run(example, out=out.write).failed == 0, out.getvalue()
