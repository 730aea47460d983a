"""Clients that show a certificate, and those that show none."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from .certificates import Certificates
from .clients import Containerd, Docker, Skopeo
from .conftest import FreshRegistry
from .images import layout_files, make_image, tar_of, write_layout
from .programs import Argument, ProgramFailed, Ran, attempt, environment, wait_until
from .registry import Registry
from .test_containerd import import_layout


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
    assert f"clientauth: {word} accepts unverified certificates" in ran.err


KNOWN = """\
    clientauth: verify-client-cert-if-given
ocilot:
  access:
    - repositories: ["team/**"]
      allow: {"certificate:alice": [pull, push]}
"""
"""Only alice, by her certificate, may do anything."""


def known(certificates: Certificates) -> str:
    return config(certificates) + KNOWN


def ping(
    registry: Registry, context: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> tuple[int, bool, ssl.SSLSession | None]:
    """The status, whether the session was resumed, and the session."""
    with (
        socket.create_connection(("127.0.0.1", registry.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost", session=session) as talk,
    ):
        talk.sendall(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: talk.recv(4096), b""))
        return int(said.split(b" ")[1]), bool(talk.session_reused), talk.session


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_that_has_expired_says_nobody_any_more(
    fresh_registry: FreshRegistry, certificates: Certificates, version: ssl.TLSVersion
) -> None:
    """Neither in a session that is resumed, which is not verified again, nor on an open connection."""
    registry = fresh_registry(known(certificates))
    context = certificates.context()
    context.maximum_version = version
    end = datetime.now(UTC) + timedelta(seconds=5)
    context.load_cert_chain(certificates.client("alice", until=end))
    with registry.connect(context) as kept:
        assert kept("GET", "/v2/").status == 200
        connection = kept.local_port
        status, _, session = ping(registry, context)
        assert status == 200
        assert ping(registry, context, session)[:2] == (200, True)
        wait_until(lambda: kept("GET", "/v2/").status == 401, "the end of the certificate", 30)
        assert kept.local_port == connection
        with pytest.raises((ssl.SSLError, ConnectionError), match=r"(?i)expired|reset"):
            ping(registry, context, session)
        context.load_cert_chain(certificates.client("alice"))
        assert ping(registry, context, session)[:2] == (200, False), "a new one is asked for"


def test_ctr_shows_the_certificate_of_its_hosts_directory(
    containerd: Containerd, fresh_registry: FreshRegistry, certificates: Certificates, tmp_path: Path
) -> None:
    registry = fresh_registry(known(certificates))
    client, directory = certificates.client("alice"), tmp_path / "hosts" / registry.local
    directory.mkdir(parents=True)
    host = f'[host."https://{registry.local}"]\nca = "{certificates.authority_file}"\n'
    (directory / "hosts.toml").write_text(host + f'client = [["{client}", "{client}"]]\n')
    image = make_image("ctr-certificate")
    write_layout(tmp_path / "layout", [image], image.manifest, "1")
    target = f"{registry.local}/team/app:1"
    import_layout(containerd, tmp_path / "layout", target)
    containerd.ctr("images", "push", "--hosts-dir", tmp_path / "hosts", target)
    pushed = containerd.images()[target]
    containerd.ctr("images", "rm", "--sync", target)
    containerd.ctr("images", "pull", "--hosts-dir", tmp_path / "hosts", "--snapshotter", "native", target)
    assert containerd.images()[target] == pushed
    other = f"{registry.local}/other/app:1"
    containerd.ctr("images", "tag", target, other)
    with pytest.raises(ProgramFailed, match=r"403|may not push"):
        containerd.ctr("images", "push", "--hosts-dir", tmp_path / "hosts", other)


@pytest.fixture
def own_address() -> str:
    """An address of this machine that an engine does not take for its own machine's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.254", 9))
        except OSError:
            pytest.skip("this machine has no address but the loopback's")
        return str(probe.getsockname()[0])


def test_docker_shows_the_certificate_of_its_directory(
    docker: Docker, own_address: str, tmp_path: Path
) -> None:
    """It does so for registries on other machines only, and needs no login then."""
    (tmp_path / "tls").mkdir()
    certificates = Certificates(tmp_path / "tls", ("localhost", own_address))
    registry = Registry(tmp_path, config=known(certificates), host=own_address)
    try:
        registry.start()
        shown = docker.certificates / registry.address
        shown.mkdir()
        (shown / "ca.crt").write_bytes(certificates.authority_file.read_bytes())
        tag, other = f"{registry.address}/team/app:1", f"{registry.address}/other/app:1"
        image = docker.import_rootfs(tar_of({"etc/motd": b"certificate"}), tag)
        with pytest.raises(ProgramFailed, match=r"unauthorized|authentication|no basic auth|denied"):
            docker("push", tag)
        client = certificates.client("alice").read_bytes()
        (shown / "client.cert").write_bytes(client)
        (shown / "client.key").write_bytes(client)
        docker("push", tag)
        docker("rmi", tag)
        docker("pull", tag)
        assert docker.image_id(tag) == image
        docker("tag", tag, other)
        with pytest.raises(ProgramFailed, match="certificate alice may not push to other/app"):
            docker("push", other)
        docker("rmi", tag, other)
    finally:
        registry.close()
