"""What belongs to a manifest: signatures, attestations, and whatever else names it as its subject."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from .api import Answer, Api
from .conftest import FreshRegistry
from .images import OCI_INDEX, OCI_MANIFEST, Content, digest_of, make_image, to_json
from .test_lists import next_link

SIGNATURE = "application/vnd.example.signature.v1+json"
SBOM = "application/vnd.example.sbom+json"


def referrer(
    api: Api, name: str, subject: Content, artifact_type: str | None = SIGNATURE, **more: Any
) -> Content:
    """Pushes an artifact about `subject` by digest, and checks that the answer says so."""
    config = Content("application/vnd.example.config+json", b"{}")
    api.push_blob(name, config.data)
    manifest: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor()}
    manifest |= {"layers": [], "subject": subject.descriptor(), **more}
    if artifact_type:
        manifest["artifactType"] = artifact_type
    content = Content(OCI_MANIFEST, to_json(manifest))
    put = api(
        "PUT", f"/v2/{name}/manifests/{content.digest}", content.data, {"Content-Type": content.media_type}
    )
    assert (put.status, put["OCI-Subject"]) == (201, subject.digest), put
    return content


def listed(answer: Answer) -> list[dict[str, Any]]:
    """The descriptors of a referrers list, whose form is checked."""
    assert (answer.status, answer["Content-Type"]) == (200, OCI_INDEX), answer
    assert (answer.json["schemaVersion"], answer.json["mediaType"]) == (2, OCI_INDEX)
    descriptors = answer.json["manifests"]
    assert isinstance(descriptors, list)
    return descriptors


def digests(answer: Answer) -> list[str]:
    return [descriptor["digest"] for descriptor in listed(answer)]


@pytest.fixture
def subject(api: Api, name: str) -> Content:
    image = make_image(name)
    api.push_image(name, image, "1")
    return image.manifest


@pytest.fixture
def target(name: str, subject: Content) -> str:
    return f"/v2/{name}/referrers/{subject.digest}"


def test_what_is_unknown_has_no_referrers_and_is_no_error(api: Api, name: str, target: str) -> None:
    nothing = "sha256:" + "0" * 64
    for path in (target, f"/v2/{name}/referrers/{nothing}", f"/v2/{name}/unknown/referrers/{nothing}"):
        answer = api("GET", path)
        assert listed(answer) == []
        assert next_link(answer) is None
    assert api("GET", f"/v2/{name}/referrers/sha512:{'0' * 128}").status == 200


@pytest.mark.parametrize("bad", ["sha256:bad", "1", "sha256:" + "A" * 64, "md5:" + "0" * 32])
def test_a_subject_that_is_no_digest_is_refused(api: Api, name: str, bad: str) -> None:
    answer = api("GET", f"/v2/{name}/referrers/{bad}")
    assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"]), answer


def test_a_referrer_is_listed_with_all_that_clients_choose_by(
    api: Api, name: str, subject: Content, target: str
) -> None:
    content = referrer(api, name, subject, annotations={"org.example.key": 'a "value"'})
    assert listed(api("GET", target)) == [
        content.descriptor(artifactType=SIGNATURE, annotations={"org.example.key": 'a "value"'})
    ]
    head = api("HEAD", target)
    assert (head.status, head.body, head["Content-Type"]) == (200, b"", OCI_INDEX)


def test_the_artifact_type_is_the_manifests_or_its_configs_or_none(
    api: Api, name: str, subject: Content, target: str
) -> None:
    by_config = referrer(api, name, subject, None)
    index = Content(
        OCI_INDEX,
        to_json(
            {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "subject": subject.descriptor()}
        ),
    )
    api.push_manifest(name, index.digest, index)
    found = {entry["digest"]: entry for entry in listed(api("GET", target))}
    assert found[by_config.digest]["artifactType"] == "application/vnd.example.config+json"
    assert "artifactType" not in found[index.digest]
    assert found[index.digest]["mediaType"] == OCI_INDEX


def test_a_list_can_be_filtered_by_type(api: Api, name: str, subject: Content, target: str) -> None:
    signature = referrer(api, name, subject, SIGNATURE)
    sbom = referrer(api, name, subject, SBOM)
    everything = api("GET", target)
    assert sorted(digests(everything)) == sorted([signature.digest, sbom.digest])
    assert "OCI-Filters-Applied" not in everything.headers
    for form in (SBOM, quote(SBOM, safe=""), quote(SBOM)):
        answer = api("GET", f"{target}?artifactType={form}")
        assert (digests(answer), answer["OCI-Filters-Applied"]) == ([sbom.digest], "artifactType")
    none = api("GET", f"{target}?artifactType=application/unknown")
    assert (digests(none), none["OCI-Filters-Applied"]) == ([], "artifactType")
    both = api("GET", f"{target}?artifactType={SBOM}&artifactType={quote(SIGNATURE, safe='')}")
    if "OCI-Filters-Applied" not in both.headers:
        assert sorted(digests(both)) == sorted([signature.digest, sbom.digest]), "then the client filters"


def test_a_referrer_may_come_before_its_subject_and_outlive_it(api: Api, name: str) -> None:
    image = make_image(f"{name} late")
    content = referrer(api, name, image.manifest)
    target = f"/v2/{name}/referrers/{image.digest}"
    assert digests(api("GET", target)) == [content.digest]
    api.push_image(name, image)
    assert digests(api("GET", target)) == [content.digest]
    assert api("DELETE", f"/v2/{name}/manifests/{image.digest}").status == 202
    assert digests(api("GET", target)) == [content.digest], "it still points there"
    assert api("DELETE", f"/v2/{name}/manifests/{content.digest}").status == 202
    assert digests(api("GET", target)) == []


def test_referrers_belong_to_their_repository(api: Api, name: str, subject: Content, target: str) -> None:
    referrer(api, name, subject)
    assert digests(api("GET", target.replace(name, f"{name}/other"))) == []


def test_pages_of_referrers_follow_each_other(api: Api, name: str, subject: Content, target: str) -> None:
    types = [SIGNATURE, SBOM]
    pushed = [referrer(api, name, subject, types[n % 2], annotations={"n": str(n)}) for n in range(7)]
    for query, expected in (("n=3", pushed), (f"n=2&artifactType={quote(SBOM, safe='')}", pushed[1::2])):
        found: list[str] = []
        page: str | None = f"{target}?{query}"
        while page:
            answer = api("GET", page)
            assert 0 < len(digests(answer)) <= 3
            found += digests(answer)
            page = next_link(answer)
        assert sorted(found) == sorted(content.digest for content in expected)


def test_a_page_has_a_hundred_entries_unless_more_are_asked_for(
    api: Api, name: str, subject: Content, target: str
) -> None:
    pushed = {referrer(api, name, subject, annotations={"n": str(n)}).digest for n in range(120)}
    first = api("GET", target)
    rest = next_link(first)
    assert rest
    assert len(digests(first)) == 100
    assert pushed == {*digests(first), *digests(api("GET", rest))}
    assert set(digests(api("GET", f"{target}?n=1000"))) == pushed


def test_no_page_is_larger_than_clients_read(api: Api, name: str, subject: Content, target: str) -> None:
    big = {f"key{number}": "x" * 10_000 for number in range(100)}
    pushed = [referrer(api, name, subject, annotations={**big, "n": str(number)}) for number in range(5)]
    found: list[str] = []
    page: str | None = target
    while page:
        answer = api("GET", page)
        assert len(answer.body) <= 1.5 * 1024 * 1024, "one entry, however large it is"
        found += digests(answer)
        page = next_link(answer)
    assert sorted(found) == sorted(content.digest for content in pushed)


def test_a_fallback_tag_of_a_client_is_a_tag_like_any_other(api: Api, name: str, subject: Content) -> None:
    tag = subject.digest.replace(":", "-")
    index = Content(OCI_INDEX, to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}))
    api.push_manifest(name, tag, index)
    assert api("GET", f"/v2/{name}/manifests/{tag}").body == index.data
    assert api("DELETE", f"/v2/{name}/manifests/{digest_of(index.data)}").status == 202
    assert not api.has_manifest(name, tag)


@pytest.mark.slow
def test_ten_thousand_referrers_come_in_pages_that_clients_read(fresh_registry: FreshRegistry) -> None:
    memory = "version: 0.1\nstorage:\n  inmemory: {}\n"
    with fresh_registry(memory).connect() as api:
        subject = Content(OCI_MANIFEST, b"not pushed yet")
        first = json.loads(referrer(api, "app", subject).data)
        pushed = []
        for number in range(10_000):
            body = to_json(first | {"annotations": {"n": str(number), "note": "x" * 500}})
            target = f"/v2/app/manifests/{digest_of(body)}"
            assert api("PUT", target, body, {"Content-Type": OCI_MANIFEST}).status == 201
            pushed.append(digest_of(body))
        for query, most in (("", 10_000), ("?n=100000", 10_000), ("?n=999", 999)):
            found: list[str] = []
            page: str | None = f"/v2/app/referrers/{subject.digest}{query}"
            while page:
                answer = api("GET", page)
                assert len(answer.body) <= 4 * 1024 * 1024
                assert 0 < len(digests(answer)) <= most
                found += digests(answer)
                page = next_link(answer)
            assert len(found) == len(set(found)), "none comes twice"
            assert set(pushed) < set(found), "none is missed"
