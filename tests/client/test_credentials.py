"""Where credentials come from: arguments, environment, files and helpers, the first hit first."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ocilot.client.credentials import ANONYMOUS, Credential, Token
from ocilot.client.credentials.files import places
from ocilot.errors import InvalidReference

from .homes import Home, encoded, entry


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# The order of the sources


def test_sources_are_tried_in_their_order(home: Home) -> None:
    home.write(home.directory / ".dockercfg", {"https://r.example/v1/": entry("dockercfg")})
    assert home.find("r.example").credential.username == "dockercfg"
    home.write(home.docker, {"auths": {"r.example": entry("docker")}})
    assert home.find("r.example").credential.username == "docker"
    home.write(home.directory / ".config/containers/auth.json", {"auths": {"r.example": entry("containers")}})
    assert home.find("r.example").credential.username == "containers"
    home.write(home.podman, {"auths": {"r.example": entry("podman")}})
    assert home.find("r.example").credential.username == "podman"
    only = home.write(home.directory / "only.json", {"auths": {"r.example": entry("only")}})
    home.environment["REGISTRY_AUTH_FILE"] = str(only)
    assert home.find("r.example").credential.username == "only"
    home.environment["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {"r.example": entry("environment")}})
    assert home.find("r.example").credential.username == "environment"
    home.environment |= {
        "OCILOT_REGISTRY": "r.example",
        "OCILOT_USERNAME": "own",
        "OCILOT_PASSWORD": "secret",
    }
    assert home.find("r.example").credential.username == "own"
    assert home.find("r.example", auth=("argument", "secret")).credential.username == "argument"


def test_an_explicit_file_is_the_only_one_that_is_read(home: Home) -> None:
    home.write(home.docker, {"auths": {"r.example": entry()}})
    only = home.write(home.directory / "only.json", {"auths": {}})
    assert home.sources(str(only)).find("r.example").credential.is_empty
    assert not home.find("r.example").credential.is_empty


def test_every_file_of_the_list_is_searched_until_one_has_them(home: Home) -> None:
    home.write(home.podman, {"auths": {"other.example": entry("other")}})
    home.write(home.docker, {"auths": {"r.example": entry("bob")}})
    assert home.find("r.example").credential.username == "bob"


def test_the_own_variables_are_for_their_registry_alone(home: Home) -> None:
    home.environment |= {"OCILOT_USERNAME": "own", "OCILOT_PASSWORD": "secret"}
    assert home.find("r.example").credential.is_empty
    home.environment["OCILOT_REGISTRY"] = "https://r.example"
    assert home.find("r.example").credential.username == "own"
    assert home.find("other.example").credential.is_empty
    home.environment["OCILOT_TOKEN"] = "a-token"
    assert home.find("r.example").credential.registry_token == "a-token"


def test_the_order_of_docker_s_variable_and_the_files_can_be_turned(home: Home) -> None:
    home.write(home.docker, {"auths": {"r.example": entry("file")}})
    home.environment["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {"r.example": entry("environment")}})
    assert home.find("r.example").credential.username == "environment"
    home.environment["DOCKER_AUTH_ORDER"] = "config,env"
    assert home.find("r.example").credential.username == "file"


def test_a7_the_environment_alone_is_enough(home: Home) -> None:
    home.environment["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {"r.example": entry("ci")}})
    assert home.find("r.example").credential.username == "ci"


@pytest.mark.parametrize("broken", ["{", "[]", '{"auth": {}}', '{"auths": 3}', "null", "[" * 100000])
def test_a7_a_broken_variable_is_a_warning(home: Home, broken: str) -> None:
    home.environment["DOCKER_AUTH_CONFIG"] = broken
    found = home.find("r.example")
    assert found.credential.is_empty
    assert [text for text in found.warnings if "DOCKER_AUTH_CONFIG" in text]


def test_docker_s_variable_honours_only_auth(home: Home) -> None:
    auths = {"r.example": {"username": "bob", "password": "secret", "identitytoken": "token"}}
    home.environment["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": auths})
    assert home.find("r.example").credential.is_empty


def test_a_runtime_directory_that_is_missing_is_a_warning(home: Home) -> None:
    home.environment["XDG_RUNTIME_DIR"] = str(home.directory / "gone")
    home.write(home.docker, {"auths": {"r.example": entry()}})
    found = home.find("r.example")
    assert found.credential.username == "bob"
    assert "XDG_RUNTIME_DIR" in found.warnings[0]


def test_the_places_are_those_of_the_system(tmp_path: Path) -> None:
    linux = [str(place.path) for place in places({"XDG_RUNTIME_DIR": "/run/user/7"}, tmp_path, "linux")]
    assert linux[0] == "/run/user/7/containers/auth.json"
    assert next(places({}, tmp_path, "linux")).path == Path(f"/run/containers/{os.getuid()}/auth.json")
    others = [str(place.path.relative_to(tmp_path)) for place in places({}, tmp_path, "darwin")]
    assert others == [".config/containers/auth.json", ".docker/config.json", ".dockercfg"]
    moved = list(places({"DOCKER_CONFIG": "/d", "XDG_CONFIG_HOME": "/c"}, tmp_path, "linux"))
    assert [str(place.path) for place in moved[1:3]] == ["/c/containers/auth.json", "/d/config.json"]


# Arguments


def test_anonymous_looks_nowhere(home: Home) -> None:
    home.write(home.docker, {"auths": {"r.example": entry()}})
    found = home.find("r.example", auth=ANONYMOUS)
    assert found.credential.is_empty
    assert found.origin == "anonymous"


def test_an_argument_may_be_a_token_or_a_function(home: Home) -> None:
    assert home.find("r.example", auth=Token("t")).credential.registry_token == "t"
    assert home.find("r.example", auth=Token("t", refresh=True)).credential.identity_token == "t"
    assert home.find("r.example", auth=lambda host: ("bob", host)).credential.password == "r.example"
    assert home.find("r.example", auth=lambda host: None).credential.is_empty
    with pytest.raises(InvalidReference, match="invalid auth"):
        home.find("r.example", auth=3)  # type: ignore[arg-type]


def test_a3_a_login_in_the_program_beats_helpers_and_starts_none(home: Home) -> None:
    home.helper("store", {"ServerURL": "r.example", "Username": "bob", "Secret": "wrong"})
    home.write(home.docker, {"credsStore": "store"})
    assert home.find("r.example", auth=("bob", "right")).credential.password == "right"
    assert home.asked == []


# What is told


def test_every_step_is_told_without_a_secret(home: Home) -> None:
    home.helper("store", "locked", 1)
    home.write(home.podman, {"auths": {"r.example/x": entry()}})
    home.write(home.docker, {"credsStore": "store", "auths": {"r.example": entry("bob", "s3cret")}})
    found = home.find("r.example")
    told = [f"{source}: {outcome}" for source, outcome in found.steps]
    assert told[0] == "argument auth: not given"
    assert f"{home.podman}: nothing for r.example" in told
    assert told[-1] == f"{home.docker}: credentials of bob"
    assert found.origin == str(home.docker)
    assert "s3cret" not in repr(found)
    assert encoded("bob", "s3cret") not in repr(found)


def test_credentials_do_not_show_their_secret() -> None:
    shown = [repr(one) for one in (Credential("bob", "s3cret", origin="x"), Token("s3cret"), ANONYMOUS)]
    assert not [text for text in shown if "s3cret" in text]
