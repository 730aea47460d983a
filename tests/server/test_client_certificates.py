"""Clients that show a certificate, and those that show none."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from .certificates import Certificates
from .clients import Skopeo
from .conftest import FreshRegistry
from .images import layout_files, make_image, write_layout
from .programs import Argument, Ran, attempt, environment, wait_until
from .registry import Registry


def config(certificates: Certificates, *lines: str) -> str:
    return certificates.config() + "".join(
        f"    {line}\n" for line in (f"clientcas: [{certificates.authority_file}]", *lines)
    )


def curl(registry: Registry, certificates: Certificates, home: Path, shown: Path | None) -> Ran:
    words: list[Argument] = [
        "--silent",
        "--show-error",
        "--max-time",
        "20",
        "--cacert",
        certificates.authority_file,
    ]
    if shown is not None:
        words += ["--cert", shown]
    url = f"https://localhost:{registry.port}/v2/"
    return attempt(["curl", *words, url], env=environment(home), seconds=30)


def test_only_a_client_with_a_good_certificate_gets_in(
    fresh_registry: FreshRegistry, certificates: Certificates, tmp_path: Path
) -> None:
    registry = fresh_registry(config(certificates))
    alice, mallory = certificates.client("alice"), certificates.client("alice", trustme.CA())
    assert curl(registry, certificates, tmp_path, alice).out == "{}"
    for shown in (None, mallory):
        assert curl(registry, certificates, tmp_path, shown).code != 0


def test_one_that_shows_none_gets_in_where_none_is_required(
    fresh_registry: FreshRegistry, certificates: Certificates, tmp_path: Path
) -> None:
    registry = fresh_registry(config(certificates, "clientauth: verify-client-cert-if-given"))
    for shown in (None, certificates.client("alice")):
        assert curl(registry, certificates, tmp_path, shown).out == "{}"
    mallory = certificates.client("alice", trustme.CA())
    assert curl(registry, certificates, tmp_path, mallory).code != 0


def test_skopeo_shows_the_certificate_of_its_directory(
    skopeo: Skopeo, fresh_registry: FreshRegistry, certificates: Certificates, tmp_path: Path
) -> None:
    registry = fresh_registry(config(certificates))
    shown, there = tmp_path / "shown", f"docker://{registry.local}/app:1"
    shown.mkdir()
    (shown / "ca.crt").write_bytes(certificates.authority_file.read_bytes())
    client = certificates.client("alice").read_bytes()
    (shown / "client.cert").write_bytes(client)
    (shown / "client.key").write_bytes(client)
    image = make_image("client-certificate")
    write_layout(tmp_path / "there", [image], image.manifest, "1")
    skopeo("copy", "--dest-cert-dir", shown, f"oci:{tmp_path}/there:1", there)
    skopeo("copy", "--src-cert-dir", shown, there, f"oci:{tmp_path}/back:1")
    assert layout_files(tmp_path / "back") == layout_files(tmp_path / "there")


def test_new_authorities_are_in_force_without_a_restart(
    fresh_registry: FreshRegistry, certificates: Certificates, tmp_path: Path
) -> None:
    authorities = tmp_path / "clients.pem"
    certificates.authority.cert_pem.write_to_path(authorities)
    registry = fresh_registry(certificates.config() + f"    clientcas: [{authorities}]\n")
    other = trustme.CA()
    alice, bob = certificates.client("alice"), certificates.client("bob", other)
    assert curl(registry, certificates, tmp_path, alice).code == 0
    assert curl(registry, certificates, tmp_path, bob).code != 0
    other.cert_pem.write_to_path(authorities)
    wait_until(lambda: curl(registry, certificates, tmp_path, bob).code == 0, "the new authority")
    assert curl(registry, certificates, tmp_path, alice).code != 0


@pytest.mark.parametrize("word", ["request-client-cert", "require-any-client-cert"])
def test_certificates_that_nobody_verifies_are_not_asked_for(
    fresh_registry: FreshRegistry, certificates: Certificates, word: str
) -> None:
    ran = fresh_registry(config(certificates, f"clientauth: {word}"), start=False).refused_start()
    assert ran.code == 2
    assert f"clientauth: {word} takes certificates that nobody has signed" in ran.err
