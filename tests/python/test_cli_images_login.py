"""Logins, where they are stored, and the registry of references that name none."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocilot
from ocilot.cli.control import Control
from ocilot.cli.exit import Exit
from ocilot.cli.images.official_images import is_official
from ocilot.testing import RegistryForTests

from .cli_content import Content
from .cli_place import Place
from .cli_runs import Zygote

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a registry with an account."""
    root = tmp_path_factory.mktemp("guarded") / "data"
    with ocilot.Server(root=root, accounts=True) as server:
        with Control.of(None, root) as control:
            account = {"name": "alice", "kind": "user", "password": PASSWORD, "admin": True}
            control.ask("POST", "/api/v1/accounts", account)
        yield server.address


@pytest.fixture
def home(zygote: Zygote, guarded: str, tmp_path: Path) -> Place:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "wrong").write_text("wrong\n")
    return Place(zygote, Content(f"http://{guarded}"), tmp_path)


def login(home: Place, *more: str, file: str = "password") -> tuple[int, str]:
    words = ["login", home.host, "-u", "alice", "--password-stdin", *more]
    ran = home.run(*words, stdin=str(home.directory / file))
    assert ran.out == "" or "-o" in more
    assert PASSWORD not in ran.out + ran.err
    return ran.code, ran.err


def test_login_checks_and_stores_credentials(home: Place) -> None:
    assert home.json("whoami", home.host)["origin"] == "anonymous"
    code, said = login(home)
    assert code == 0, said
    path = home.directory / ".docker/config.json"
    assert f"stored in {path}" in said
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(json.loads(path.read_text())["auths"]) == [home.host]
    found = home.json("whoami", home.host)
    assert (found["user"], found["origin"]) == ("alice", str(path))
    rows = home.json("whoami", home.host, "--explain")
    assert rows[-1] == {"source": str(path), "outcome": "credentials of alice"}
    assert PASSWORD not in json.dumps(rows)


def test_wrong_credentials_are_not_stored(home: Place) -> None:
    code, said = login(home, file="wrong")
    assert code == Exit.AUTH
    assert home.host in said
    assert not (home.directory / ".docker").exists()


def test_login_writes_where_it_reads(home: Place) -> None:
    path = home.directory / "auth.json"
    path.write_text('{"auths": {"other.example": {"auth": "YTpi"}}, "unknown": 1}')
    code, said = login(home, "--auth-file", str(path))
    assert (code, f"stored in {path}" in said) == (0, True)
    stored = json.loads(path.read_text())
    assert (set(stored["auths"]), stored["unknown"]) == ({"other.example", home.host}, 1)
    assert home.fine("whoami", home.host, "--auth-file", str(path)).splitlines()[1] == "User\talice"


def test_an_administrator_gets_all_that_is_known_of_tags(home: Place, fresh: Place) -> None:
    fresh.content.image("team/app", "v1")
    login(home)
    for tag in ("old", "new"):
        home.fine("cp", f"{fresh.app}:v1", f"{home.app}:{tag}")
    newest, oldest = home.json("tags", home.app, "--sort", "-pushed")
    assert (newest["name"], oldest["name"]) == ("new", "old")
    assert newest["digest"] == fresh.content.digest("team/app", "v1")
    assert newest["platforms"] == ["linux/amd64"]
    assert isinstance(newest["size"], int)
    assert newest["pushed"].endswith("Z")
    row = home.fine("tags", home.app, "--sort", "-pushed", "-l", "--limit", "1").rstrip("\n").split("\t")
    assert row == ["new", newest["digest"], str(newest["size"]), newest["pushed"], "linux/amd64"]
    for tag in ("1.10.0", "1.9.0"):
        home.fine("cp", f"{fresh.app}:v1", f"{home.app}:{tag}")
    assert home.fine("tags", home.app, "--sort", "-semver") == "1.10.0\n1.9.0\nnew\nold\n"
    row = home.fine("tags", home.app, "--sort", "-pulled", "-l", "--limit", "1").rstrip("\n").split("\t")
    assert len(row) == 6


def test_logout_forgets_them(home: Place) -> None:
    login(home)
    ran = home.run("logout", home.host)
    assert (ran.code, ran.out) == (0, "")
    assert "config.json" in ran.err
    assert home.json("whoami", home.host)["user"] is None
    assert home.run("logout", home.host).code == Exit.NOT_FOUND


def test_without_a_terminal_nothing_is_asked_for(home: Place) -> None:
    assert home.run("login", home.host).code == Exit.USAGE
    ran = home.run("login", home.host, "-u", "alice")
    assert ran.code == Exit.USAGE
    assert "--password-stdin" in ran.err
    ran = home.run("login", home.host, "-u", "alice", "--password-stdin")
    assert ran.code == Exit.USAGE


def test_a_default_registry_is_chosen_and_named(home: Place, fresh: Place) -> None:
    fresh.content.image("team/app", "v1")
    ran = home.run("login", fresh.host, "--anonymous", "--default", OCILOT_REGISTRY="")
    assert (ran.code, ran.out) == (0, "")
    assert f"{fresh.host} is the default registry" in ran.err
    ran = home.run("tags", "team/app", OCILOT_REGISTRY="")
    assert (ran.code, ran.out) == (0, "v1\n")
    assert ran.err == f"team/app is {fresh.host}/team/app:latest\n"
    assert home.run("ls", OCILOT_REGISTRY="").out == f"{fresh.host}/team/app\n"
    # The variable wins.
    assert home.run("tags", "team/app", OCILOT_REGISTRY="localhost:9").code == Exit.NETWORK
    settings = json.loads((home.directory / ".config/ocilot/client.json").read_text())
    assert settings == {"default_registry": fresh.host}
    home.fine("login", "docker.io", "--anonymous", "--default")
    assert json.loads((home.directory / ".config/ocilot/client.json").read_text()) == {}


