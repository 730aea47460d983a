"""HTTPS from certificate and key files."""

from __future__ import annotations

import re
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from .api import Raw
from .certificates import Certificates
from .clients import Skopeo
from .conftest import FreshRegistry
from .images import layout_files, make_image, write_layout
from .programs import attempt, environment, run, wait_until
from .registry import Registry
from .test_start import assert_refused


@pytest.fixture
def secure(fresh_registry: FreshRegistry, certificates: Certificates) -> Registry:
    registry = fresh_registry(certificates.config())
    assert registry.scheme == "https"
    return registry


def served(registry: Registry, certificates: Certificates) -> bytes | None:
    """The certificate that a new connection gets."""
    with (
        socket.create_connection(("127.0.0.1", registry.port), timeout=10) as plain,
        certificates.context().wrap_socket(plain, server_hostname="localhost") as talk,
    ):
        return talk.getpeercert(binary_form=True)


def test_an_image_goes_in_and_out_over_tls(secure: Registry, certificates: Certificates) -> None:
    image = make_image("tls", size=500_000)
    with secure.connect(certificates.context()) as api:
        api.push_image("app", image, "1")
        assert api("GET", "/v2/app/manifests/1").body == image.manifest.data
        for blob in image.blobs:
            assert api("GET", f"/v2/app/blobs/{blob.digest}").body == blob.data
        part = api("GET", f"/v2/app/blobs/{image.layers[0].digest}", headers={"Range": "bytes=1000-1999"})
        assert (part.status, part.body) == (206, image.layers[0].data[1000:2000])


def test_curl_trusts_it_by_its_authority(
    secure: Registry, certificates: Certificates, tmp_path: Path
) -> None:
    url = f"https://localhost:{secure.port}/v2/"
    env = environment(tmp_path / "home")
    assert (
        run(["curl", "--silent", "--show-error", "--cacert", certificates.authority_file, url], env=env)
        == "{}"
    )


def test_skopeo_trusts_it_by_its_authority(
    skopeo: Skopeo, secure: Registry, certificates: Certificates, tmp_path: Path
) -> None:
    image = make_image("skopeo")
    write_layout(tmp_path / "there", [image], image.manifest, "1")
    trusted, there = tmp_path / "trusted", f"docker://{secure.local}/app:1"
    trusted.mkdir()
    (trusted / "ca.crt").write_bytes(certificates.authority_file.read_bytes())
    skopeo("copy", "--dest-cert-dir", trusted, f"oci:{tmp_path}/there:1", there)
    skopeo("copy", "--src-cert-dir", trusted, there, f"oci:{tmp_path}/back:1")
    assert layout_files(tmp_path / "back") == layout_files(tmp_path / "there")


def test_a_certificate_replaced_on_disk_is_served_without_a_restart(
    secure: Registry, certificates: Certificates
) -> None:
    with secure.connect(certificates.context()) as old:
        assert old("GET", "/v2/").status == 200
        before = served(secure, certificates)
        certificates.renew()
        wait_until(lambda: served(secure, certificates) != before, "the new certificate")
        assert old("GET", "/v2/").status == 200, "connections that are open go on"


def test_metrics_say_when_the_certificate_in_force_expires(
    secure: Registry, certificates: Certificates
) -> None:
    def gauge(name: str) -> int:
        with secure.connect(certificates.context()) as api:
            found = re.search(rf"^{name} (-?\d+)$", api("GET", "/metrics").body.decode(), re.MULTILINE)
        assert found, name
        return int(found[1])

    before = gauge("ocilot_tls_certificate_expiry_timestamp_seconds")
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    certificates.renew(until)
    wait_until(
        lambda: gauge("ocilot_tls_certificate_expiry_timestamp_seconds") == int(until.timestamp()),
        "the time of the new certificate",
    )
    assert before != int(until.timestamp())
    assert 0 < gauge("ocilot_tls_certificate_expires_in_seconds") <= timedelta(days=3).total_seconds()


def test_plain_http_on_the_tls_port_does_no_harm(secure: Registry, certificates: Certificates) -> None:
    with Raw(secure.port) as raw:
        raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
        said = raw.rest()
    # An answer in HTTP, a TLS alert, or the end.
    assert said[:1] == b"\x15" or re.match(rb"HTTP/1\.[01] 400 ", said) or said == b""
    assert served(secure, certificates)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_is_spoken_unless_configured_otherwise(
    fresh_registry: FreshRegistry, certificates: Certificates, newest: ssl.TLSVersion
) -> None:
    context = certificates.context()
    context.maximum_version = newest
    with fresh_registry(certificates.config()).connect(context) as api:
        assert api("GET", "/v2/").status == 200
    strict = certificates.config() + "    minimumtls: tls1.3\n"
    with fresh_registry(strict).connect(context) as api:
        if newest is ssl.TLSVersion.TLSv1_3:
            assert api("GET", "/v2/").status == 200
        else:
            with pytest.raises(ssl.SSLError, match=r"(?i)version"):
                api("GET", "/v2/")


