"""REGISTRY_* variables win over the file, as in distribution."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocilot.config import load
from ocilot.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yml"
    path.write_text("version: 0.1\nhttp: {addr: ':5000', headers: {X-One: [a]}}\nstorage: {filesystem: {}}\n")
    return path


def test_a_variable_wins_over_the_file(file: Path) -> None:
    environ = {
        "REGISTRY_HTTP_ADDR": "0.0.0.0:5005",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "/data",
        "REGISTRY_STORAGE_DELETE_ENABLED": "true",
        "REGISTRY_HTTP_TLS_CERTIFICATE": "/certs/domain.crt",
        "REGISTRY_HTTP_TLS_KEY": "/certs/domain.key",
        "REGISTRY_HTTP_TLS_CIPHERSUITES": "[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]",
        "REGISTRY_HTTP_TLS_CIPHERSUITES_0": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "REGISTRY_OCILOT_MANIFESTLIMIT": "1MiB",
    }
    settings = load(file, environ).settings
    assert settings.address == "0.0.0.0:5005"
    assert settings.root == "/data"
    assert settings.deletes
    assert (settings.tls_certificate, settings.tls_key) == ("/certs/domain.crt", "/certs/domain.key")
    assert settings.tls_suites == ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"]
    assert settings.manifest_limit == 1 << 20


def test_variables_need_no_file() -> None:
    settings = load(None, {"REGISTRY_HTTP_ADDR": ":0", "REGISTRY_STORAGE_DELETE_ENABLED": "false"}).settings
    assert settings.address == ":0"
    assert not settings.deletes
    assert load(None, {"REGISTRY_STORAGE": "inmemory"}).settings.deletes


def test_the_path_of_the_file_can_be_a_variable(file: Path) -> None:
    assert load(None, {"REGISTRY_CONFIGURATION_PATH": str(file)}).settings.address == ":5000"
    assert load(None, {"REGISTRY_CONFIGURATION_PATH": ""}).settings.address == "127.0.0.1:5000"


@pytest.mark.parametrize(
    ("environ", "headers"),
    [
        ({"REGISTRY_HTTP_HEADERS": "{X-Two: [b]}"}, [("X-Two", "b")]),
        ({"REGISTRY_HTTP_HEADERS_X-One": "[b]"}, [("X-One", "b")]),
        ({"REGISTRY_HTTP_HEADERS_X-ONE_0": "b"}, [("X-One", "b")]),
        ({"REGISTRY_HTTP_HEADERS_X-One_1": "b"}, [("X-One", "a"), ("X-One", "b")]),
        ({"REGISTRY_HTTP_HEADERS_X-New_0": "b"}, [("X-One", "a"), ("x-new", "b")]),
        ({"REGISTRY_HTTP_HEADERS": ""}, []),
    ],
)
def test_lists_and_sections_are_yaml_and_items_go_by_number(
    file: Path, environ: dict[str, str], headers: list[tuple[str, str]]
) -> None:
    assert load(file, environ).settings.headers == headers


@pytest.mark.parametrize("environ", [{"REGISTRY_STORAGE": "inmemory"}, {"REGISTRY_STORAGE_INMEMORY": ""}])
def test_storage_has_a_short_form(environ: dict[str, str]) -> None:
    assert load(None, environ).settings.in_memory


def test_a_short_form_can_be_added_to() -> None:
    settings = load(
        None, {"REGISTRY_STORAGE": "inmemory", "REGISTRY_STORAGE_DELETE_ENABLED": "false"}
    ).settings
    assert settings.in_memory
    assert not settings.deletes


def test_an_empty_variable_takes_a_value_away(file: Path) -> None:
    assert load(file, {"REGISTRY_HTTP_ADDR": ""}).settings.address == "127.0.0.1:5000"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "REGISTRY_HTTP_ADR",
            ":1",
            "unknown key http.adr; did you mean http.addr (REGISTRY_HTTP_ADDR)?",
        ),
        (
            "REGISTRY_HTTP_RELATIVEURLS",
            "maybe",
            'invalid value "maybe" for http.relativeurls: expected true or false',
        ),
        (
            "REGISTRY_HTTP_ADDR",
            "[",
            'invalid address "[" for http.addr: expected HOST:PORT, such as :5000 or 127.0.0.1:5000',
        ),
        ("REGISTRY_HTTP_HEADERS", "[", "invalid YAML: expected the node content, but found '<stream end>'"),
        (
            "REGISTRY_HTTP_PORT",
            "5000",
            "unknown key http.port; did you mean http.addr (REGISTRY_HTTP_ADDR)?",
        ),
        ("REGISTRY_HTTP__ADDR", ":1", "invalid name: the key between two `_` is empty"),
        ("REGISTRY_HTTP_HEADERS_X-One_2", "b", "invalid list index 2: expected 0 to 1"),
        (
            "REGISTRY_AUTH",
            "htpasswd",
            'invalid value "htpasswd" for auth.htpasswd: expected both realm and path',
        ),
        (
            "REGISTRY_AUTH_HTPASSWD_REALM",
            "basic",
            "invalid section for auth.htpasswd: expected both realm and path",
        ),
        (
            "REGISTRY_STORAGE_S3_BUCKET",
            "b",
            "storage.s3 cannot be used: only storage.filesystem and storage.inmemory are supported yet",
        ),
        (
            "REGISTRY_PROXY_REMOTEURL",
            "https://example.com",
            "proxy cannot be used: pull-through mirrors are not supported yet",
        ),
    ],
)
def test_a_mistake_names_the_variable(file: Path, name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(file, {name: value})
    assert str(caught.value) == f"{name}: {message}"


def test_a_variable_that_names_no_section_is_only_noted(file: Path) -> None:
    notes = load(file, {"REGISTRY_HOME": "/srv", "REGISTRY_VERSION": "9"}).notes
    assert notes == [
        "REGISTRY_HOME has no effect: it matches no configuration key",
        "REGISTRY_VERSION has no effect: it matches no configuration key",
    ]


WORDS = ["0123", "true", "~", "null", "1e3", "0x1f", "@abc", ": x", "a: b", "a,b", "{", "[", "{{x}}", "- a"]
SIGNS = [
    "#x",
    "a #b",
    "!x",
    "&a",
    "*a",
    "%",
    "`",
    "|",
    ">",
    "?",
    "\\",
    '"',
    "'",
    '"a',
    "a'b",
    "\x01",
    "é",
    "\U0001f600",
]


@pytest.mark.parametrize("text", [*WORDS, *SIGNS])
def test_a_secret_is_text_whatever_its_characters(file: Path, text: str) -> None:
    loaded = load(file, {"REGISTRY_HTTP_SECRET": text, "REGISTRY_HTTP_HEADERS_X-Two_0": "[b"})
    assert loaded.config.http.secret == text
    assert ("X-Two".lower(), "[b") in loaded.settings.headers


@pytest.mark.parametrize(
    ("given", "taken"),
    [('"abc"', "abc"), ("'a''b'", "a'b"), (" abc\n", "abc"), ('"a" "b"', '"a" "b"'), ("''", "")],
)
def test_quotes_and_space_around_a_text_do_not_belong_to_it(file: Path, given: str, taken: str) -> None:
    assert load(file, {"REGISTRY_HTTP_SECRET": given}).config.http.secret == taken


def test_a_secret_option_of_a_script_is_text(file: Path) -> None:
    environ = {
        "REGISTRY_OCILOT_HOOKS_SCRIPTS_0_PATH": "a.py",
        "REGISTRY_OCILOT_HOOKS_SCRIPTS_0_OPTIONS_PASSWORD": "0123",
        "REGISTRY_OCILOT_HOOKS_SCRIPTS_0_OPTIONS_COUNT": "0123",
    }
    (script,) = load(file, environ).config.ocilot.hooks.scripts
    assert script.options == {"password": "0123", "count": 0o123}


def test_a_variable_that_is_not_utf_8_is_named(file: Path) -> None:
    for name in ("REGISTRY_HTTP_SECRET", "REGISTRY_HTTP_HEADERS", "REGISTRY_HOME"):
        with pytest.raises(ConfigError) as caught:
            load(file, {name: "a\udcffb"})
        assert str(caught.value) == f"invalid value of {name}: expected UTF-8 text"


def test_the_variable_of_another_program_is_passed_over(file: Path) -> None:
    assert load(file, {"REGISTRY_AUTH_FILE": "/run/user/1000/containers/auth.json"}).notes == []


def test_a_port_that_is_no_service_of_kubernetes_is_not_passed_over(file: Path) -> None:
    assert load(file, {"REGISTRY_PORT": "5000"}).notes == [
        "REGISTRY_PORT has no effect: it matches no configuration key; did you mean REGISTRY_HTTP_ADDR?"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "REGISTRY_PORT",
        "REGISTRY_HTTP_PORT",
        "REGISTRY_SERVICE_HOST",
        "REGISTRY_PORT_5000_TCP_ADDR",
        "REGISTRY_HTTP_SERVICE_PORT_WEB",
        "REGISTRY_PROXY_PORT_443_TCP",
    ],
)
def test_what_kubernetes_puts_there_is_passed_over(file: Path, name: str) -> None:
    assert load(file, {name: "tcp://10.0.0.1:5000"}).notes == []
