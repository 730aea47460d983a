"""Files of credentials and helpers: keys, entries, programs, logins and logouts."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ocilot.client.credentials import Credential
from ocilot.client.credentials.logins import login, logout
from ocilot.errors import ConfigError, StorageError
from ocilot.references import parse_host

from .homes import HUB, Home, encoded, entry


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# Keys


def test_a1_the_credentials_of_a_sibling_are_not_used(home: Home) -> None:
    home.write(home.docker, {"auths": {"r.example/other": entry()}})
    assert home.find("r.example", "mine").credential.is_empty


def test_a8_the_most_specific_key_wins_and_a_prefix_is_not_a_path(home: Home) -> None:
    keys = ["r.example", "r.example/ns", "r.example/ns/user", "r.example/ns/user/img"]
    home.write(home.docker, {"auths": {key: entry(key.replace("/", "-")) for key in keys}})
    assert home.find("r.example", "ns/user/img").credential.username == "r.example-ns-user-img"
    assert home.find("r.example", "ns/user/other").credential.username == "r.example-ns-user"
    assert home.find("r.example", "ns/x").credential.username == "r.example-ns"
    assert home.find("r.example", "nsx/app").credential.username == "r.example"


@pytest.mark.parametrize("stored", HUB)
@pytest.mark.parametrize("asked", HUB)
def test_a4_all_names_of_docker_hub_find_each_other(home: Home, stored: str, asked: str) -> None:
    """The fourth is docker's own key, a URL: a registry may be named by it, too."""
    hosts = {parse_host(asked).name, *([] if "/" in asked else [asked])}
    for place in (home.docker, home.podman):
        home.write(place, {"auths": {stored: entry("hub")}})
        for host in hosts:
            assert home.find(host, "library/alpine").credential.username == "hub"
        place.unlink()
    home.write(home.directory / ".dockercfg", {stored: entry("hub")})
    assert {home.find(host).credential.username for host in hosts} == {"hub"}


