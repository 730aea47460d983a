"""How builders reach registries: each with the credentials that are for it, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

import ocilot
from ocilot.errors import AuthError, InvalidReference, NotFound, RegistryError
from ocilot.references import Reference

from .conftest import Host
from .fake_registry import FakeRegistry, error
from .rootfs import rootfs
from .seed import AMD64, push

BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"


@pytest.fixture
def here(guarded_host: Host, name: str) -> str:
    """A repository with an image, on a registry that lets nobody in without a password."""
    with guarded_host.connect() as registry:
        push(registry.repository(name), AMD64, "v1")
    return f"{guarded_host.address}/{name}"


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    return rootfs(tmp_path / "rootfs")


def test_options_of_either_end_are_those_of_their_registry(
    guarded_host: Host, here: str, layer: Path
) -> None:
    auth, tls = guarded_host.options["auth"], guarded_host.options["tls"]
    assert ocilot.mutate(f"{here}:v1", f"{here}:one", auth=auth, tls=tls).tag == "one"
    assert ocilot.mutate(f"{here}:v1", f"{here}:two", source_auth=auth, source_tls=tls).tag == "two"
    assert ocilot.append(f"{here}:v1", [layer], f"{here}:three", auth=auth, source_tls=tls).tag == "three"
    assert ocilot.make_index([f"{here}:v1"], f"{here}:four", source_auth=auth, source_tls=tls).tag == "four"
    # A reference that is no text, and one that knows its registry.
    source = Reference.parse(f"{here}:v1")
    assert ocilot.mutate(source, f"{here}:five", auth=auth, tls=tls).tag == "five"
    with guarded_host.connect() as registry:
        repository = here.partition("/")[2]
        assert ocilot.mutate(registry / f"{repository}:v1", f"{here}:six").tag == "six"
        assert ocilot.mutate(f"{here}:v1", registry / f"{repository}:seven").tag == "seven"


def test_what_is_given_for_the_source_is_used_for_it(guarded_host: Host, here: str) -> None:
    options = guarded_host.options
    with pytest.raises(AuthError, match="v1"):
        ocilot.mutate(f"{here}:v1", f"{here}:v2", source_auth=ocilot.ANONYMOUS, **options)


def test_with_sources_elsewhere_it_is_for_those(
    guarded_host: Host, here: str, open_host: Host, name: str
) -> None:
    with open_host.connect() as registry:
        push(registry.repository(name), AMD64, "v1")
    there = f"{open_host.address}/{name}:v1"
    built = ocilot.rebase(
        f"{here}:v1",
        there,
        f"{here}:rebased",
        old_base=there,
        source_auth=ocilot.ANONYMOUS,
        **guarded_host.options,
    )
    assert built.tag == "rebased"


def test_one_credential_is_not_sent_to_two_registries(tmp_path: Path) -> None:
    sources = ["one.invalid/app:v1", "two.invalid/app:v1"]
    with pytest.raises(InvalidReference, match=r"source_auth .* one\.invalid, two\.invalid.*function"):
        ocilot.make_index(sources, f"oci:{tmp_path / 'layout'}:v1", source_auth=("bob", "secret"))


def test_a_base_that_only_an_annotation_names_gets_no_credentials(
    open_host: Host, name: str, layer: Path
) -> None:
    with FakeRegistry() as stranger, open_host.connect() as registry:
        stranger.on("GET", ".*", error(401, "UNAUTHORIZED", WWW_Authenticate="Basic realm=x"))
        push(registry.repository(name), AMD64, "base")
        app = f"{open_host.address}/{name}"
        named = {BASE_NAME: f"{stranger.address}/base:1", BASE_DIGEST: AMD64.digest}
        ocilot.append(f"{app}:base", [layer], f"{app}:v1", annotations=named)
        with pytest.raises((RegistryError, NotFound)):
            ocilot.rebase(f"{app}:v1", f"{app}:base", f"{app}:v2", source_auth=("bob", "secret"))
        assert stranger.requests
        assert not [one for one in stranger.requests if one.authorization]