@pytest.mark.parametrize("name", ["alpine", "library/alpine", "alpine:3.22"])
def test_a_short_name_of_the_hub_is_not_written_elsewhere(name: str, fresh: Place) -> None:
    fresh.content.image("team/app", "v1")
    fresh.content.image("alpine", "latest")
    environ = {"OCILOT_REGISTRY": fresh.host}
    for words in (
        ["cp", f"{fresh.app}:v1", name],
        ["tag", name, "new"],
        ["rm", "--yes", name],
        ["mutate", f"{fresh.app}:v1", name, "--label", "a=b"],
    ):
        ran = fresh.run(*words, **environ)
        assert (ran.code, ran.out) == (Exit.USAGE, ""), words
        assert "official image" in ran.err
        assert f"{fresh.host}/" in ran.err
    assert fresh.content.tags("alpine") == ["latest"]
    # Reading is no danger, and a full name says what is meant.
    assert fresh.run("tags", "alpine", **environ).out == "latest\n"
    fresh.fine("cp", f"{fresh.app}:v1", f"{fresh.host}/alpine:v2")


def test_official_images_are_single_names() -> None:
    assert is_official("debian")
    assert is_official("library/debian")
    assert not is_official("team/debian")
    assert not is_official("app")


def test_settings_that_are_damaged_are_named(home: Place) -> None:
    path = home.directory / ".config/ocilot/client.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    ran = home.run("tags", "team/app", OCILOT_REGISTRY="")
    assert ran.code == Exit.USAGE
    assert str(path) in ran.err


def test_one_registry_may_have_other_credentials_for_each_namespace(zygote: Zygote, tmp_path: Path) -> None:
    """A9: the ends of a copy are on one host, and each is reached as the file says for its namespace."""
    access = [
        (["origin/**"], [("user:reader", ["pull"])]),
        (["mirror/**"], [("user:writer", ["pull", "push"])]),
    ]
    with RegistryForTests(accounts=True, access=access) as registry:
        users = {"origin": registry.add_user("reader"), "mirror": registry.add_user("writer")}
        digest = registry.seed("origin/app:v1")
        entries = {
            f"{registry.host}/{namespace}": {"auth": base64.b64encode(":".join(user).encode()).decode()}
            for namespace, user in users.items()
        }
        (tmp_path / "auth.json").write_text(json.dumps({"auths": entries}))
        words = ["cp", f"{registry.host}/origin/app:v1", f"{registry.host}/mirror/app:v1"]
        ran = zygote.run([*words, "--auth-file", "auth.json"], tmp_path)
        assert (ran.code, ran.out) == (0, f"{digest}\n"), ran.err
        # Neither of them alone is enough.
        for user in users.values():
            whole = {registry.host: {"auth": base64.b64encode(":".join(user).encode()).decode()}}
            (tmp_path / "auth.json").write_text(json.dumps({"auths": whole}))
            again = [*words[:2], f"{registry.host}/mirror/other:v1"]
            assert zygote.run([*again, "--auth-file", "auth.json"], tmp_path).code == Exit.AUTH


def test_the_source_of_a_copy_may_have_a_credentials_file_of_its_own(zygote: Zygote, tmp_path: Path) -> None:
    access = [
        (["origin/**"], [("user:reader", ["pull"])]),
        (["mirror/**"], [("user:writer", ["pull", "push", "delete"])]),
    ]
    with RegistryForTests(accounts=True, access=access) as registry:
        for name in ("reader", "writer"):
            pair = ":".join(registry.add_user(name)).encode()
            entries = {registry.host: {"auth": base64.b64encode(pair).decode()}}
            (tmp_path / f"{name}.json").write_text(json.dumps({"auths": entries}))
        digest = registry.seed("origin/app:v1")
        reader, writer = ["--source-auth-file", "reader.json"], ["--auth-file", "writer.json"]
        words = ["cp", f"{registry.host}/origin/app:v1", f"{registry.host}/mirror/app:v1"]
        ran = zygote.run([*words, *reader, *writer], tmp_path)
        assert (ran.code, ran.out) == (0, f"{digest}\n"), ran.err
        assert zygote.run([*words, *writer], tmp_path).code == Exit.AUTH
        assert zygote.run([*words, "--auth-file", "reader.json"], tmp_path).code == Exit.AUTH
        words = ["sync", f"{registry.host}/origin/app", f"{registry.host}/mirror/all", *writer]
        assert zygote.run(words, tmp_path).code == Exit.AUTH
        ran = zygote.run([*words, *reader, "-o", "json"], tmp_path)
        assert ran.code == 0, ran.err
        assert [row["digest"] for row in json.loads(ran.out)] == [digest]
        registry.seed("origin/app:v1", files={"other": b"content"})
        assert zygote.run([*words, *reader], tmp_path).err.startswith("0 to copy, 1 to update")