@pytest.mark.parametrize("stored", HUB)
@pytest.mark.parametrize("asked", HUB)
def test_a4_variables_and_helpers_have_all_names_of_docker_hub(home: Home, stored: str, asked: str) -> None:
    host = parse_host(asked).name
    home.helper("store", {"ServerURL": "", "Username": "helped", "Secret": "s"})
    home.write(home.docker, {"credHelpers": {stored: "store"}})
    assert home.find(host).credential.username == "helped"
    assert home.asked == [f"get {HUB[3]}"]
    home.environment["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {stored: entry("docker")}})
    assert home.find(host).credential.username == "docker"
    home.environment |= {"OCILOT_REGISTRY": stored, "OCILOT_USERNAME": "own", "OCILOT_PASSWORD": "p"}
    assert home.find(host).credential.username == "own"


@pytest.mark.parametrize("stored", HUB)
@pytest.mark.parametrize("asked", HUB)
def test_a4_a_login_and_a_logout_meet_the_entry_of_another_name(home: Home, stored: str, asked: str) -> None:
    host = parse_host(asked).name
    home.write(home.docker, {"auths": {stored: entry("old"), "r.example": entry("other")}})
    login(home.sources(), host, "new", "s")
    assert [*json.loads(home.docker.read_text())["auths"]] == [stored, "r.example"]
    assert home.find(host).credential.username == "new"
    assert [str(one) for one in logout(home.sources(), host)] == [str(home.docker)]
    assert home.find(host).credential.is_empty
    assert home.find("r.example").credential.username == "other"


def test_docker_s_own_tokens_are_no_credentials(home: Home) -> None:
    keys = ["https://index.docker.io/v1/access-token", "https://index.docker.io/v1/refresh-token"]
    home.write(home.docker, {"auths": {key: entry() for key in keys}})
    assert home.find("docker.io", "library/alpine").credential.is_empty


@pytest.mark.parametrize(
    "key", ["https://r.example", "http://r.example/v2/", "https://r.example/ns/other", "r.example"]
)
def test_keys_with_a_scheme_are_of_their_host(home: Home, key: str) -> None:
    home.write(home.docker, {"auths": {key: entry()}})
    assert home.find("r.example").credential.username == "bob"


@pytest.mark.parametrize("key", ["r.example:443", "r.example:5000", "xr.example", "r.example.org"])
def test_keys_of_other_hosts_and_ports_are_not_used(home: Home, key: str) -> None:
    home.write(home.docker, {"auths": {key: entry()}})
    assert home.find("r.example").credential.is_empty


# Entries


def test_entries_are_read_as_docker_writes_them(home: Home) -> None:
    def of(value: Any) -> Credential:
        home.write(home.docker, {"auths": {"r.example": value}})
        return home.find("r.example").credential

    assert of({"auth": encoded("bob", "a:b\0")}).password == "a:b"
    assert of({"username": "bob", "password": "p"}).password == "p"
    assert of({"auth": encoded("bob", ""), "identitytoken": "t"}).identity_token == "t"
    assert of({"registrytoken": "t"}).registry_token == "t"


@pytest.mark.parametrize(
    "marker", [{}, {"auth": ""}, {"auth": "%%%"}, {"auth": "Ym9i"}, {"email": "x"}, None, 3, "x"]
)
def test_a2_an_empty_entry_is_a_marker_and_the_store_is_asked_once(home: Home, marker: Any) -> None:
    home.helper("store", {"ServerURL": "r.example", "Username": "bob", "Secret": "s"})
    home.write(home.docker, {"auths": {"r.example": marker}, "credsStore": "store"})
    assert home.find("r.example").credential.password == "s"
    assert home.asked == ["get r.example"]
    home.write(home.docker, {"auths": {"r.example": marker}})
    assert home.find("r.example").credential.is_empty


@pytest.mark.parametrize("text", ["{", "[]", "\xff", '{"auths": []}'])
def test_a_broken_file_is_a_warning_that_names_it(home: Home, text: str) -> None:
    home.write(home.podman, text)
    home.write(home.docker, {"auths": {"r.example": entry()}})
    found = home.find("r.example")
    assert found.credential.username == "bob"
    assert text.startswith('{"') or str(home.podman) in found.warnings[0]


def test_a_broken_file_that_the_user_named_is_an_error(home: Home) -> None:
    only = home.write(home.directory / "only.json", "{")
    with pytest.raises(ConfigError, match=r"only\.json"):
        home.sources(str(only)).find("r.example")


@pytest.mark.parametrize("key", ["credSstore", "credStore", "credHelper"])
def test_keys_that_are_nearly_known_are_told(home: Home, key: str) -> None:
    home.write(home.docker, {key: "x"})
    assert [text for text in home.find("r.example").warnings if key in text and "did you mean" in text]


# Helpers


def test_a6_a_helper_beats_a_static_entry(home: Home) -> None:
    home.helper("store", {"ServerURL": "", "Username": "bob", "Secret": "new"})
    home.write(home.docker, {"auths": {"r.example": entry("bob", "stale")}, "credsStore": "store"})
    assert home.find("r.example").credential.password == "new"


def test_the_helper_of_a_host_beats_the_store(home: Home) -> None:
    home.helper("own", {"ServerURL": "", "Username": "own", "Secret": "s"})
    home.helper("store", {"ServerURL": "", "Username": "store", "Secret": "s"})
    home.write(home.docker, {"credHelpers": {"r.example": "own"}, "credsStore": "store"})
    assert home.find("r.example").credential.username == "own"
    assert home.find("other.example").credential.username == "store"
    assert home.asked == ["get r.example", "get other.example"]


def test_helpers_get_docker_s_spelling_of_docker_hub(home: Home) -> None:
    home.helper("store", {"ServerURL": "", "Username": "hub", "Secret": "s"})
    home.write(home.docker, {"credsStore": "store"})
    assert home.find("docker.io", "library/alpine").credential.username == "hub"
    assert home.asked == ["get https://index.docker.io/v1/"]


def test_a_helper_may_have_an_identity_token(home: Home) -> None:
    home.helper("store", {"ServerURL": "", "Username": "<token>", "Secret": "t"})
    home.write(home.docker, {"credsStore": "store"})
    assert home.find("r.example").credential.identity_token == "t"


@pytest.mark.parametrize("code", [0, 1])
def test_a_helper_that_has_none_is_no_problem(home: Home, code: int) -> None:
    home.helper("store", "credentials not found in native keychain", code)
    home.write(home.docker, {"credsStore": "store", "auths": {"r.example": entry("by hand")}})
    found = home.find("r.example")
    assert found.credential.username == "by hand"
    assert found.warnings == []


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        ("cannot open keychain: locked", 1, "locked"),
        ("junk with a secret", 0, "expected JSON"),
        ('{"Username": 3, "Secret": []}', 0, "expected JSON"),
        ("", 2, "exit code 2"),
    ],
)
def test_a5_a_broken_helper_is_told_and_the_static_entry_used(
    home: Home, answer: str, code: int, told: str
) -> None:
    home.helper("store", answer, code)
    home.write(home.docker, {"credsStore": "store", "auths": {"r.example": entry("by hand")}})
    found = home.find("r.example")
    assert found.credential.username == "by hand"
    assert found.problems == found.warnings
    assert told in found.problems[0]
    assert "docker-credential-store" in found.problems[0]
    assert str(home.docker) in found.problems[0]
    assert "with a secret" not in found.problems[0]


