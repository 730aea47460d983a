"""Commands for operators that ask a registry over the network: `--server`."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

import ocilot
from ocilot.cli.control import Control
from ocilot.cli.exit import Exit

from .cli_content import Content
from .cli_place import Place
from .cli_runs import Ran, Zygote
from .test_cli_hostile import ALL, LOCATED

PASSWORD = "correct horse battery"
LOCAL = {
    *(("serve",), ("adopt",), ("fsck",), ("backup",), ("restore-backup",), ("garbage-collect",)),
    *(("config", "check"), ("config", "show"), ("hooks", "list"), ("hooks", "check"), ("hooks", "try")),
}
"""Commands that read a configuration or a data directory themselves."""


@dataclass
class Remote:
    """A registry with accounts, and commands that know only its address."""

    zygote: Zygote
    server: ocilot.Server
    directory: Path

    def run(self, *words: str, user: str = "carol") -> Ran:
        return self.zygote.run(
            [*words, "--server", self.server.url],
            self.directory,
            environ={"HOME": str(self.directory / user)},
        )

    def fine(self, *words: str) -> str:
        ran = self.run(*words)
        assert ran.code == 0, ran
        return ran.out


@pytest.fixture
def remote(zygote: Zygote, tmp_path: Path) -> Iterator[Remote]:
    root, place = tmp_path / "data", tmp_path / "elsewhere"
    (place / "carol").mkdir(parents=True)
    with ocilot.Server(root=root, accounts=True) as server:
        with Control.of(None, root) as control:
            for name, admin in (("carol", True), ("alice", False)):
                account = {"name": name, "kind": "user", "password": PASSWORD, "admin": admin}
                control.ask("POST", "/api/v1/accounts", account)
        made = Remote(zygote, server, place)
        (place / "password").write_text(PASSWORD + "\n")
        for name in ("carol", "alice"):
            ran = zygote.run(
                ["login", server.url, "-u", name, "--password-stdin"],
                place,
                stdin=str(place / "password"),
                environ={"HOME": str(place / name)},
            )
            assert ran.code == 0, ran
        yield made


def test_every_command_of_the_api_takes_a_server() -> None:
    without = {one.words for one in LOCATED if not one.takes("--server")} | {("hooks", "try")}
    assert without == LOCAL
    assert {one.words for one in ALL if one.takes("--server")} <= {one.words for one in LOCATED}


def test_an_administrator_asks_over_the_network(remote: Remote) -> None:
    names = {one["name"] for one in json.loads(remote.fine("user", "ls", "-o", "json"))}
    assert names == {"alice", "carol"}
    remote.fine("robot", "add", "ci")
    assert remote.run("user", "rm", "alice").code == 0
    secret = remote.fine("token", "add", "ci", "--expires", "1h").strip()
    assert secret.startswith("ocilot_")
    for kept in json.loads(remote.fine("token", "ls", "ci", "-o", "json")):
        remote.fine("token", "rm", kept["id"])
    assert json.loads(remote.fine("token", "ls", "ci", "-o", "json")) == []
    entries = json.loads(remote.fine("audit", "-o", "json"))
    assert "carol" in {str(one["by"].get("name")) for one in entries if one["action"] == "token.add"}
    for words in (
        ("jobs", "ls"),
        ("gc", "status"),
        ("gc", "run", "--wait"),
        ("repo", "ls"),
        ("usage",),
        ("quota",),
        ("keys", "ls"),
        ("retention", "ls"),
        ("webhooks", "ls"),
        ("upload", "ls"),
        ("events",),
        ("access", "explain", "carol", "pull", "team/app"),
    ):
        ran = remote.run(*words)
        assert ran.code == 0, ran
    assert "no hooks configured" in remote.run("hooks", "status").err
    assert not (remote.directory / "ocilot-data").exists()


def test_lists_go_on_where_a_page_ends(remote: Remote) -> None:
    with ocilot.connect(remote.server.url, auth=("carol", PASSWORD)) as registry:
        for number in range(3):
            registry.repository(f"team/app{number}").push(tag="v1")
    rows = json.loads(remote.fine("repo", "ls", "-o", "json"))
    assert [row["name"] for row in rows] == ["team/app0", "team/app1", "team/app2"]
    assert remote.run("repo", "rm", "team/app0", "--yes").code == 0
    assert len(json.loads(remote.fine("repo", "ls", "-o", "json"))) == 2
    missing = remote.run("repo", "rm", "team/none", "--yes")
    assert missing.code == Exit.NOT_FOUND


def test_events_are_followed(remote: Remote) -> None:
    words = ["events", "--follow", "--after", "0", "-o", "jsonl", "--server", remote.server.url]
    following = subprocess.Popen(
        [sys.executable, "-m", "ocilot", *words],
        env={"HOME": str(remote.directory / "carol"), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with ocilot.connect(remote.server.url, auth=("carol", PASSWORD)) as registry:
            registry.repository("team/app").push(tag="v1")
        assert following.stdout is not None
        event = json.loads(following.stdout.readline())
        assert event["repository"] == "team/app"
    finally:
        following.kill()
        following.communicate()


def test_only_an_administrator_is_let_in(remote: Remote) -> None:
    ran = remote.run("user", "ls", user="alice")
    assert (ran.code, ran.out) == (Exit.AUTH, "")
    ran = remote.run("user", "ls", user="nobody")
    assert ran.code == Exit.AUTH
    assert "log in: ocilot login" in ran.err
    assert len(ran.err.splitlines()) == 1


@dataclass
class Encrypted:
    """A registry with TLS by an authority of its own, and the files of its administrator."""

    zygote: Zygote
    address: str
    directory: Path
    authority: str

    def run(self, *words: str, home: str = "carol", **environ: str) -> Ran:
        environment = {"HOME": str(self.directory / home), **environ}
        return self.zygote.run(list(words), self.directory, environ=environment)


@pytest.fixture
def encrypted(zygote: Zygote, tmp_path: Path) -> Iterator[Encrypted]:
    authority = trustme.CA(organization_name="Example Corp")
    certificate, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(certificate)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    root = tmp_path / "data"
    for home in ("carol", "nobody"):
        (tmp_path / home).mkdir()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    with ocilot.Server(root=root, accounts=True, tls_certificate=certificate, tls_key=key) as server:
        with Control.of(None, root) as control:
            account = {"name": "carol", "kind": "user", "password": PASSWORD, "admin": True}
            control.ask("POST", "/api/v1/accounts", account)
        ran = zygote.run(
            ["login", server.address, "-u", "carol", "--password-stdin", "--ca", "ca.pem"],
            tmp_path,
            stdin=str(tmp_path / "password"),
            environ={"HOME": str(tmp_path / "carol")},
        )
        assert ran.code == 0, ran
        yield Encrypted(zygote, server.address, tmp_path, "ca.pem")


def test_a_server_is_trusted_by_the_options_that_login_has(encrypted: Encrypted) -> None:
    asked = ["user", "ls", "-o", "json", "--server", f"https://{encrypted.address}"]
    refused = encrypted.run(*asked)
    assert (refused.code, refused.out) == (Exit.NETWORK, "")
    assert "Example Corp" in refused.err
    assert "--ca FILE" in refused.err
    for options in (["--ca", "ca.pem"], ["--insecure", encrypted.address]):
        ran = encrypted.run(*asked, *options)
        assert ran.code == 0, ran
        assert [one["name"] for one in json.loads(ran.out)] == ["carol"]
    other = encrypted.run(*asked, "--insecure", "other.example")
    assert other.code == Exit.NETWORK
    missing = encrypted.run(*asked, "--ca", "none.pem")
    assert missing.code == Exit.OTHER
    assert "none.pem" in missing.err


def test_a_server_gets_the_credentials_of_a_file(encrypted: Encrypted) -> None:
    asked = ["user", "ls", "--server", encrypted.address, "--ca", "ca.pem"]
    assert encrypted.run(*asked, home="nobody").code == Exit.AUTH
    ran = encrypted.run(*asked, "--auth-file", "carol/.docker/config.json", home="nobody")
    assert ran.code == 0, ran


def test_a_server_without_a_scheme_is_asked_without_tls_if_that_is_said(remote: Remote) -> None:
    words = ["jobs", "ls", "--server", remote.server.address, "--plain-http", remote.server.address]
    ran = remote.zygote.run(words, remote.directory, environ={"HOME": str(remote.directory / "carol")})
    assert ran.code == 0, ran


def test_events_are_followed_through_tls(encrypted: Encrypted) -> None:
    words = ["events", "--after", "0", "-o", "jsonl", "--server", encrypted.address, "--ca", "ca.pem"]
    assert encrypted.run(*words).code == 0


def test_options_of_a_server_need_one(zygote: Zygote, tmp_path: Path) -> None:
    for options in (["--ca", "a.pem"], ["--insecure", "a"], ["--plain-http", "a"], ["--auth-file", "a"]):
        ran = zygote.run(["user", "ls", *options], tmp_path)
        assert ran.code == Exit.USAGE
        assert f"{options[0]}: needs --server" in ran.err


def test_every_command_with_a_server_has_the_options_of_commands_for_images() -> None:
    (login,) = [one for one in ALL if one.words == ("login",)]
    names = ("auth_file", "plain_http", "insecure", "ca")
    expected = [(one.name, one.opts, one.help) for one in login.parameters if one.name in names]
    assert len(expected) == len(names)
    with_server = [one for one in ALL if one.takes("--server")]
    assert with_server
    for command in with_server:
        found = [(one.name, one.opts, one.help) for one in command.parameters if one.name in names]
        assert found == expected, command.words


def test_it_excludes_a_local_registry(remote: Remote) -> None:
    for more in (["--root", "data"], ["--config", "a.yml"], ["a.yml"]):
        ran = remote.run("user", "ls", *more)
        assert ran.code == Exit.USAGE
        assert "excludes --config and --root" in ran.err
    for value in ("", "https://r.example/path", "ftp://r.example"):
        ran = remote.zygote.run(["user", "ls", "--server", value], remote.directory)
        assert ran.code == Exit.USAGE


def test_a_server_that_is_not_there_is_named(zygote: Zygote, tmp_path: Path) -> None:
    ran = zygote.run(["jobs", "ls", "--server", "http://127.0.0.1:1"], tmp_path)
    assert (ran.code, ran.out) == (Exit.NETWORK, "")
    assert "cannot connect to 127.0.0.1:1" in ran.err


class Page(BaseHTTPRequestHandler):
    """A server without the API."""

    def do_GET(self) -> None:
        body = b"<html>Not here</html>"
        self.send_response(404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_another_registry_has_no_such_api(zygote: Zygote, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"127.0.0.1:{server.server_address[1]}"
        ran = zygote.run(["jobs", "ls", "--server", f"http://{address}"], tmp_path)
        server.shutdown()
    assert ran.code == Exit.OTHER
    assert ran.err == f"{address} has no administration API: only ocilot registries have it\n"


def test_a_registry_without_accounts_lets_nobody_administer_it(fresh: Place) -> None:
    assert isinstance(fresh.content, Content)
    ran = fresh.run("jobs", "ls", "--server", fresh.host)
    assert ran.code in (Exit.AUTH, Exit.OTHER)
    assert len(ran.err.splitlines()) == 1
