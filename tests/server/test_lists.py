"""Catalog and tag lists, whole and in pages."""

from __future__ import annotations

import re

import pytest

from .api import Answer, Api
from .conftest import FreshRegistry
from .images import OCI_MANIFEST, Image, make_image

TAGS = sorted(f"v{number}" for number in range(10))


def walk(api: Api, target: str, key: str) -> tuple[list[str], list[int]]:
    """Follows the links; answers all entries and how many each page had."""
    entries: list[str] = []
    pages: list[int] = []
    next_page: str | None = target
    while next_page:
        answer = api("GET", next_page)
        assert answer.status == 200, answer
        entries += answer.json[key]
        pages.append(len(answer.json[key]))
        next_page = next_link(answer)
    return entries, pages


def next_link(answer: Answer) -> str | None:
    if "Link" not in answer.headers:
        return None
    found = re.fullmatch(r'<([^>]+)>; rel="next"', answer["Link"])
    assert found, answer
    return found[1]


@pytest.fixture
def tagged(api: Api, name: str) -> str:
    """A repository with ten tags, pushed in another order than they are listed."""
    api.push_image(name, make_image(name), *reversed(TAGS))
    return name


def test_tags_are_listed_in_order(api: Api, tagged: str) -> None:
    answer = api("GET", f"/v2/{tagged}/tags/list")
    assert answer.json == {"name": tagged, "tags": TAGS}
    assert answer["Content-Type"] == "application/json"
    assert next_link(answer) is None


def test_tags_sort_as_ascii_does(api: Api, name: str) -> None:
    api.push_image(name, make_image(name), "b", "B", "a", "A", "1", "_x", "a.b", "a-b", "10", "2")
    assert api.tags(name) == sorted(["b", "B", "a", "A", "1", "_x", "a.b", "a-b", "10", "2"])


@pytest.mark.parametrize("size", [1, 3, 5, 10, 11])
def test_pages_of_tags_follow_each_other(api: Api, tagged: str, size: int) -> None:
    entries, pages = walk(api, f"/v2/{tagged}/tags/list?n={size}", "tags")
    assert entries == TAGS
    assert all(count == size for count in pages[:-1])
    assert pages[-1] > 0, "a link that leads to nothing"


def test_last_is_where_a_page_begins(api: Api, tagged: str) -> None:
    assert api("GET", f"/v2/{tagged}/tags/list?last=v6").json["tags"] == ["v7", "v8", "v9"]
    assert api("GET", f"/v2/{tagged}/tags/list?n=2&last=v6").json["tags"] == ["v7", "v8"]
    assert api("GET", f"/v2/{tagged}/tags/list?last=v65-never-was").json["tags"] == ["v7", "v8", "v9"]
    assert api("GET", f"/v2/{tagged}/tags/list?last=v9").json["tags"] == []


def test_a_page_of_none_is_empty_and_leads_nowhere(api: Api, tagged: str) -> None:
    for target in (f"/v2/{tagged}/tags/list?n=0", "/v2/_catalog?n=0"):
        answer = api("GET", target)
        assert answer.status == 200
        assert answer.json[("tags" if "tags" in target else "repositories")] == []
        assert next_link(answer) is None


def test_a_huge_page_is_cut_to_what_the_server_allows(api: Api, tagged: str) -> None:
    entries, _ = walk(api, f"/v2/{tagged}/tags/list?n=1000000000", "tags")
    assert entries == TAGS
    assert api("GET", "/v2/_catalog?n=2147483647").status == 200


@pytest.mark.parametrize("number", ["-1", "abc", "99999999999999999999", "1.5", "0x10", "%20"])
@pytest.mark.parametrize("target", ["/v2/_catalog", "/v2/{name}/tags/list"])
def test_a_page_size_that_is_no_number_is_refused(api: Api, tagged: str, target: str, number: str) -> None:
    answer = api("GET", f"{target.format(name=tagged)}?n={number}")
    assert (answer.status, answer.codes) == (400, ["PAGINATION_NUMBER_INVALID"]), answer


def test_the_tags_of_an_unknown_repository_are_not_found(api: Api, name: str) -> None:
    answer = api("GET", f"/v2/{name}/tags/list")
    assert (answer.status, answer.codes) == (404, ["NAME_UNKNOWN"]), answer


def test_a_repository_without_tags_has_an_empty_list(api: Api, name: str) -> None:
    api.push_image(name, make_image(name))
    assert api("GET", f"/v2/{name}/tags/list").json == {"name": name, "tags": []}


