"""Lists whose pages lead in circles end with an error, and no page is read twice."""

from __future__ import annotations

import asyncio

import pytest

import ocilot
from ocilot.errors import RegistryError
from ocilot.oci.media_types import OCI_INDEX

from .fake_registry import Answer, FakeRegistry, json_answer

LIST = "/v2/team/app/tags/list"


def answering(server: FakeRegistry, query: str, tag: str, following: str) -> None:
    link = f'<{LIST}?{following}>; rel="next"'
    server.on("GET", rf"{LIST}\?{query}", json_answer({"tags": [tag]}, Link=link))


def in_a_circle(server: FakeRegistry) -> None:
    answering(server, ".*", "a", "last=a")
    answering(server, "last=a", "b", "last=b")
    answering(server, "last=b", "c", "last=a")


def without_its_query(server: FakeRegistry) -> None:
    """As behind a proxy that drops the query: every page is the first, and names the second as the next."""
    answering(server, ".*", "a", "last=a")


def to_the_first(server: FakeRegistry) -> None:
    answering(server, ".*", "a", "last=a")
    answering(server, "last=a", "b", "n=1")


CIRCLES = {"circle": in_a_circle, "same page": without_its_query, "first page": to_the_first}
READ = {"circle": ["a", "b", "c"], "same page": ["a"], "first page": ["a", "b"]}


@pytest.mark.parametrize("circle", list(CIRCLES))
def test_no_tag_is_listed_twice(circle: str) -> None:
    with FakeRegistry() as server, ocilot.connect(server.address) as registry:
        CIRCLES[circle](server)
        app = registry.repository("team/app")
        with pytest.raises(RegistryError, match=r"tags of .*team/app.*leads back.*incomplete") as caught:
            app.tags().all()
        assert "proxy" in caught.value.hint
        with pytest.raises(RegistryError, match="leads back"):
            app.tags(sort="name").all()
        with pytest.raises(RegistryError, match="leads back"):
            app.usage()
        assert len(server.requests) < 20


@pytest.mark.parametrize("circle", list(CIRCLES))
def test_what_was_read_before_the_circle_was_answered(circle: str) -> None:
    with FakeRegistry() as server, ocilot.connect(server.address) as registry:
        CIRCLES[circle](server)
        tags = iter(registry.repository("team/app").tags())
        assert [next(tags).name for _ in READ[circle]] == READ[circle]
        with pytest.raises(RegistryError, match="leads back"):
            next(tags)


@pytest.mark.parametrize("circle", list(CIRCLES))
def test_the_async_list_ends_alike(circle: str) -> None:
    async def listed() -> None:
        async with ocilot.aconnect(server.address) as registry:
            await registry.repository("team/app").tags().all()

    with FakeRegistry() as server:
        CIRCLES[circle](server)
        with pytest.raises(RegistryError, match="leads back"):
            asyncio.run(listed())


def test_repositories_and_referrers_end_alike() -> None:
    digest = "sha256:" + "0" * 64
    with FakeRegistry() as server, ocilot.connect(server.address) as registry:
        link = '</v2/_catalog?last=a>; rel="next"'
        server.on("GET", "/v2/_catalog.*", json_answer({"repositories": ["a"]}, Link=link))
        with pytest.raises(RegistryError, match=r"repositories of .*leads back"):
            registry.repositories().all()
        with pytest.raises(RegistryError, match=r"repositories of .*leads back"):
            registry.usage()
        entry = (
            f'{{"digest": "{digest}", "size": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}}'
        )
        told = {"Content-Type": OCI_INDEX, "Link": f'</v2/team/app/referrers/{digest}?page=2>; rel="next"'}
        server.on("GET", ".*/referrers/.*", Answer(200, told, f'{{"manifests": [{entry}]}}'.encode()))
        with pytest.raises(RegistryError, match=r"referrers of .*leads back"):
            registry.repository("team/app").referrers(digest).all()
