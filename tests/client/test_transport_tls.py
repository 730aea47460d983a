"""TLS, schemes and proxies: who is trusted, and which way requests go."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from ocilot.client.addresses import AddressPolicy, probe_scheme
from ocilot.client.steps import Request
from ocilot.client.tls import TLS, explain
from ocilot.errors import NetworkError, StorageError, TLSError

from .fake_registry import Answer, FakeRegistry, json_answer
from .loops import Blocking, Bytes, Client, blob_of, both_loops

BIG = bytes(range(256)) * 8192  # 2 MiB


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example Corp")


# TLS


@both_loops
def test_bodies_go_both_ways_through_tls(client: Client, authority: trustme.CA, tmp_path: Path) -> None:
    with (
        FakeRegistry(authority) as server,
        client(server.address, tls=_trusting(authority, tmp_path)) as made,
    ):
        server.on("GET", "/v2/x/blobs/.*", Answer(200, {}, BIG))
        server.on("PUT", "/put", Answer(201))
        assert made.read(made.store("x"), blob_of(BIG)) == BIG
        made.send(Request("PUT", f"{server.url}/put", body=Bytes(BIG)))
        assert server.requests[-1].body == BIG


@both_loops
def test_b14_a_company_authority_is_trusted_by_ssl_cert_file(
    client: Client, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with FakeRegistry(authority).on("GET", "/x", Answer(200)) as server, client() as made:
        assert made.send(Request("GET", f"{server.url}/x"))[0].status == 200


@both_loops
def test_b14_an_unknown_authority_is_named_with_the_ways_to_trust_it(
    client: Client, authority: trustme.CA
) -> None:
    with FakeRegistry(authority) as server, client() as made, pytest.raises(TLSError) as failed:
        made.send(Request("GET", f"{server.url}/x"))
    # The directory is looked for by the name with its port.
    for told in ("Example Corp", "--ca", "SSL_CERT_FILE", f"certs.d/{server.address}/ca.crt"):
        assert told in str(failed.value)


@both_loops
def test_the_directory_that_an_untrusted_registry_is_told_to_have_makes_it_trusted(
    client: Client, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with FakeRegistry(authority) as server:
        server.on("GET", "/v2/x/tags/list.*", json_answer({"tags": ["v1"]}))
        with client(server.address) as made, pytest.raises(TLSError) as failed:
            made.run(made.store("x").tags())
        told = failed.value.hint.partition("~/.config/")[2]
        (tmp_path / told).parent.mkdir(parents=True)
        authority.cert_pem.write_to_path(tmp_path / told)
        with client(server.address) as made:
            assert made.run(made.store("x").tags()).items == ["v1"]


@both_loops
def test_a_certificate_of_another_host_is_not_trusted(
    client: Client, authority: trustme.CA, tmp_path: Path
) -> None:
    with (
        FakeRegistry(authority, "other.example") as server,
        client(server.address, tls=_trusting(authority, tmp_path)) as made,
        pytest.raises(TLSError, match="cannot trust the certificate"),
    ):
        made.run(made.store().resolve("v1"))


@both_loops
def test_any_certificate_is_accepted_if_that_is_asked_for(client: Client, authority: trustme.CA) -> None:
    with FakeRegistry(authority) as server, client(server.address, tls=TLS(verify=False)) as made:
        server.on("GET", "/v2/x/tags/list.*", json_answer({"tags": ["v1"]}))
        assert made.run(made.store("x").tags()).items == ["v1"]


@both_loops
def test_authorities_are_trusted_beside_those_of_the_system_if_that_is_asked_for(
    client: Client, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = trustme.CA()
    system.cert_pem.write_to_path(tmp_path / "system.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    trusting = _trusting(authority, tmp_path)
    for issuer in (authority, system):
        with FakeRegistry(issuer) as server:
            server.on("GET", "/v2/x/tags/list.*", json_answer({"tags": ["v1"]}))
            with client(server.address, tls=replace(trusting, system=True)) as made:
                assert made.run(made.store("x").tags()).items == ["v1"]
            if issuer is system:
                with client(server.address, tls=trusting) as made, pytest.raises(TLSError):
                    made.run(made.store("x").tags())


@both_loops
def test_the_authority_of_a_registry_is_trusted_where_the_registry_leads_to(
    client: Client, authority: trustme.CA, tmp_path: Path
) -> None:
    with FakeRegistry(authority) as server, FakeRegistry(authority) as storage:
        server.on("GET", "/v2/x/blobs/.*", Answer(307, {"Location": f"{storage.url}/blob"}))
        storage.on("GET", "/blob", Answer(200, {}, BIG))
        with client(server.address, tls=_trusting(authority, tmp_path)) as made:
            assert made.read(made.store("x"), blob_of(BIG)) == BIG


@both_loops
def test_certs_d_has_authorities_and_client_certificates_of_a_registry(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    with FakeRegistry(authority) as server:
        context = server._context
        assert context is not None
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        directory = tmp_path / "containers" / "certs.d" / server.address
        directory.mkdir(parents=True)
        authority.cert_pem.write_to_path(directory / "ca.crt")
        pair = authority.issue_cert("client@example.com")
        pair.cert_chain_pems[0].write_to_path(directory / "client.cert")
        pair.private_key_pem.write_to_path(directory / "client.key")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        server.on("GET", "/x", Answer(200))
        with client() as made:
            assert made.send(Request("GET", f"{server.url}/x"))[0].status == 200


@both_loops
def test_tls_against_plain_http_says_so_and_how_to_go_on(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeRegistry() as server, client() as made, pytest.raises(TLSError) as failed:
        made.send(Request("GET", f"https://{server.address}/x"))
    assert "answers plain HTTP" in str(failed.value)
    assert f"--plain-http {server.address}" in str(failed.value)
    assert f"http://{server.address}," in str(failed.value)


def test_files_that_hold_no_certificates_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    from ocilot.client.tls import context_for

    with pytest.raises(StorageError, match=r"x\.pem"):
        context_for(TLS(ca=tmp_path / "x.pem"), "r.example")
    with pytest.raises(StorageError, match=r"y\.pem"):
        context_for(TLS(ca=tmp_path / "y.pem"), "r.example")
    with pytest.raises(StorageError, match=r"x\.pem"):
        context_for(TLS(cert=tmp_path / "x.pem"), "r.example")


def test_what_is_no_tls_says_how_to_go_on_if_it_is_plain_http() -> None:
    """A web server may answer the first bytes of TLS with a page, and no status line."""
    problem = ssl.SSLError(1, "wrong version number")
    problem.reason = "WRONG_VERSION_NUMBER"
    found = explain(problem, "r.example:5000")
    assert "--plain-http r.example:5000" in found.hint
    problem.reason = "INTERNAL_ERROR"
    assert explain(problem, "r.example").hint == ""


# The scheme of a registry


@both_loops
def test_b1_one_client_reaches_tls_and_plain_http_on_loopback_without_a_flag(
    client: Client, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with FakeRegistry(authority) as secure, FakeRegistry() as plain, client() as made:
        for server in (secure, plain):
            server.on("GET", "/v2/x/tags/list.*", json_answer({"tags": ["v1"]}))
            made.host = server.local
            assert made.run(made.store("x").tags()).items == ["v1"]
            assert made.run(made.session.endpoint(server.local)).origin.scheme == server.url.partition(":")[0]


def test_a_server_that_says_nothing_to_a_tls_greeting_is_asked_by_http_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        held = []

        def serve() -> None:
            held.append(listening.accept()[0])
            connection = listening.accept()[0]
            held.append(connection)
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 401 Unauthorized\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert probe_scheme("127.0.0.1", listening.getsockname()[1]) == "http"
        thread.join()
        for connection in held:
            connection.close()


def test_where_nobody_listens_https_stays() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert probe_scheme("127.0.0.1", port) == "https"


@both_loops
def test_a_scheme_that_is_written_is_obeyed(client: Client) -> None:
    with client("http://10.0.0.1:5000") as made:
        assert str(made.run(made.session.endpoint("10.0.0.1:5000")).origin) == "http://10.0.0.1:5000"
    with client("10.0.0.1:5000", tls=TLS(plain_http=True)) as made:
        assert made.run(made.session.endpoint("10.0.0.1:5000")).origin.scheme == "http"
        # Of this host only.
        assert made.run(made.session.endpoint("10.0.0.2:5000")).origin.scheme == "https"


@both_loops
@pytest.mark.parametrize("host", ["10.0.0.1", "r.local", "registry.cluster.svc:5000", "192.168.1.1"])
def test_private_names_and_addresses_are_reached_by_https(client: Client, host: str) -> None:
    with client() as made:
        assert made.run(made.session.endpoint(host)).origin.scheme == "https"


@both_loops
def test_addresses_are_checked_after_names_are_resolved(client: Client) -> None:
    with FakeRegistry() as server, client() as made:
        policy = AddressPolicy("r.example")
        with pytest.raises(NetworkError, match="loopback addresses are refused"):
            made.send(Request("GET", f"http://localhost:{server.port}/x", policy=policy))
        assert server.connections == 0


def test_a_request_that_may_go_anywhere_does_not_open_the_way_for_one_that_may_not() -> None:
    with FakeRegistry().on("GET", "/x", Answer()) as server, Blocking() as made:
        made.send(Request("GET", f"{server.url}/x"))
        with pytest.raises(NetworkError, match="refused"):
            made.send(Request("GET", f"{server.url}/x", policy=AddressPolicy("r.example")))


@both_loops
def test_urls_are_sent_as_they_were_told(client: Client) -> None:
    target = "/x?last=a%2Fb&n=1&s=:/+,=%20~"
    with FakeRegistry().on("GET", ".*", Answer()) as server, client() as made:
        made.send(Request("GET", f"{server.url}{target}#part"))
        made.send(Request("GET", f"{server.url}/a b?q=\u00e9|"))
        assert [seen.target for seen in server.requests] == [target, "/a%20b?q=%C3%A9%7C"]


@both_loops
def test_a_proxy_is_used_for_all_but_its_exceptions(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeRegistry().on("GET", "http://r[.]example/x", Answer(200, {}, b"by proxy")) as proxy:
        monkeypatch.setenv("http_proxy", f"http://user:p%40ss@{proxy.address}")
        monkeypatch.setenv("no_proxy", "other.example")
        with client() as made:
            assert made.send(Request("GET", "http://r.example/x"))[1] == b"by proxy"
            assert proxy.requests[0].headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"


@both_loops
def test_a_proxy_on_loopback_is_no_refused_address_but_its_targets_may_be(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeRegistry() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        blob = blob_of(b"bytes")
        moved = [Answer(307, {"Location": f"http://{host}/x"}) for host in ("s3.example", "169.254.169.254")]
        proxy.on("GET", "http://r[.]example/v2/.*", *moved)
        proxy.on("GET", "http://s3[.]example/x", Answer(200, {}, b"bytes"))
        with client("http://r.example") as made:
            assert made.read(made.store(), blob) == b"bytes"
            with pytest.raises(NetworkError, match="link-local addresses are refused"):
                made.read(made.store(), blob)


@both_loops
def test_tls_goes_through_a_proxy_unseen(
    client: Client, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with FakeRegistry(authority, "r.example") as server, Tunnel(server.port) as tunnel:
        server.on("GET", "/x", Answer(200, {}, BIG))
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{tunnel.port}")
        with client() as made:
            assert made.send(Request("GET", "https://r.example/x"))[1] == BIG
        assert tunnel.asked == ["CONNECT r.example:443 HTTP/1.1"]


@both_loops
def test_a_proxy_that_is_not_there_is_named_as_the_proxy(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://user:s3cret@127.0.0.1:1")
    with client() as made, pytest.raises(NetworkError) as failed:
        made.send(Request("GET", "https://r.example/x"))
    assert "cannot reach r.example through the proxy" in str(failed.value)
    assert "HTTPS_PROXY" in failed.value.hint
    assert "s3cret" not in str(failed.value)


class Tunnel:
    """A proxy that connects everything to one port."""

    def __init__(self, port: int) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._to = port
        self.asked: list[str] = []

    def __enter__(self) -> Tunnel:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        near, _ = self._listening.accept()
        with near, socket.create_connection(("127.0.0.1", self._to)) as far:
            self.asked.append(near.recv(65536).decode().partition("\r\n")[0])
            near.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _trusting(authority: trustme.CA, directory: Path) -> TLS:
    authority.cert_pem.write_to_path(directory / "ca.pem")
    return TLS(ca=directory / "ca.pem")
