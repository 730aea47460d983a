"""References, hosts and locations: each row of the rules, and what is refused."""

from __future__ import annotations

import doctest

import pytest

from ocilot import references
from ocilot.errors import InvalidReference
from ocilot.references import Location, Reference, parse_host, parse_repository, parse_tag

DIGEST = "sha256:" + "a" * 64


def test_the_examples_of_the_module_are_true() -> None:
    assert doctest.testmod(references).failed == 0


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("alpine", "docker.io/library/alpine:latest"),
        ("localhost", "docker.io/library/localhost:latest"),
        ("localhost/x", "localhost/x:latest"),
        ("a.b/c", "a.b/c:latest"),
        ("a:1/c", "a:1/c:latest"),
        ("Foo/bar", "Foo/bar:latest"),
        ("index.docker.io/x", "docker.io/library/x:latest"),
        ("registry-1.docker.io/x", "docker.io/library/x:latest"),
        ("registry.hub.docker.com/x", "registry.hub.docker.com/x:latest"),
        ("docker.io/a/b/c", "docker.io/a/b/c:latest"),
        ("a/b", "docker.io/a/b:latest"),
        ("quay.io/x", "quay.io/x:latest"),
        ("host:5000/a:1", "host:5000/a:1"),
        ("[::1]:5000/a", "[::1]:5000/a:latest"),
        ("[2001:db8::1]/a:v", "[2001:db8::1]/a:v"),
        ("a", "docker.io/library/a:latest"),
        ("a__b/c--d/e.f", "docker.io/a__b/c--d/e.f:latest"),
        (f"x:v@{DIGEST}", f"docker.io/library/x:v@{DIGEST}"),
        (f"r.example/x@{DIGEST}", f"r.example/x@{DIGEST}"),
        ("x:" + "a" * 128, "docker.io/library/x:" + "a" * 128),
        ("r.example/" + "a" * 255, "r.example/" + "a" * 255 + ":latest"),
    ],
)
def test_a_reference_means_what_docker_means_by_it(text: str, canonical: str) -> None:
    found = Reference.parse(text)
    assert str(found) == canonical
    assert Reference.parse(canonical) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[fe80::1%25eth0]/a", "zone"),
        ("[fe80::1%eth0]/a", "zone"),
        ("[::g]/a", "IPv6"),
        ("::1/a", "[::1]/a"),
        ("Host/Upper/case", "Host/upper/case"),
        ("a/B", "lower case"),
        ("Alpine", "write alpine"),
        ("a///b", "invalid repository"),
        ("a___b", "invalid repository"),
        ("a..b/c", "invalid"),
        ("-a", "invalid repository"),
        ("a/", "invalid repository"),
        ("", "missing"),
        ("r.example/", "missing"),
        ("r.example/" + "a" * 256, "255"),
        ("alpine:", "tag after : is missing"),
        ("x:1.0.0+build", "1.0.0_build"),
        ("x:.v", "invalid tag"),
        ("x:" + "a" * 129, "invalid tag"),
        ("b" * 64, "image ID"),
        ("https://host/x", "write host/x"),
        ("docker://alpine", "write alpine"),
        ("x@sha256:abc", "invalid digest"),
        ("x@", "invalid digest"),
        ("host:0/a", "port"),
        ("host:65536/a", "port"),
        ("host:99999999999999999999/a", "port"),
        ("ho_st.x/a", "invalid registry"),
        ("a\x1b[31m/b", "\\x1b"),
    ],
)
def test_what_is_no_reference_is_refused_with_the_reason(text: str, told: str) -> None:
    with pytest.raises(InvalidReference) as refused:
        Reference.parse(text)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_hex_that_is_no_image_id_is_a_name() -> None:
    assert Reference.parse("b" * 63).repository == "library/" + "b" * 63


def test_the_digest_decides_and_the_tag_stays_a_label() -> None:
    both = Reference.parse(f"r.example/x:v@{DIGEST}")
    assert (both.tag, both.target) == ("v", DIGEST)


