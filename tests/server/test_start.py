"""How a registry starts, why it does not, and how it ends."""

from __future__ import annotations

import signal
import socket
import stat
from pathlib import Path

import pytest

from .api import Api, Raw, with_digest
from .conftest import FreshRegistry
from .images import MIB, digest_of, make_image, noise
from .programs import Argument, Ran, attempt, environment, wait_until
from .registry import OCILOT, Registry


def assert_refused(ran: Ran, *words: str) -> None:
    """One sentence on stderr, exit code 2."""
    assert ran.code == 2, ran
    assert "Traceback" not in ran.err, ran
    assert len(ran.err.strip().splitlines()) == 1, ran
    for word in words:
        assert word in ran.err, ran


def test_it_says_where_the_data_is_and_how_to_push(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    registry.wait_for_line("access:      anonymous read, write and delete")
    said = registry.process.output()
    assert str(registry.root.resolve()) in said
    assert f"listening on {registry.url}" in said
    assert f"docker push localhost:{registry.port}/" in said


def test_it_says_whom_it_asks(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry("version: 0.1\nocilot: {accounts: {enabled: true}}\n")
    registry.wait_for_line(
        "access:      login by accounts; no access rules: every login may read and write\n"
    )


def test_it_makes_the_data_directory_and_its_parents(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(root=tmp_path / "a" / "b" / "data")
    with registry.connect() as api:
        digest = api.push_blob("app", b"hello")
    found = (
        registry.root / "docker" / "registry" / "v2" / "blobs" / "sha256" / digest[7:9] / digest[7:] / "data"
    )
    assert found.read_bytes() == b"hello", "blobs are kept where distribution keeps them"


def test_a_port_in_use(fresh_registry: FreshRegistry, registry: Registry) -> None:
    second = fresh_registry(start=False)
    second.port = registry.port
    assert_refused(second.refused_start(), str(registry.port), "in use")


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def test_localhost_is_both_loopback_addresses(tmp_path: Path) -> None:
    registry = Registry(tmp_path, host="localhost").start()
    try:
        addresses = ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"]
        for address in addresses:
            with Api(address, registry.port) as api:
                assert api("GET", "/v2/").status == 200
        registry.wait_for_line(f"localhost:{registry.port}/IMAGE")
    finally:
        registry.close()


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_localhost_of_which_one_address_is_in_use(fresh_registry: FreshRegistry) -> None:
    with socket.socket(socket.AF_INET6) as other:
        other.bind(("::1", 0))
        other.listen()
        registry = fresh_registry(start=False)
        registry.host, registry.port = "localhost", other.getsockname()[1]
        assert_refused(registry.refused_start(), f"localhost:{registry.port}", "in use")


@pytest.mark.parametrize("below", ["", "data/of/registry"])
def test_a_data_directory_that_cannot_be(fresh_registry: FreshRegistry, tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("not a directory")
    assert_refused(fresh_registry(root=file / below, start=False).refused_start(), str(file))
    assert file.read_text() == "not a directory"


def test_a_second_registry_on_the_same_data_directory(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    assert_refused(fresh_registry(root=registry.root, start=False).refused_start(), str(registry.root))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (
            "version: 0.1\nstorag:\n  delete:\n    enabled: true\n",
            ("config.yml:2", "storag", "did you mean", "storage"),
        ),
        (
            "version: 0.1\nstorage:\n  delete:\n    enable: true\n",
            ("config.yml:4", "enable", "did you mean", "enabled"),
        ),
        ("version: 0.1\nstorage:\n  delete:\n    enabled: maybe\n", ("config.yml:4", "enabled", "maybe")),
        ("version: 0.1\nstorage: [\n", ("config.yml:",)),
        (
            "version: 0.1\nhttp:\n  tls:\n    certificate: /no/such.pem\n    key: /no/such.key\n",
            ("/no/such.pem",),
        ),
        ("version: 0.1\nhttp:\n  addr: nonsense\n", ("config.yml:3", "addr", "nonsense")),
    ],
    ids=["section", "key", "value", "syntax", "certificate", "address"],
)
def test_a_bad_configuration(fresh_registry: FreshRegistry, config: str, words: tuple[str, ...]) -> None:
    assert_refused(fresh_registry(config, start=False).refused_start(), *words)


def test_a_configuration_that_is_not_there(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    missing = tmp_path / "missing.yml"
    assert_refused(fresh_registry(arguments=[missing], start=False).refused_start(), str(missing))


@pytest.mark.parametrize(
    "address", ["nonsense", "127.0.0.1:99999", "127.0.0.1:http", "no.such.host.invalid:5000"]
)
def test_an_address_that_is_none(tmp_path: Path, address: str) -> None:
    command: list[Argument] = [OCILOT, "serve", "--root", tmp_path / "data", "--addr", address]
    assert_refused(attempt(command, env=environment(tmp_path)), address)


def test_a_bad_environment_variable(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(env={"REGISTRY_STORAGE_DELETE_ENABLED": "maybe"}, start=False)
    assert_refused(registry.refused_start(), "REGISTRY_STORAGE_DELETE_ENABLED", "maybe")


def test_the_environment_overrides_the_configuration(fresh_registry: FreshRegistry) -> None:
    config = "version: 0.1\nstorage:\n  delete:\n    enabled: true\n"
    with fresh_registry(config, env={"REGISTRY_STORAGE_DELETE_ENABLED": "false"}).connect() as api:
        digest = api.push_blob("app", b"hello")
        assert api("DELETE", f"/v2/app/blobs/{digest}").status == 405


def test_a_registry_that_idles_ends_at_once(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    with registry.connect() as api, registry.connect() as other:
        assert api("GET", "/v2/").status == other("GET", "/v2/").status == 200
        registry.process.signal(signal.SIGTERM)
        assert registry.process.wait(10) == 0, "kept-alive connections hold nothing up"


def wait_until_refused(registry: Registry) -> None:
    """Until nobody listens any more."""

    def refused() -> bool:
        try:
            socket.create_connection(("127.0.0.1", registry.port), timeout=5).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_until(refused, "the end of listening", 10)


def test_sigterm_lets_a_download_end(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    data = noise(32 * MIB, "download")
    with registry.connect() as api:
        digest = api.push_blob("app", data)
    with Raw(registry.port) as raw:
        raw.send(f"GET /v2/app/blobs/{digest} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        begun = raw.socket.recv(1000)
        registry.process.signal(signal.SIGTERM)
        wait_until_refused(registry)
        got = begun + raw.rest()
    assert got.startswith(b"HTTP/1.1 200 ")
    assert got.partition(b"\r\n\r\n")[2] == data
    assert registry.process.wait() == 0


def test_sigterm_lets_an_upload_end(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    data = noise(MIB, "upload")
    digest = digest_of(data)
    with registry.connect() as api:
        target = api.path(with_digest(api.start_upload("app"), digest))
    with Raw(registry.port) as raw:
        head = f"PUT {target} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {MIB}\r\n\r\n"
        raw.send(head.encode())
        assert raw.socket.recv(1000).startswith(b"HTTP/1.1 100 ")
        raw.send(data[:100_000])
        registry.process.signal(signal.SIGTERM)
        wait_until_refused(registry)
        raw.send(data[100_000:])
        assert raw.answer("PUT").status == 201
        assert raw.is_closed()
    assert registry.process.wait() == 0
    registry.start()
    with registry.connect() as api:
        assert api("GET", f"/v2/app/blobs/{digest}").body == data


def modes_below(root: Path) -> dict[str, int]:
    """Of everything but the control socket, which `test_control.py` looks at."""
    found = {"": root, **{str(path.relative_to(root)): path for path in root.rglob("*")}}
    return {name: stat.S_IMODE(path.lstat().st_mode) for name, path in found.items() if not path.is_socket()}


def test_other_users_read_nothing_of_the_data_directory(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    with registry.connect() as api:
        api.push_image("team/app", make_image("closed"), "1")
        api("PATCH", api.start_upload("team/app"), b"unfinished")
        modes = modes_below(registry.root)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o7} == {}
    kinds = {(registry.root / name).is_dir(): mode for name, mode in modes.items() if "blobs" in name}
    assert kinds == {True: 0o750, False: 0o640}


@pytest.mark.parametrize("below", ["", "ocilot", "docker/registry/v2/blobs"])
def test_a_data_directory_that_every_user_can_write_is_refused(
    fresh_registry: FreshRegistry, below: str
) -> None:
    registry = fresh_registry()
    registry.stop()
    path = registry.root / below
    path.chmod(path.stat().st_mode | stat.S_IWOTH)
    assert_refused(registry.refused_start(), f"{path} is writable by every user", "chmod o-w")


def test_a_link_in_place_of_the_lock_is_not_followed(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry()
    registry.stop()
    lock = registry.root / "ocilot/lock"
    lock.unlink()
    lock.symlink_to(tmp_path / "victim")
    assert_refused(registry.refused_start(), "symbolic links")
    assert not (tmp_path / "victim").exists()
