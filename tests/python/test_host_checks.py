"""`config check` compares a configuration with the machine; relative paths start from the file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ocilot
from ocilot.cli.control import Control
from ocilot.config import load

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}


def ocilot_command(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ocilot", *words],
        env=ENVIRONMENT,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


PATHS = """
version: 0.1
storage: {filesystem: {rootdirectory: data}}
http: {tls: {certificate: tls/cert.pem, key: /abs/key.pem, clientcas: [ca.pem, /abs/ca.pem]}}
auth: {token: {realm: https://a/t, service: s, issuer: i, rootcertbundle: bundle.pem, jwks: ../keys.json}}
ocilot:
  controlsocket: run/socket
"""
OIDC = """
version: 0.1
auth: {htpasswd: {realm: r, path: users}}
ocilot:
  accounts: {enabled: true}
  oidc:
    - {name: a, issuer: https://a, audience: b, jwks: keys.json, cacert: ca.pem,
       rules: [{claims: {sub: x}, name: n}]}
    - {name: b, issuer: https://b, audience: b, jwks: "https://b/keys", rules: [{claims: {sub: x}, name: n}]}
"""


def test_paths_of_a_file_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "etc"
    place.mkdir()
    monkeypatch.chdir(tmp_path)
    (place / "a.yml").write_text(PATHS)
    for path in ("etc/a.yml", str(place / "a.yml")):
        settings = load(path, {}).settings
        assert settings.root == f"{place}/data"
        assert (settings.tls_certificate, settings.tls_key) == (f"{place}/tls/cert.pem", "/abs/key.pem")
        assert settings.tls_client_authorities == [f"{place}/ca.pem", "/abs/ca.pem"]
        assert settings.auth_root_certificates == f"{place}/bundle.pem"
        assert settings.auth_jwks == f"{place}/../keys.json"
        assert settings.control_socket == f"{place}/run/socket"
    (place / "b.yml").write_text(OIDC)
    settings = load("etc/b.yml", {}).settings
    assert settings.auth_htpasswd == f"{place}/users"
    assert settings.root == f"{place}/ocilot-data"
    assert [issuer[3:5] for issuer in settings.oidc] == [
        (f"{place}/keys.json", f"{place}/ca.pem"),
        ("https://b/keys", ""),
    ]


def test_other_paths_are_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/config.yml").write_text(PATHS)
    monkeypatch.chdir(tmp_path)
    environ = {
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "elsewhere",
        "REGISTRY_HTTP_TLS_CLIENTCAS": "[a.pem, /b.pem]",
    }
    loaded = load("etc/config.yml", environ)
    assert loaded.settings.root == str(tmp_path / "elsewhere")
    assert loaded.settings.tls_client_authorities == [str(tmp_path / "a.pem"), "/b.pem"]
    assert loaded.with_root("other").settings.root == str(tmp_path / "other")


def test_a_path_with_a_null_character_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text('version: 0.1\nhttp: {tls: {certificate: "a\\0", key: b}}\n')
    ran = ocilot_command("config", "check", "config.yml", cwd=tmp_path)
    assert (ran.returncode, "expected a path" in ran.stderr) == (2, True)


def test_debians_configuration_gets_a_hint(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    (tmp_path / "config.yml").write_text(
        "version: 0.1\nauth: {htpasswd: {realm: basic-realm, path: registry}}\nstorage: inmemory\n"
    )
    for words in (["config", "check"], ["serve"]):
        ran = ocilot_command(*words, "config.yml", cwd=tmp_path)
        assert ran.returncode == 2
        assert ran.stderr == (
            f"auth.htpasswd.path: {tmp_path}/registry is a directory: expected a file; set it to "
            f"{tmp_path}/registry/htpasswd, and add users with "
            f"`htpasswd -B {tmp_path}/registry/htpasswd NAME`\n"
        )


def test_missing_files_are_found_without_a_start(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(PATHS + "  hooks: {scripts: [{path: none.py}]}\n")
    (tmp_path / "data").write_text("")
    ran = ocilot_command("config", "check", "config.yml", cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stderr.splitlines() == [
        f"http.tls.certificate: cannot read {tmp_path}/tls/cert.pem: No such file or directory",
        "http.tls.key: cannot read /abs/key.pem: No such file or directory",
        f"http.tls.clientcas: cannot read {tmp_path}/ca.pem: No such file or directory",
        "http.tls.clientcas: cannot read /abs/ca.pem: No such file or directory",
        f"auth.token.rootcertbundle: cannot read {tmp_path}/bundle.pem: No such file or directory",
        f"auth.token.jwks: cannot read {tmp_path}/../keys.json: No such file or directory",
        f"storage.filesystem.rootdirectory: {tmp_path}/data is not a directory",
        f"none.py: there is no such file ({tmp_path}/none.py)",
    ]


RULES = """
version: 0.1
storage: {filesystem: {rootdirectory: data}}
ocilot:
  accounts: {enabled: true}
  groups: {team: [alice]}
  access:
    - repositories: ["**"]
      allow: {group:team: [pull], group:taem: [pull], group:ops: [pull], group:qa: [pull]}
"""


def test_groups_that_no_account_is_in_are_noted(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(RULES)
    meant = "note: ocilot.access.0: unknown group taem: no account is a member; did you mean team?"
    alone = ocilot_command("config", "check", "config.yml", cwd=tmp_path)
    assert alone.stderr.splitlines() == [meant, "config.yml is fine"]
    assert not (tmp_path / "data").exists()
    with ocilot.Server(root=tmp_path / "data", accounts=True):
        with Control.of(None, tmp_path / "data") as control:
            control.ask("POST", "/api/v1/accounts", {"name": "bob", "kind": "robot", "groups": ["ops"]})
        beside = ocilot_command("config", "check", "config.yml", cwd=tmp_path)
    assert beside.returncode == 0
    assert beside.stderr.splitlines() == [
        meant,
        "note: ocilot.access.0: unknown group qa: no account is a member",
        "config.yml is fine",
    ]


def test_an_explanation_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(RULES + "auth: {htpasswd: {realm: r, path: users}}\n")
    with ocilot.Server(root=tmp_path / "data", accounts=True):
        pass

    def everything() -> dict[str, tuple[int, bytes]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for path in tmp_path.rglob("*")
        }

    before = everything()
    ran = ocilot_command("access", "explain", "alice", "pull", "team/app", "config.yml", cwd=tmp_path)
    assert (ran.returncode, ran.stdout[:4]) == (0, "yes:")
    assert everything() == before


ADMINISTRATIVE = [
    "user add bob --no-password",
    "robot add ci",
    "user ls",
    "keys rotate",
    "audit",
    "access explain alice pull team/app",
    "token ls",
]


@pytest.mark.parametrize("words", ADMINISTRATIVE)
def test_no_administrative_command_makes_a_data_directory(tmp_path: Path, words: str) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "etc/config.yml").write_text(RULES.replace("group:taem: [pull], ", ""))
    ran = ocilot_command(*words.split(), "--config", "../etc/config.yml", cwd=tmp_path / "work")
    assert (ran.returncode, ran.stdout) == (3, "")
    assert f"no registry found at {tmp_path}/etc/data; start one there" in ran.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["config.yml", "etc", "work"]