def test_docker_hub_has_its_own_endpoint() -> None:
    assert Reference.parse("alpine").endpoint == "registry-1.docker.io"
    assert Reference.parse("quay.io/x").endpoint == "quay.io"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("docker.io/library/alpine:latest", "alpine"),
        ("docker.io/team/app:v1", "team/app:v1"),
        ("r.example/app", "r.example/app"),
        (f"alpine@{DIGEST}", f"alpine@{DIGEST}"),
        (f"alpine:latest@{DIGEST}", f"alpine:latest@{DIGEST}"),
        ("docker.io/a.b/app:v1", "docker.io/a.b/app:v1"),
    ],
)
def test_the_short_form_means_the_same(text: str, short: str) -> None:
    found = Reference.parse(text)
    assert found.familiar == short
    assert Reference.parse(short) == found


def test_a_default_registry_is_used_only_where_none_is_written() -> None:
    assert str(Reference.parse("app", default_registry="localhost:5000")) == "localhost:5000/app:latest"
    assert str(Reference.parse("quay.io/app", default_registry="localhost:5000")) == "quay.io/app:latest"
    assert Reference.parse("app", default_registry="index.docker.io").repository == "library/app"


@pytest.mark.parametrize(
    ("text", "name", "scheme"),
    [
        ("docker.io", "docker.io", ""),
        ("https://index.docker.io/v1/", "docker.io", "https"),
        ("registry-1.docker.io", "docker.io", ""),
        ("https://r.example", "r.example", "https"),
        ("http://r.example:5000/", "r.example:5000", "http"),
        ("https://r.example/v2/", "r.example", "https"),
        ("[::1]:5000", "[::1]:5000", ""),
        ("localhost", "localhost", ""),
    ],
)
def test_a_host_may_be_written_as_a_url(text: str, name: str, scheme: str) -> None:
    assert parse_host(text) == (name, scheme)


@pytest.mark.parametrize(
    "text", ["", "ftp://x", "https://r.example/team/app", "r.example/team", "a b", "::1", "x:"]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        parse_host(text)


def test_repositories_and_tags_are_checked_alone() -> None:
    assert parse_repository("team/app") == "team/app"
    assert parse_tag("v1") == "v1"
    for wrong in ("", "A", "a/", "a:b", "x" * 256):
        with pytest.raises(InvalidReference):
            parse_repository(wrong)
    for wrong in ("", "a/b", "a b", "ä"):
        with pytest.raises(InvalidReference):
            parse_tag(wrong)


@pytest.mark.parametrize(
    ("text", "kind", "path", "name"),
    [
        ("oci:dir", "oci", "dir", ""),
        ("oci:dir:v1", "oci", "dir", "v1"),
        ("oci:/a/b:host:5000/x:v1", "oci", "/a/b", "host:5000/x:v1"),
        ("oci:C:\\x:v1", "oci", "C:\\x", "v1"),
        ("oci-archive:a.tar", "oci-archive", "a.tar", ""),
        ("docker-archive:a.tar:app:v1", "docker-archive", "a.tar", "app:v1"),
        ("bundle:b.tar", "bundle", "b.tar", ""),
        ("-", "-", "", ""),
    ],
)
def test_a_location_names_its_kind_its_path_and_its_image(text: str, kind: str, path: str, name: str) -> None:
    found = Location.parse(text)
    assert (found.kind, found.path, found.name) == (kind, path, name)
    assert str(found) == text


def test_a_location_without_a_kind_is_a_reference() -> None:
    found = Location.parse("alpine:3.22")
    assert found.kind == "registry"
    assert str(found) == "docker.io/library/alpine:3.22"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("oci:", "path is missing"),
        ("./layout", "oci:./layout"),
        ("/x.tar", "docker-archive:/x.tar"),
        ("docker-daemon:alpine", "not supported"),
        ("docker://alpine", "write alpine"),
        ("dir:x", "not supported"),
    ],
)
def test_what_is_no_location_is_refused_with_the_way_to_write_it(text: str, told: str) -> None:
    with pytest.raises(InvalidReference, match="invalid") as refused:
        Location.parse(text)
    assert told in str(refused.value)
