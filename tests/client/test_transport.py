"""Sends and receives bytes as they are, in both loops."""

from __future__ import annotations

import socket
import threading

import pytest
import trustme

from ocilot.client.steps import Request, Steps, call, parallel, send
from ocilot.errors import IntegrityError, NetworkError

from .fake_registry import Answer, FakeRegistry
from .loops import Bytes, Client, both_loops

BIG = bytes(range(256)) * 8192  # 2 MiB


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example Corp")


@both_loops
def test_bodies_arrive_as_they_are(client: Client) -> None:
    with FakeRegistry().on("GET", "/x", Answer(200, {}, BIG)) as server, client() as made:
        response, body = made.send(Request("GET", f"{server.url}/x"))
        assert (response.status, body) == (200, BIG)
        assert response.body.size == len(BIG)


@both_loops
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate"])
def test_b10_what_a_server_calls_compressed_is_not_inflated(client: Client, coding: str) -> None:
    body = b"\x1f\x8b not really gzip"
    with (
        FakeRegistry().on("GET", "/x", Answer(200, {"Content-Encoding": coding}, body)) as server,
        client() as made,
    ):
        assert made.send(Request("GET", f"{server.url}/x"))[1] == body
        assert server.requests[0].headers["accept-encoding"] == "identity"


@both_loops
def test_connections_are_used_again(client: Client) -> None:
    with FakeRegistry().on("GET", "/x", Answer(200, {}, b"1")) as server, client() as made:
        for _ in range(5):
            made.send(Request("GET", f"{server.url}/x"))
        assert server.connections == 1


@both_loops
def test_a_body_that_is_not_read_whole_costs_only_its_connection(client: Client) -> None:
    with FakeRegistry().on("GET", "/x", Answer(200, {}, BIG)) as server, client() as made:

        def first() -> Steps[bytes]:
            response = yield from send(Request("GET", f"{server.url}/x"), made.session.transport)
            data = yield from response.body.read(10)
            yield from response.body.close()
            yield from response.body.close()
            return data

        assert made.run(first()) == BIG[:10]
        assert made.send(Request("GET", f"{server.url}/x"))[1] == BIG


@both_loops
@pytest.mark.parametrize("size", [-1, None], ids=["of known size", "of unknown size"])
def test_a_stream_is_sent_whole(client: Client, size: int | None) -> None:
    with FakeRegistry().on("PUT", "/x", Answer(201)) as server, client() as made:
        made.send(Request("PUT", f"{server.url}/x", body=Bytes(BIG, size)))
        seen = server.requests[0]
        assert seen.body == BIG
        assert ("content-length" in seen.headers) is (size == -1)


@both_loops
def test_a_failure_beside_it_ends_an_upload_that_is_under_way(client: Client) -> None:
    started = threading.Event()

    class Endless(Bytes):
        def read(self, size: int) -> Steps[bytes]:
            yield from ()
            started.set()
            return bytes(65536)

    def upload() -> Steps[object]:
        request = Request("PUT", f"{server.url}/x", body=Endless(b"", None))
        return (yield from send(request, made.session.transport))

    def fail() -> Steps[object]:
        yield from call(started.wait)
        raise ValueError("beside")

    with (
        FakeRegistry().on("PUT", "/x", Answer(201)) as server,
        client() as made,
        pytest.raises(ValueError, match="beside"),
    ):
        made.run(parallel([upload, fail], 2))


@both_loops
def test_an_empty_request_with_a_body_says_so(client: Client) -> None:
    with FakeRegistry().on("POST", "/x", Answer(202)).on("GET", "/x", Answer()) as server, client() as made:
        made.send(Request("POST", f"{server.url}/x"))
        made.send(Request("GET", f"{server.url}/x"))
        assert [seen.headers.get("content-length") for seen in server.requests] == ["0", None]


@both_loops
def test_a_source_that_is_too_short_is_an_integrity_error(client: Client) -> None:
    with (
        FakeRegistry().on("PUT", "/x", Answer(201)) as server,
        client() as made,
        pytest.raises(IntegrityError, match="another size"),
    ):
        made.send(Request("PUT", f"{server.url}/x", body=Bytes(b"12", 3)))


@both_loops
def test_an_answer_before_the_end_of_the_request_is_read(client: Client) -> None:
    """A registry refuses a large upload at once and closes: the refusal counts, not the broken pipe."""
    with socket.create_server(("127.0.0.1", 0)) as listening, client() as made:

        def refuse() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 20):
                    pass

        threading.Thread(target=refuse, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/x"
        assert made.send(Request("PUT", url, body=Bytes(BIG * 8)))[0].status == 413


@both_loops
def test_repeated_headers_are_joined_and_challenges_kept_apart(client: Client) -> None:
    headers = [
        ("WWW-Authenticate", "Basic realm=a"),
        ("WWW-Authenticate", "Bearer realm=b"),
        ("X", "1"),
        ("x", "2"),
    ]
    with FakeRegistry().on("GET", "/x", Answer(401, headers)) as server, client() as made:
        response = made.send(Request("GET", f"{server.url}/x"))[0]
        assert response.challenges == ("Basic realm=a", "Bearer realm=b")
        assert response.headers["x"] == "1, 2"


@both_loops
@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"],
    ids=["none", "no HTTP", "cut"],
)
def test_a_broken_answer_is_a_network_error_of_one_sentence(client: Client, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, client() as made:

        def break_it() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        threading.Thread(target=break_it, daemon=True).start()
        with pytest.raises(NetworkError, match=f"127.0.0.1:{listening.getsockname()[1]} lost"):
            made.send(Request("GET", f"http://127.0.0.1:{listening.getsockname()[1]}/x"))


@both_loops
def test_silence_ends_with_an_error(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, client() as made:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/x"
        with pytest.raises(NetworkError, match="timed out"):
            made.send(Request("GET", url, timeout=0.05))


@both_loops
def test_a_port_where_nobody_listens_is_named(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with client() as made, pytest.raises(NetworkError, match=f"cannot connect to 127.0.0.1:{port}"):
        made.send(Request("GET", f"http://127.0.0.1:{port}/x"))


@both_loops
def test_a_host_without_an_address_is_named(client: Client) -> None:
    with client() as made, pytest.raises(NetworkError, match=r"cannot find the host no\.such\.invalid"):
        made.send(Request("GET", "http://no.such.invalid/x"))


def test_the_package_does_not_load_the_http_library_before_it_is_needed() -> None:
    import subprocess
    import sys

    code = "import sys, ocilot; print({'httpx2', 'httpcore2', 'h11', 'truststore'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "set()\n"
    )