def test_a5_an_absent_helper_is_told(home: Home) -> None:
    home.write(home.docker, {"credsStore": "desktop.exe"})
    found = home.find("r.example")
    assert found.credential.is_empty
    assert "docker-credential-desktop.exe" in found.problems[0]
    assert "not found in PATH" in found.problems[0]


def test_a_helper_whose_name_is_a_path_is_not_run(home: Home) -> None:
    home.write(home.docker, {"credsStore": "../../evil"})
    assert "invalid name" in home.find("r.example").problems[0]


def test_a_helper_that_hangs_is_given_up(home: Home) -> None:
    from ocilot.client.credentials.helpers import Helper, HelperFailed

    home.helper("store", script="exec /bin/sleep 60\n")
    with pytest.raises(HelperFailed, match="no answer within"):
        Helper("store", "config.json", home.environment, timeout=0.05).get("r.example")


def test_helpers_that_nobody_configured_are_not_started(home: Home) -> None:
    for name in ("pass", "secretservice", "osxkeychain", "desktop"):
        home.helper(name, {"ServerURL": "", "Username": "bob", "Secret": "s"})
    home.write(home.docker, {"auths": {}})
    assert home.find("r.example").credential.is_empty
    assert home.asked == []


# Login and logout


def test_a_login_goes_into_docker_s_file_where_there_is_none(home: Home) -> None:
    home.environment.pop("XDG_RUNTIME_DIR")
    written = login(home.sources(), "r.example", "bob", "secret")
    assert str(written) == str(home.docker)
    assert stat.S_IMODE(home.docker.stat().st_mode) == 0o600
    assert home.find("r.example").credential.password == "secret"


def test_a_login_keeps_what_else_is_in_the_file_and_its_order(home: Home) -> None:
    content = {
        "zeta": 1,
        "auths": {"b.example": entry(), "r.example": entry("old"), "a.example": {}},
        "alpha": [2],
    }
    home.write(home.docker, content)
    login(home.sources(), "r.example", "new", "secret")
    found = json.loads(home.docker.read_text())
    assert list(found) == ["zeta", "auths", "alpha"]
    assert list(found["auths"]) == ["b.example", "r.example", "a.example"]
    assert found["auths"]["b.example"] == entry()
    assert home.find("r.example").credential.username == "new"


