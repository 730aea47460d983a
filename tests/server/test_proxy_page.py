"""docs/operate/proxy.md keeps its word: clients push through proxies with its very blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from .api import Api, with_digest
from .certificates import Certificates
from .clients import Containerd, Docker
from .images import MIB, digest_of, make_image, noise, write_docker_archive
from .pages import blocks, commands, compare
from .people import basic
from .programs import Argument, attempt, environment, run, wait_until
from .proxies import COMMANDS, PAGE, PUBLIC, ReverseProxy, section
from .registry import OCILOT, Registry

CLIENT = "127.0.0.2"
"""An address that is not the proxy's; all of 127.0.0.0/8 leads to this machine."""


class ProxiedRegistry:
    """A proxy and the registry behind it, with the account that the tests use."""

    def __init__(self, proxy: ReverseProxy, registry: Registry, certificates: Certificates) -> None:
        self.proxy, self.registry, self.certificates = proxy, registry, certificates
        self.headers = basic("alice")

    @property
    def origin(self) -> str:
        return f"https://{self.proxy.address}"

    def connect(self) -> Api:
        return Api("localhost", self.proxy.port, self.certificates.context())


StartProxied = Callable[..., ProxiedRegistry]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def start_proxied(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[StartProxied]:
    """Starts a registry with a configuration of the page, and a proxy before it."""
    proxies: list[ReverseProxy] = []
    registries: list[Registry] = []

    def start(kind: str, config: str, changes: Mapping[str, str] | None = None) -> ProxiedRegistry:
        home = tmp_path_factory.mktemp(kind)
        proxy = ReverseProxy(kind, home, certificates)
        proxies.append(proxy)
        registry = Registry(home, config=proxy.adapted(config))
        registry.port = proxy.backend
        registries.append(registry)
        registry.start()
        command: list[Argument] = [
            OCILOT,
            "user",
            "add",
            "alice",
            "--password-stdin",
            "--config",
            registry.config,
        ]
        env = environment(home / "alice")
        assert attempt([*command, "--root", registry.root], env=env, stdin=b"alice-password").code == 0
        proxy.start(changes)
        return ProxiedRegistry(proxy, registry, certificates)

    try:
        yield start
    finally:
        for one in proxies:
            one.close()
        for registry in registries:
            registry.close()


def page_config() -> str:
    return next(block.text for block in blocks(PAGE) if block.language == "yaml")


@pytest.fixture(scope="module", params=COMMANDS)
def proxied(request: pytest.FixtureRequest, start_proxied: StartProxied) -> ProxiedRegistry:
    """The page's configuration of the registry behind each of the proxies."""
    return start_proxied(request.param, page_config())


def test_docker_logs_in_pushes_and_pulls(proxied: ProxiedRegistry, docker: Docker, tmp_path: Path) -> None:
    place = docker.certificates / proxied.proxy.address
    place.mkdir()
    (place / "ca.crt").write_bytes(proxied.certificates.authority_file.read_bytes())
    tag = f"{proxied.proxy.address}/team/app:1"
    write_docker_archive(tmp_path / "image.tar", tag, [24 * MIB, 1000], proxied.proxy.kind)
    docker("load", "--input", tmp_path / "image.tar")
    image = docker.image_id(tag)
    login = ("login", "--username", "alice", "--password-stdin", proxied.proxy.address)
    assert "Login Succeeded" in docker(*login, stdin=b"alice-password")
    assert docker("push", tag).count(": Pushed") == 2
    docker("rmi", tag)
    docker("pull", tag)
    assert docker.image_id(tag) == image
    docker("rmi", tag)
    docker("logout", proxied.proxy.address)


def test_an_upload_in_chunks_comes_back_through_the_proxy(proxied: ProxiedRegistry) -> None:
    data = noise(3 * MIB, "chunks")
    with proxied.connect() as api:
        assert api("GET", "/v2/")["WWW-Authenticate"].startswith(f'Bearer realm="{proxied.origin}/token"')
        answer = api("POST", "/v2/team/chunks/blobs/uploads/", headers=proxied.headers)
        for start in range(0, len(data), MIB):
            piece = data[start : start + MIB]
            place = {"Content-Range": f"{start}-{start + len(piece) - 1}"}
            answer = api("PATCH", answer["Location"], piece, {**proxied.headers, **place})
            assert (answer.status, answer["Range"]) == (202, f"0-{start + MIB - 1}")
        answer = api("PUT", with_digest(answer["Location"], digest_of(data)), headers=proxied.headers)
        assert answer.status == 201, answer
        assert answer["Location"].startswith(f"{proxied.origin}/v2/team/chunks/blobs/sha256:")
        assert api("GET", answer["Location"], headers=proxied.headers).body == data


def test_lists_link_to_their_next_page_through_the_proxy(proxied: ProxiedRegistry) -> None:
    image = make_image("listed")
    with proxied.connect() as api:
        for blob in image.blobs:
            target = f"/v2/team/listed/blobs/uploads/?digest={blob.digest}"
            assert api("POST", target, blob.data, proxied.headers).status == 201
        for tag in ("1", "2"):
            headers = {**proxied.headers, "Content-Type": image.manifest.media_type}
            assert api("PUT", f"/v2/team/listed/manifests/{tag}", image.manifest.data, headers).status == 201
        link = api("GET", "/v2/team/listed/tags/list?n=1", headers=proxied.headers)["Link"]
        assert link.startswith(("</v2/team/listed/tags/list?", f"<{proxied.origin}/v2/"))


def test_bytes_reach_the_registry_while_the_client_sends(proxied: ProxiedRegistry) -> None:
    """Nor does the proxy keep them for itself until the request is whole."""
    half, data = 6 * MIB, noise(12 * MIB, "streamed")
    seen: list[bool] = []

    def arrived() -> bool:
        uploads = proxied.registry.root / "ocilot/uploads"
        return any(file.stat().st_size >= half // 2 for file in uploads.rglob("*") if file.is_file())

    def pieces() -> Iterator[bytes]:
        yield data[:half]
        wait_until(arrived, "the first half at the registry")
        seen.append(True)
        yield data[half:]

    with proxied.connect() as api:
        location = api("POST", "/v2/team/streamed/blobs/uploads/", headers=proxied.headers)["Location"]
        answer = api("PATCH", location, pieces(), proxied.headers, chunked=True)
        assert (answer.status, seen) == (202, [True]), answer
        answer = api("PUT", with_digest(answer["Location"], digest_of(data)), headers=proxied.headers)
        assert answer.status == 201, answer


def test_the_log_has_the_address_of_the_client(proxied: ProxiedRegistry) -> None:
    """Not that of the proxy, and not what the client says of itself."""
    connection = HTTPSConnection(
        "localhost",
        proxied.proxy.port,
        timeout=60,
        context=proxied.certificates.context(),
        source_address=(CLIENT, 0),
    )
    forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9;host=forged.example;proto=http"}
    connection.request("GET", "/v2/", headers=forged)
    answer = connection.getresponse()
    request_id = answer.headers["X-Request-Id"]
    connection.close()
    proxied.registry.wait_for_line(request_id)
    (line,) = [line for line in proxied.registry.process.output().splitlines() if request_id in line]
    assert line.startswith(f"{CLIENT} "), line


def test_the_headers_of_each_proxy_tell_the_url(
    start_proxied: StartProxied, proxied: ProxiedRegistry
) -> None:
    """Without `http.host`; and below a path that the proxy leaves as it is."""
    prefix = "  prefix: /registry\n"
    assert prefix in section("Path prefixes")[0].text
    config = page_config().replace(f"  host: https://{PUBLIC}\n", prefix)
    assert config != page_config()
    other = start_proxied(proxied.proxy.kind, config)
    forged = {"Forwarded": "host=forged.example;proto=http", "X-Forwarded-Host": "forged.example"}
    with other.connect() as api:
        realm = api("GET", "/registry/v2/", headers=forged)["WWW-Authenticate"]
        assert realm.startswith(f'Bearer realm="{other.origin}/registry/token"')
        answer = api("POST", "/registry/v2/team/app/blobs/uploads/", headers=other.headers)
        assert answer["Location"].startswith(f"{other.origin}/registry/v2/team/app/blobs/uploads/")
        answer = api("PUT", with_digest(answer["Location"], digest_of(b"x")), b"x", other.headers)
        assert answer.status == 201, answer


def test_containerd_pulls_below_a_path_that_the_proxy_removes(
    start_proxied: StartProxied, containerd: Containerd, tmp_path: Path
) -> None:
    _, with_host, nginx, hosts = section("Path prefixes")
    locations = (
        ("location / {", "location /registry/ {"),
        ("proxy_pass http://ocilot;", "proxy_pass http://ocilot/;"),
    )
    assert all(new in nginx.text for _, new in locations)
    old = f"host: https://{PUBLIC}"
    assert f"{old}/registry\n" in with_host.text
    proxied = start_proxied("nginx", page_config().replace(old, f"{old}/registry"), dict(locations))
    image = make_image("below")
    path = "/registry/v2/team/below"
    with proxied.connect() as api:
        for blob in image.blobs:
            answer = api("POST", f"{path}/blobs/uploads/", headers=proxied.headers)
            assert answer["Location"].startswith(f"{proxied.origin}{path}/blobs/uploads/")
            answer = api("PUT", with_digest(answer["Location"], blob.digest), blob.data, proxied.headers)
            assert answer.status == 201, answer
        headers = {**proxied.headers, "Content-Type": image.manifest.media_type}
        assert api("PUT", f"{path}/manifests/1", image.manifest.data, headers).status == 201
    place = tmp_path / "certs.d" / proxied.proxy.address
    place.mkdir(parents=True)
    authority = f'  ca = "{proxied.certificates.authority_file}"\n'
    (place / "hosts.toml").write_text(proxied.proxy.adapted(hosts.text) + authority)
    reference = f"{proxied.proxy.address}/team/below:1"
    words = ("--hosts-dir", tmp_path / "certs.d", "--user", "alice:alice-password", "--snapshotter", "native")
    containerd.ctr("images", "pull", *words, reference)
    assert containerd.images()[reference] == image.digest
    containerd.ctr("images", "rm", "--sync", reference)


def test_the_first_command_of_the_page_says_what_it_shows(proxied: ProxiedRegistry, tmp_path: Path) -> None:
    (block,) = [block for block in blocks(PAGE) if block.language == "console"]
    env = environment(tmp_path, {"CURL_CA_BUNDLE": str(proxied.certificates.authority_file)})
    for command, promised in commands(proxied.proxy.adapted(block.text)):
        said = run(["sh", "-c", command], env=env)
        # Each proxy spells names of headers in its own way.
        compare(command, [line.lower() for line in promised], said.lower().splitlines())
