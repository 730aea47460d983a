"""What Cosign signs is tagged by a script and verified by the client; Cosign verifies what tests sign."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import FreshRegistry
from .foreign import Tool, needs, scripted
from .images import make_image
from .programs import Ran, attempt, environment, wait_until
from .registry import OCILOT, Registry
from .test_account_commands import Commands

pytestmark = needs("cosign")

OFFLINE = ("--yes", "--tlog-upload=false", "--use-signing-config=false")
"""Without the public log."""

WAYS = {
    "tag": ("--new-bundle-format=false",),
    "referrer": ("--new-bundle-format=false", "--registry-referrers-mode=oci-1-1"),
    "bundle": ("--new-bundle-format=true",),
}
"""Where Cosign may store a signature: versions before 3 store it as a tag, unless they are told otherwise."""


@pytest.fixture
def cosign(tmp_path: Path) -> Tool:
    """Cosign, in a directory with two pairs of keys."""
    tool = Tool("cosign", tmp_path / "home", COSIGN_PASSWORD="", COSIGN_EXPERIMENTAL="1")
    for name in ("known", "other"):
        tool("generate-key-pair", "--output-key-prefix", name)
    return tool


def verify(registry: Registry, home: Path, reference: str, key: str) -> Ran:
    """`ocilot verify` of an image."""
    words = ("verify", f"{registry.local}/team/app:{reference}", "--key", home / key, "-o", "json")
    return attempt([OCILOT, *words], env=environment(home))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_signed_with_the_key_is_tagged_and_verified(
    fresh_registry: FreshRegistry, cosign: Tool, way: str
) -> None:
    options, home = {"key": str(cosign.home / "known.pub")}, cosign.home
    registry = scripted(fresh_registry, "verify_cosign", options, rights=("pull", "push"))
    known, stranger = make_image("known"), make_image("stranger")
    with registry.connect() as api:
        for name, image in (("v1", known), ("v2", stranger)):
            api.push_image("team/app", image, name)
            assert verify(registry, home, name, "known.pub").code == 7
        for image, key in ((stranger, "other.key"), (known, "known.key")):
            cosign("sign", "--key", key, *OFFLINE, *WAYS[way], f"{registry.local}/team/app@{image.digest}")
        tag = f"verified-{known.digest[7:19]}"
        wait_until(lambda: tag in api.tags("team/app"), "the tag of the image that passed")
        assert [one for one in api.tags("team/app") if one.startswith("verified-")] == [tag]
        assert api("HEAD", f"/v2/team/app/manifests/{tag}")["Docker-Content-Digest"] == known.digest
    (script,) = Commands(registry).data("hooks", "status")["scripts"]
    assert sum(point["failed"] for point in script["points"].values()) == 0
    for name, key, image in (("v1", "known", known), (tag, "known", known), ("v2", "other", stranger)):
        ran = verify(registry, home, name, f"{key}.pub")
        assert ran.code == 0, ran
        assert [one["digest"] for one in json.loads(ran.out)["signatures"]] == [image.digest]
    for name, key in (("v1", "other"), (tag, "other"), ("v2", "known")):
        ran = verify(registry, home, name, f"{key}.pub")
        assert ran.code == 7, ran
        assert "made by another key" in ran.err


def test_an_attestation_with_the_key_is_no_signature(fresh_registry: FreshRegistry, cosign: Tool) -> None:
    options = {"key": str(cosign.home / "known.pub")}
    registry = scripted(fresh_registry, "verify_cosign", options, rights=("pull", "push"))
    attested, signed = make_image("attested"), make_image("signed")
    (cosign.home / "failed.json").write_text('{"tests": "failed"}')
    words = ("--key", "known.key", *OFFLINE, *WAYS["bundle"])
    with registry.connect() as api:
        for image in (attested, signed):
            api.push_image("team/app", image, image.digest[7:19])
        target = f"{registry.local}/team/app"
        cosign("attest", *words, "--predicate", "failed.json", f"{target}@{attested.digest}")
        cosign("sign", *words, f"{target}@{signed.digest}")
        # Events of a repository are in order: the attestation was looked at before.
        tag = f"verified-{signed.digest[7:19]}"
        wait_until(lambda: tag in api.tags("team/app"), "the tag of the image that was signed")
        assert f"verified-{attested.digest[7:19]}" not in api.tags("team/app")
    ran = verify(registry, cosign.home, attested.digest[7:19], "known.pub")
    assert ran.code == 7, ran
    assert "not a signature" in ran.err