def test_a_login_goes_where_it_was_read(home: Home) -> None:
    home.write(home.docker, {"auths": {"other.example": entry()}})
    home.write(home.podman, {"auths": {"r.example": entry("old")}})
    assert login(home.sources(), "r.example", "new", "s").file == str(home.podman)
    home.write(home.podman, {"auths": {}})
    home.write(home.docker, {"auths": {"r.example": entry("old")}})
    assert login(home.sources(), "r.example", "new", "s").file == str(home.docker)


def test_a_login_goes_into_the_file_that_the_user_named(home: Home) -> None:
    path = home.directory / "new" / "auth.json"
    assert login(home.sources(str(path)), "docker.io", "bob", "s").file == str(path)
    assert list(json.loads(path.read_text())["auths"]) == ["docker.io"]


def test_a_login_to_docker_hub_is_found_by_docker(home: Home) -> None:
    login(home.sources(), "docker.io", "bob", "s")
    assert list(json.loads(home.docker.read_text())["auths"]) == ["https://index.docker.io/v1/"]


def test_a_login_with_an_identity_token_is_written_as_docker_does(home: Home) -> None:
    login(home.sources(), "r.example", "bob", "token", identity=True)
    assert json.loads(home.docker.read_text())["auths"]["r.example"] == {
        "auth": encoded("bob", ""),
        "identitytoken": "token",
    }


def test_a_login_goes_to_the_helper_where_there_is_one(home: Home) -> None:
    home.helper("store", "")
    home.write(home.docker, {"credsStore": "store"})
    written = login(home.sources(), "r.example", "bob", "secret")
    assert str(written) == f"credential helper store ({home.docker})"
    verb, _, told = home.asked[0].partition(" ")
    assert (verb, json.loads(told)) == (
        "store",
        {"ServerURL": "r.example", "Username": "bob", "Secret": "secret"},
    )
    assert json.loads(home.docker.read_text())["auths"] == {"r.example": {}}


def test_a_link_to_a_file_stays_a_link(home: Home) -> None:
    real = home.write(home.directory / "real.json", {"auths": {}})
    home.docker.parent.mkdir()
    home.docker.symlink_to(real)
    login(home.sources(), "r.example", "bob", "s")
    assert home.docker.is_symlink()
    assert "r.example" in real.read_text()


def test_a_logout_removes_them_everywhere_but_nothing_else(home: Home) -> None:
    home.write(home.podman, {"auths": {"docker.io": entry(), "r.example/ns": entry()}})
    home.write(home.docker, {"auths": {"https://index.docker.io/v1/": entry(), "other.example": entry()}})
    assert [written.file for written in logout(home.sources(), "docker.io")] == [
        str(home.podman),
        str(home.docker),
    ]
    assert list(json.loads(home.podman.read_text())["auths"]) == ["r.example/ns"]
    assert list(json.loads(home.docker.read_text())["auths"]) == ["other.example"]
    assert logout(home.sources(), "docker.io") == []


def test_a_logout_erases_what_a_helper_has(home: Home) -> None:
    home.helper("store", {"ServerURL": "", "Username": "bob", "Secret": "s"})
    home.write(home.docker, {"credsStore": "store", "auths": {"r.example": {}}})
    assert [written.helper for written in logout(home.sources(), "r.example")] == ["store"]
    assert home.asked == ["get r.example", "erase r.example"]
    assert json.loads(home.docker.read_text())["auths"] == {}


def test_a_file_that_cannot_be_written_is_named(home: Home) -> None:
    (home.directory / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write the credentials file"):
        login(home.sources(str(home.directory / "file" / "auth.json")), "r.example", "bob", "s")


def test_a_write_that_fails_leaves_the_file_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write(home.docker, {"auths": {}})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        login(home.sources(), "r.example", "bob", "s")
    assert home.docker.read_text() == '{"auths": {}}'
    assert [path.name for path in home.docker.parent.iterdir()] == ["config.json"]
