"""Which image of an index fits a machine, and what a manifest is that does not say so."""

from __future__ import annotations

import itertools
import json

import pytest

from ocilot.errors import ArchiveError, InvalidReference
from ocilot.oci import Descriptor, Manifest, Platform, digest_of
from ocilot.oci import media_types as types
from ocilot.oci.platform import choose

ARM = ("", "v5", "v6", "v7")


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/i386", "linux/386"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("Linux/ARM64", "linux/arm64"),
        ("arm64", "linux/arm64"),
    ],
)
def test_names_of_one_platform_are_equal(written: str, same: str) -> None:
    """C5"""
    assert Platform.parse(written) == Platform.parse(same)
    os_name, architecture, *variant = written.split("/") if "/" in written else ("linux", written)
    fields = {"os": os_name, "architecture": architecture, "variant": "".join(variant)}
    assert Platform.from_json(fields) == Platform.parse(same)


def test_arm_without_a_variant_is_version_7() -> None:
    """C5"""
    arm, v7 = Platform.parse("linux/arm"), Platform.parse("linux/arm/v7")
    assert (arm.rank(v7), v7.rank(arm)) == (0, 0)
    arm64 = Platform.parse("linux/arm64/v8")
    assert arm64.rank(Platform.from_json({"os": "linux", "architecture": "arm64"})) == 0


@pytest.mark.parametrize("order", list(itertools.permutations(ARM)), ids="-".join)
def test_the_choice_does_not_depend_on_the_order(order: tuple[str, ...]) -> None:
    """C6: a machine runs what was built for its version or an older one."""
    offered = [(Platform("linux", "arm", variant), variant) for variant in order]
    v6 = Platform.parse("linux/arm/v6")
    assert choose(v6, offered) == "v6"
    assert choose(v6, [one for one in offered if one[1] != "v6"]) == "v5"
    assert choose(v6, [one for one in offered if one[1] in ("", "v7")]) is None


@pytest.mark.parametrize("place", [0, 1])
def test_an_attestation_is_chosen_for_no_platform(place: int) -> None:
    """C4"""
    offered = [(Platform.parse("linux/amd64"), "image")]
    offered.insert(place, (Platform.parse("unknown/unknown"), "attestation"))
    assert choose(Platform.parse("linux/amd64"), offered) == "image"
    assert choose(Platform.parse("unknown/unknown"), offered) is None


CONFIG = Descriptor(types.OCI_CONFIG, digest_of(b"{}"), 2).to_json()
IMAGE: dict[str, object] = {"config": CONFIG, "layers": []}
INDEX: dict[str, object] = {"manifests": []}


@pytest.mark.parametrize(
    ("fields", "told", "found"),
    [
        (IMAGE | {"mediaType": types.DOCKER_MANIFEST}, types.OCI_MANIFEST, types.DOCKER_MANIFEST),
        (IMAGE, types.DOCKER_MANIFEST, types.DOCKER_MANIFEST),
        (INDEX, f"{types.DOCKER_LIST}; charset=utf-8", types.DOCKER_LIST),
        (IMAGE, "application/json", types.OCI_MANIFEST),
        (INDEX, "text/plain", types.OCI_INDEX),
        (INDEX, "", types.OCI_INDEX),
    ],
)
def test_a_manifest_without_a_type_is_what_it_was_told_as_or_looks_like(
    fields: dict[str, object], told: str, found: str
) -> None:
    """C1: its own field, then the Content-Type, then its fields."""
    manifest = Manifest(json.dumps(fields).encode(), told)
    assert manifest.media_type == found
    assert manifest.is_index == ("manifests" in fields)


@pytest.mark.parametrize("more", [{}, {"mediaType": types.OCI_MANIFEST}, {"mediaType": types.OCI_INDEX}])
def test_what_is_an_image_and_an_index_at_once_is_refused(more: dict[str, str]) -> None:
    """C1: two programs must not see two different images behind one digest."""
    with pytest.raises(ArchiveError, match="both layers and manifests"):
        Manifest(json.dumps(IMAGE | INDEX | more).encode(), types.OCI_MANIFEST)


@pytest.mark.parametrize("text", ["linux", "bogus", "amd46", "windows"])
def test_one_word_is_an_architecture_that_is_known(text: str) -> None:
    """`linux` alone would be the platform linux/linux, and a slip of the keys an image that runs nowhere."""
    with pytest.raises(InvalidReference, match=r"unknown architecture .* expected OS/ARCHITECTURE"):
        Platform.parse(text)
    assert Platform.parse("linux/bogus").architecture == "bogus"