def test_the_catalog_walks_through_all_repositories(fresh_registry: FreshRegistry) -> None:
    names = sorted(["a", "a/b", "a/b/c", "a-b", "b", "c/d"])
    with fresh_registry().connect() as api:
        assert api("GET", "/v2/_catalog").json == {"repositories": []}
        for name in reversed(names):
            api.push_image(name, make_image("same"), "1")
        assert api("GET", "/v2/_catalog").json == {"repositories": names}
        for size in (1, 4, 6, 7):
            assert walk(api, f"/v2/_catalog?n={size}", "repositories")[0] == names
        assert api("GET", "/v2/_catalog?n=2&last=a/b").json["repositories"] == ["a/b/c", "b"]


def test_names_of_endpoints_may_be_names_of_repositories(api: Api, name: str) -> None:
    """The path is understood from its right end."""
    for part in ("blobs", "manifests", "tags", "uploads", "referrers", "blobs/uploads", "tags/list", "v2"):
        repository = f"{name}/{part}"
        digest = api.push_image(repository, make_image(repository), "list")
        assert api.tags(repository) == ["list"]
        assert api("HEAD", f"/v2/{repository}/manifests/list")["Docker-Content-Digest"] == digest


def test_several_slashes_are_read_as_one(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(f"{name}/part", image, "1")
    for target in (
        f"/v2//{name}/part/tags/list",
        f"//v2/{name}//part/tags//list",
        f"/v2/{name}///part/manifests/1",
        f"/v2//{name}/part//manifests//{image.digest}",
        f"/v2/{name}/part//blobs/{image.config.digest}",
        "/v2//_catalog",
        "/v2//",
    ):
        straight = api("GET", re.sub("/+", "/", target))
        answer = api("GET", target)
        assert (answer.status, answer.body) == (200, straight.body), target
    head = api("HEAD", f"/v2//{name}//part/manifests/1")
    assert (head.status, head["Docker-Content-Digest"]) == (200, image.digest)


def many_tags(api: Api, name: str, image: Image, tags: list[str]) -> None:
    """Sets tags fifty at a time, the most that one push takes."""
    for at in range(0, len(tags), 50):
        query = "&".join(f"tag={tag}" for tag in tags[at : at + 50])
        target = f"/v2/{name}/manifests/{image.digest}?{query}"
        put = api("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST})
        assert put.status == 201, put


def test_ten_thousand_tags_walked_while_they_change_miss_none(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image)
    stay = [f"t{number:05}" for number in range(0, 10_000, 2)]
    leave = [f"t{number:05}" for number in range(1, 10_000, 2)]
    many_tags(api, name, image, stay + leave)
    seen: list[str] = []
    page = f"/v2/{name}/tags/list?n=7"
    for number in range(10_000):
        answer = api("GET", page)
        tags = answer.json["tags"]
        assert 0 < len(tags) <= 7
        seen += tags
        if "Link" not in answer.headers:
            break
        assert len(tags) == 7
        page = answer["Link"].split(">")[0].removeprefix("<")
        if number % 25 == 0:  # Tags go and come before, at and after the place of the walk.
            for gone in {leave[number * 37 % len(leave)], *tags[-1:]} & set(leave):
                assert api("DELETE", f"/v2/{name}/manifests/{gone}").status in (202, 404)
            api.push_manifest(name, f"t{number * 7919 % 10_000:05}-new", image.manifest)
    assert len(seen) == len(set(seen)), "no tag comes twice"
    assert seen == sorted(seen)
    assert set(stay) <= set(seen), "none is missed that was there throughout"
    for query, status, count in (
        ("n=0", 200, 0),
        ("n=-1", 400, 0),
        ("n=abc", 400, 0),
        ("n=99999999999999999999", 400, 0),
        ("n=7&last=t05000-nobody", 200, 7),
    ):
        answer = api("GET", f"/v2/{name}/tags/list?{query}")
        assert answer.status == status, (query, answer)
        if status == 200:
            assert len(answer.json["tags"]) == count
            assert ("Link" in answer.headers) == (count > 0)
        else:
            assert answer.codes == ["PAGINATION_NUMBER_INVALID"]
    huge = api("GET", f"/v2/{name}/tags/list?n=1000000000")
    assert huge.status == 200
    assert len(huge.json["tags"]) < 10_000, "the page is cut"
    assert "Link" in huge.headers
    assert api("GET", f"/v2/{name}/tags/list?n=1&n=2").status in (200, 400)