@pytest.mark.parametrize("offered", [["h2"], ["h2", "http/1.1"], ["h2c", "h3"]])
def test_http_2_is_not_offered(secure: Registry, certificates: Certificates, offered: list[str]) -> None:
    """CVE-2023-44487: what is not spoken cannot be reset rapidly."""
    context = certificates.context()
    context.set_alpn_protocols(offered)
    with socket.create_connection(("127.0.0.1", secure.port), timeout=10) as plain:
        if "http/1.1" in offered:
            with context.wrap_socket(plain, server_hostname="localhost") as talk:
                assert talk.selected_alpn_protocol() == "http/1.1"
        else:
            with pytest.raises(ssl.SSLError, match=r"(?i)application.protocol"):
                context.wrap_socket(plain, server_hostname="localhost")
    assert served(secure, certificates)


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"])
def test_tls_1_2_is_spoken_with_ecdhe_and_aead_only(
    secure: Registry, certificates: Certificates, suite: str
) -> None:
    context = certificates.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{suite}:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", secure.port), timeout=10) as plain,
        pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"),
    ):
        context.wrap_socket(plain, server_hostname="localhost")
    assert served(secure, certificates)


RSA, ECDSA = trustme.KeyType.RSA, trustme.KeyType.ECDSA
IN_OPENSSL = {
    "AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "CHACHA20_POLY1305_SHA256": "CHACHA20-POLY1305",
}


def negotiated(registry: Registry, certificates: Certificates, *options: str) -> str | None:
    """The suite that `openssl s_client` and the registry agree on, by the name of OpenSSL."""
    address = ["-connect", f"127.0.0.1:{registry.port}", "-servername", "localhost"]
    trust = ["-CAfile", str(certificates.authority_file), "-verify_return_error"]
    ran = attempt(
        ["openssl", "s_client", *address, *trust, *options], env=environment(registry.home), stdin=b""
    )
    found = re.search(r"^New, (\S+), Cipher is (\S+)$", ran.out, re.MULTILINE)
    assert found, ran
    assert (ran.code == 0) == (found[2] != "(NONE)"), ran
    return found[2] if ran.code == 0 else None


def with_suites(certificates: Certificates, *names: str, minimum: str = "tls1.2") -> str:
    return f"{certificates.config()}    minimumtls: {minimum}\n    ciphersuites: [{', '.join(names)}]\n"


@pytest.mark.parametrize("key", [RSA, ECDSA])
@pytest.mark.parametrize("suite", IN_OPENSSL)
def test_a_selected_suite_is_the_only_one(
    fresh_registry: FreshRegistry, certificates: Certificates, key: trustme.KeyType, suite: str
) -> None:
    certificates.renew(key_type=key)
    names = (f"TLS_ECDHE_{key.name}_WITH_{suite}", f"TLS_{suite}")
    registry = fresh_registry(with_suites(certificates, *names))
    assert negotiated(registry, certificates, "-tls1_2") == f"ECDHE-{key.name}-{IN_OPENSSL[suite]}"
    assert negotiated(registry, certificates, "-tls1_3") == f"TLS_{suite}"
    for other in IN_OPENSSL.keys() - {suite}:
        in_openssl = f"ECDHE-{key.name}-{IN_OPENSSL[other]}"
        assert negotiated(registry, certificates, "-tls1_2", "-cipher", in_openssl) is None
        assert negotiated(registry, certificates, "-tls1_3", "-ciphersuites", f"TLS_{other}") is None
    with registry.connect(certificates.context()) as api:
        assert api("GET", "/v2/").status == 200


@pytest.mark.parametrize("last", IN_OPENSSL)
def test_suites_are_preferred_in_the_order_of_the_configuration(
    fresh_registry: FreshRegistry, certificates: Certificates, last: str
) -> None:
    order = sorted(IN_OPENSSL, key=lambda suite: suite == last)
    names = [f"TLS_ECDHE_ECDSA_WITH_{suite}" for suite in order] + [f"TLS_{suite}" for suite in order]
    registry = fresh_registry(with_suites(certificates, *names))
    of_client = ":".join(f"ECDHE-ECDSA-{IN_OPENSSL[suite]}" for suite in reversed(order))
    found = negotiated(registry, certificates, "-tls1_2", "-cipher", of_client)
    assert found == f"ECDHE-ECDSA-{IN_OPENSSL[order[0]]}"
    of_client = ":".join(f"TLS_{suite}" for suite in reversed(order))
    assert negotiated(registry, certificates, "-tls1_3", "-ciphersuites", of_client) == f"TLS_{order[0]}"


def test_it_does_not_start_if_no_suite_of_tls_1_2_works_with_the_key(
    fresh_registry: FreshRegistry, certificates: Certificates
) -> None:
    names = ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384")
    failed = fresh_registry(with_suites(certificates, *names), start=False).refused_start()
    assert_refused(failed, str(certificates.certificate), "select TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
    registry = fresh_registry(with_suites(certificates, *names, minimum="tls1.3"))
    assert negotiated(registry, certificates) == "TLS_AES_256_GCM_SHA384"
    assert negotiated(registry, certificates, "-tls1_2") is None


def test_a_renewed_certificate_keeps_the_suites(
    fresh_registry: FreshRegistry, certificates: Certificates
) -> None:
    registry = fresh_registry(
        with_suites(certificates, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256")
    )
    before = served(registry, certificates)
    certificates.renew()
    wait_until(lambda: served(registry, certificates) != before, "the new certificate")
    assert negotiated(registry, certificates, "-tls1_2") == "ECDHE-ECDSA-AES256-GCM-SHA384"
    assert negotiated(registry, certificates, "-tls1_3") == "TLS_AES_128_GCM_SHA256"

    before = served(registry, certificates)
    certificates.renew(key_type=RSA)
    registry.wait_for_line("its RSA key")
    assert served(registry, certificates) == before
