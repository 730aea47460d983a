"""A configuration says the same to ocilot as to distribution, and its mistakes are named."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from ocilot import _core
from ocilot.config import Loaded, load
from ocilot.errors import ConfigError


def loaded(directory: Path, text: str, **environ: str) -> Loaded:
    path = directory / "config.yml"
    path.write_text(textwrap.dedent(text))
    return load(path, environ)


def problems(directory: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(directory, text, **environ)
    return str(caught.value).replace(f"{directory}/", "").splitlines()


def test_without_a_file_the_core_gets_its_defaults() -> None:
    settings = load(None, {}).settings
    fresh = _core.Settings()
    fresh.webhooks = []  # Without a list, a registry delivers nothing and forgets no place.
    for name in (name for name in dir(fresh) if not name.startswith("_")):
        assert getattr(settings, name) == getattr(fresh, name), name


EVERYTHING = """
version: 0.1
log: {level: debug, formatter: json, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: /srv/registry, maxthreads: 100}
  delete: {enabled: true}
  maintenance:
    uploadpurging: {enabled: false, age: 1h30m, interval: 45s, dryrun: false}
    readonly: {enabled: false}
catalog: {maxentries: 50}
tags: {maxtags: 60}
http:
  addr: :5001
  net: tcp
  host: https://registry.example.com/base/
  prefix: /registry
  relativeurls: true
  secret: 0123
  draintimeout: 0
  tls:
    certificate: /etc/cert.pem
    key: /etc/key.pem
    minimumtls: tls1.3
    ciphersuites: [TLS_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
    clientcas: [/etc/ca.pem, /etc/other.pem]
    clientauth: verify-client-cert-if-given
  headers: {X-Content-Type-Options: [nosniff], X-Two: [a, b]}
  debug: {addr: "localhost:5002", prometheus: {enabled: true, path: /metrics}}
ocilot:
  threads: 3
  manifestlimit: 8MiB
  headerlimit: 65537
  headertimeout: 5s
  idletimeout: 1500ms
  shutdowndelay: 15s
  controlsocket: /run/ocilot.sock
  sparse: [mirror/*, team/**/cache]
  strictsizes: true
  cors: {origins: ["https://UI.example.com/", "http://localhost:8080"], credentials: true}
  limits:
    bodyrate: 4KiB
    bodygrace: 10s
    connections: 100
    connectionsperclient: 20
    bodymemory: 1MiB
    uploadmemory: 0
    uploadsperrepository: 30
    uploadspercaller: 0
    jsondepth: 32
    jsonmembers: 1000
  storage: {reserve: 256MiB, deletereferenced: false}
  metrics: {readers: ["robot:prometheus", "group:ops"]}
  pools: {write: 16, read: 4}
  gc: {enabled: false, grace: 30m, pending: 90s, rate: 500}
  scrub: {enabled: false, interval: 24h, rate: 4MiB/s}
  audit: {keep: 48h}
  taghistory: {keep: 720h, entries: 50}
  retention:
    {interval: 12h, firstrun: true, networks: [10.0.0.0/8], readers: ["user:planner", "group:release"],
    policies: [{name: apps, repositories: ["team/**"], delete: [{tags: v*, older-than: 30d}]}]}
  pulls: {ignore: ["robot:scanner", "user-agent:Trivy*"], interval: 30s}
  trustedproxies: 10.0.0.0/8
  hostnames: [Registry.internal.]
  ratelimits: [{classes: [manifests], who: anonymous, per: address, requests: 100, window: 6h}]
  quotas:
    - {repositories: ["team/**"], bytes: 10GiB, tags: 5}
    - {repositories: app, tags: 0}
    - {callers: ["user:*", "group:interns"], bytes: 1GiB}
  events: {keep: 24h, entries: 1000, pulls: sampled}
"""

EVERY_SETTING = {
    "root": "/srv/registry",
    "in_memory": False,
    "deletes": True,
    "purge_uploads": False,
    "upload_age": 5400,
    "purge_interval": 45,
    "address": ":5001",
    "debug_address": "localhost:5002",
    "tls_certificate": "/etc/cert.pem",
    "tls_key": "/etc/key.pem",
    "tls_minimum": "tls1.3",
    "tls_suites": ["TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    "tls_client_authorities": ["/etc/ca.pem", "/etc/other.pem"],
    "tls_client_required": False,
    "threads": 3,
    "header_limit": 65537,
    "manifest_limit": 8 << 20,
    "body_rate": 4096,
    "body_grace": 10,
    "connection_limit": 100,
    "client_connection_limit": 20,
    "client_connection_limit_for_trusted": True,
    "body_memory": 1 << 20,
    "upload_memory": 0,
    "metrics_readers": ["robot:prometheus", "group:ops"],
    "write_threads": 16,
    "read_threads": 4,
    "repository_upload_limit": 30,
    "caller_upload_limit": 0,
    "json_depth": 32,
    "json_members": 1000,
    "header_timeout": 5,
    "idle_timeout": 2,
    "control_socket": "/run/ocilot.sock",
    "drain_timeout": 0,
    "shutdown_delay": 15,
    "host": "https://registry.example.com/base",
    "prefix": "/registry/",
    "relative_urls": True,
    "headers": [("X-Content-Type-Options", "nosniff"), ("X-Two", "a"), ("X-Two", "b")],
    "cors_origins": ["https://ui.example.com", "http://localhost:8080"],
    "cors_credentials": True,
    "strict_sizes": True,
    "storage_reserve": 256 << 20,
    "delete_referenced": False,
    "gc": False,
    "gc_grace": 1800,
    "gc_pending": 90,
    "gc_rate": 500,
    "scrub": False,
    "scrub_interval": 24 * 3600,
    "scrub_rate": 4 * 1024 * 1024,
    "audit_age": 48 * 3600,
    "history_age": 720 * 3600,
    "history_entries": 50,
    "retention_policies": (
        '[{"name": "apps", "repositories": ["team/**"], "delete": [{"tags": "v*", "older-than": "30d"}]}]'
    ),
    "retention_interval": 12 * 3600,
    "retention_first_run_applies": True,
    "retention_timezone": "UTC",
    "retention_offsets": [],  # They have tests of their own.
    "retention_networks": ["10.0.0.0/8"],
    "retention_readers": ["user:planner", "group:release"],
    "retention": True,
    "pulls_ignore": ["robot:scanner", "user-agent:Trivy*"],
    "pulls_interval": 30,
    "webhooks": [],  # They have tests of their own.
    "event_age": 24 * 3600,
    "event_entries": 1000,
    "pull_events": "sampled",
    "catalog_limit": 50,
    "tags_limit": 60,
    "sparse": ["mirror/*", "team/**/cache"],
    "log_level": _core.LogLevel.debug,
    "logstash": False,
    "log_format": _core.LogFormat.json,
    "hook_points": [],  # Known when the scripts are loaded.
    "hook_listeners": None,  # The same.
    "access_log": False,
    "trusted_proxies": ["10.0.0.0/8"],
    "host_names": ["registry.internal"],
    "rate_limits": [(["manifests"], "anonymous", True, 100, 6 * 3600)],
    "quotas": [
        (["team/**"], [], 10 << 30, 5),
        (["app"], [], None, 0),
        ([], ["user:*", "group:interns"], 1 << 30, None),
    ],
}

ABOUT_ACCESS = {
    *("auth_htpasswd", "auth_realm", "auth_service", "auth_token", "auth_issuer", "auth_root_certificates"),
    *("auth_jwks", "auth_algorithms", "auth_redirect_path", "auth_silly", "accounts", "accounts_service"),
    *("token_life", "refresh_life", "key_life", "access", "groups", "oidc", "authorities"),
}
"""Not all of them go together: they have tests of their own."""


def test_every_setting_can_be_given(tmp_path: Path) -> None:
    settings = loaded(tmp_path, EVERYTHING).settings
    names = {name for name in dir(settings) if not name.startswith("_")}
    assert names >= ABOUT_ACCESS
    assert {name: getattr(settings, name) for name in names - ABOUT_ACCESS} == EVERY_SETTING


OFFICIAL = """
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
"""


def test_the_file_of_the_registry_image_is_taken_unchanged(tmp_path: Path) -> None:
    read = loaded(tmp_path, OFFICIAL)
    assert read.settings.root == "/var/lib/registry"
    assert read.settings.address == ":5000"
    assert not read.settings.deletes
    assert [note.replace(f"{tmp_path}/", "") for note in read.notes] == [
        "config.yml:4: log.fields has no effect: static log fields are not supported yet",
        "config.yml:7: storage.cache has no effect: descriptors are stored in the metadata and need no cache",
        "config.yml:15: health has no effect: `/readyz` always checks the storage",
    ]


@pytest.mark.parametrize(
    ("text", "deletes"),
    [("version: 0.1", False), ("version: 0.1\nstorage: {delete: {enabled: true}}", True)],
)
def test_with_a_file_deletes_are_off_unless_it_says_otherwise(
    tmp_path: Path, text: str, deletes: bool
) -> None:
    assert loaded(tmp_path, text).settings.deletes is deletes


def test_empty_sections_keep_their_defaults(tmp_path: Path) -> None:
    read = loaded(tmp_path, "version: 0.1\nlog:\nhttp:\n  addr:\nauth:\nstorage:\n  filesystem:\n")
    assert read.settings.address == "127.0.0.1:5000"
    assert read.settings.root == "/var/lib/registry"


def test_anchors_and_merges_are_understood(tmp_path: Path) -> None:
    text = "version: 0.1\nhttp:\n  <<: &base {addr: ':1', relativeurls: true}\n  addr: ':2'\n"
    settings = loaded(tmp_path, text).settings
    assert (settings.address, settings.relative_urls) == (":2", True)


@pytest.mark.parametrize("text", ["auth: none", "auth: {none: {}}", "auth: {}"])
def test_no_auth_may_be_spelt_out(tmp_path: Path, text: str) -> None:
    loaded(tmp_path, f"version: 0.1\n{text}\n")


def test_all_mistakes_are_listed_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """\
        version: 0.2
        http:
          addr: nowhere
          tls: {keys: /a}
        storage:
          filesystm: {}
        """,
        REGISTRY_LOG_LEVEL="loud",
    )
    assert found == [
        'config.yml:1: invalid value "0.2" for version: expected 0.1',
        'config.yml:3: invalid address "nowhere" for http.addr: expected HOST:PORT, such as :5000 or '
        "127.0.0.1:5000",
        "config.yml:4: unknown key http.tls.keys; did you mean http.tls.key?",
        "config.yml:6: unknown key storage.filesystm; did you mean storage.filesystem?",
        'REGISTRY_LOG_LEVEL: invalid value "loud" for log.level: expected error, warn, info or debug',
    ]


def test_a_file_names_its_version(tmp_path: Path) -> None:
    assert problems(tmp_path, "http: {}") == [
        "config.yml:1: missing key version; add the line `version: 0.1`"
    ]
    assert problems(tmp_path, "") == ["config.yml:1: missing key version; add the line `version: 0.1`"]


def test_what_is_no_configuration_at_all_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, "- a\n") == [
        "config.yml:1: invalid configuration: expected sections such as http and storage"
    ]
    with pytest.raises(ConfigError, match=r"^cannot read the configuration .*: No such file or directory$"):
        load(tmp_path / "none.yml", {})
    with pytest.raises(
        ConfigError, match=r"^cannot read the configuration .*: expected a file, not a directory$"
    ):
        load(tmp_path, {})
    (tmp_path / "latin.yml").write_bytes(b"version: \xe9")
    with pytest.raises(
        ConfigError, match=r"latin.yml:1: invalid byte 0xe9 in the configuration: expected UTF-8"
    ):
        load(tmp_path / "latin.yml", {})


def test_dates_and_times_are_texts(tmp_path: Path) -> None:
    text = "version: 0.1\nstorage: {filesystem: {rootdirectory: 2024-01-01}}\nhttp: {secret: 12:30:45}\n"
    read = loaded(tmp_path, text)
    assert read.settings.root == str(tmp_path / "2024-01-01")
    assert read.config.http.secret == "12:30:45"


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    first = loaded(tmp_path, OFFICIAL, REGISTRY_HTTP_DRAINTIMEOUT="90s")
    again = loaded(tmp_path, yaml.safe_dump(first.as_data()))
    assert again.as_data() == first.as_data()
    assert again.as_data()["http"]["draintimeout"] == "1m30s"


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    data = loaded(tmp_path, "version: 0.1\nhttp: {secret: asecretforlocaldevelopment}\n").as_data()
    assert data["http"]["secret"] == "(hidden)"


def test_credentials_are_never_for_every_page(tmp_path: Path) -> None:
    text = "version: 0.1\nocilot:\n  cors: {origins: ['*'], credentials: true}"
    assert problems(tmp_path, text) == [
        "config.yml:3: ocilot.cors cannot be used: credentials cannot be allowed for every origin; list the "
        "origins instead of `*`, or set credentials: false"
    ]
    assert loaded(tmp_path, text.replace("true", "false")).settings.cors_origins == ["*"]


@pytest.mark.parametrize(
    "origin", ["ui.example.com", "https://ui.example.com/path", "https://*.example.com", ""]
)
def test_an_origin_is_a_scheme_and_a_host(tmp_path: Path, origin: str) -> None:
    [problem] = problems(tmp_path, f"version: 0.1\nocilot: {{cors: {{origins: ['{origin}']}}}}")
    assert "expected a list of origins such as https://ui.example.com" in problem


def test_origins_can_be_given_by_variables(tmp_path: Path) -> None:
    read = loaded(tmp_path, "version: 0.1", REGISTRY_OCILOT_CORS_ORIGINS="['https://a.example']")
    assert read.settings.cors_origins == ["https://a.example"]
    assert read.as_data()["ocilot"]["cors"]["origins"] == ["https://a.example"]


def test_logstash_is_json_with_other_names(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "version: 0.1\nlog: {formatter: logstash}\n").settings
    assert (settings.log_format, settings.logstash) == (_core.LogFormat.json, True)
    assert not loaded(tmp_path, "version: 0.1\nlog: {formatter: json}\n").settings.logstash


def test_the_default_limit_of_a_client_does_not_hold_for_trusted_ones(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "version: 0.1\n").settings.client_connection_limit_for_trusted
    given = loaded(tmp_path, "version: 0.1\nocilot: {limits: {connectionsperclient: 2048}}\n").settings
    assert given.client_connection_limit_for_trusted


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        ("team", "a list of quotas, each with repositories or callers, and bytes or tags"),
        ("[{repositories: a}]", "a quota with repositories or callers, and bytes or tags"),
        ("[{tags: 1}]", "a quota with repositories or callers, and bytes or tags"),
        (
            "[{repositories: a, callers: everyone, tags: 1}]",
            "a quota with repositories or callers, and bytes or tags",
        ),
        ("[{callers: alice, tags: 1}]", "anonymous, everyone, user:PATTERN"),
        ("[{callers: [], tags: 1}]", "a list of callers such as ['user:*']"),
        ("[{repositories: A, tags: 1}]", "a pattern such as team/**"),
        ("[{repositories: a, tags: -1}]", "a whole number, at least 0"),
        ("[{repositories: a, bytes: many}]", "a size such as 10GiB"),
        ("[{repositories: a, tags: 1, caller: b}]", "repositories, callers, bytes or tags"),
    ],
)
def test_a_quota_that_is_none_is_refused_with_what_was_expected(
    quotas: str, expected: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yml"
    file.write_text(f"version: 0.1\nocilot:\n  quotas: {quotas}\n")
    with pytest.raises(ConfigError, match=re.escape(expected)):
        load(file)
