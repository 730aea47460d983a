"""A setting that asks for nothing never prevents the start; one that asks for what is not done does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ocilot.config import Loaded, load
from ocilot.config.reference import Use, keys
from ocilot.errors import ConfigError

DEBIAN = """
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/docker-registry
  delete:
    enabled: true
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
auth:
  htpasswd:
    realm: basic-realm
    path: /etc/docker/registry
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
"""

DEVELOPMENT = """
version: 0.1
log:
  level: debug
  fields:
    service: registry
    environment: development
  hooks:
    - type: mail
      disabled: true
      levels: [panic]
      options:
        smtp: {addr: mail.example.com:25, username: mailuser, password: password, insecure: true}
        from: sender@example.com
        to: [errors@example.com]
storage:
  delete: {enabled: true}
  cache: {blobdescriptor: redis}
  filesystem: {rootdirectory: /var/lib/registry, maxthreads: 100}
  maintenance: {uploadpurging: {enabled: false}, readonly: {enabled: false}}
  tag: {concurrencylimit: 5}
  redirect: {disable: false}
http:
  addr: :5000
  debug: {addr: ":5001", prometheus: {enabled: true, path: /metrics}}
  headers: {X-Content-Type-Options: [nosniff]}
  http2: {disabled: false}
  h2c: {enabled: false}
redis:
  addrs: [localhost:6379]
  maxidleconns: 16
  poolsize: 64
  connmaxidletime: 300s
  tls: {certificate: "", key: "", rootcas: []}
notifications:
  events: {includereferences: true}
  endpoints:
    - name: local-5003
      url: http://localhost:5003/callback
      headers: {Authorization: [Bearer <an example token>]}
      timeout: 1s
      threshold: 10
      backoff: 1s
      disabled: true
      ignoredmediatypes: [application/octet-stream]
      ignore: {mediatypes: [application/octet-stream], actions: [pull]}
health:
  storagedriver: {enabled: true, interval: 10s, threshold: 3}
  file: [{file: /path/to/checked/file, interval: 10s}]
  http: [{uri: http://server.to.check/must/return/200, headers: {Authorization: [Basic x]}, statuscode: 200}]
  tcp: [{addr: "redis-server.domain.com:6379", timeout: 3s, interval: 10s, threshold: 3}]
"""

CACHE = """
version: 0.1
log: {fields: {service: registry}}
storage: {cache: {blobdescriptor: inmemory}, filesystem: {rootdirectory: /var/lib/registry}}
http: {addr: ":5000", headers: {X-Content-Type-Options: [nosniff]}}
proxy: {remoteurl: "", username: "", password: "", ttl: 168h}
"""

SHIPPED = {"Debian": DEBIAN, "development": DEVELOPMENT, "cache": CACHE}

HARMLESS = [
    "validation: {disabled: true}",
    'validation: {disabled: "true", manifests: {urls: {deny: ["^https?://www"]}}}',
    "validation: {enabled: true}",
    "validation: {manifests: {urls: {allow: ['^https?://'], deny: []}, indexes: {platforms: All}}}",
    "validation: {manifests: {urls: , indexes: {platforms: , platformlist: []}}}",
    "notifications: {}",
    "notifications: {endpoints: []}",
    "notifications: {events: {includereferences: true}}",
    "notifications: {endpoints: [{name: a, url: 'http://a', disabled: true}]}",
    "notifications: {endpoints: [{name: a, url: 'http://a', disabled: 'true'}]}",
    "policy: {repository: {classes: []}}",
    "policy: {repository: {classes: [image]}}",
    "policy: {repository: {classes: [image, plugin]}}",
    "x-anchors: &tls {minimumtls: tls1.3}\nhttp: {tls: *tls}",
    "x-anchors: &http {relativeurls: true}\nhttp: {<<: *http, addr: ':1'}",
    "http: {x-note: the one behind the proxy}",
    "loglevel: info\nlog: {level: debug}",
    "log: {hooks: [{type: mail, disabled: true}], formatter: , level: ''}",
    "log: {accesslog: {disabled: 'false'}, reportcaller: true}",
    "storage: {delete: {enabled: 'true'}}",
    "storage: {maintenance: {readonly: {enabled: 'false'}, uploadpurging: {enabled: 'false', dryrun: true}}}",
    "storage: {maintenance: {uploadpurging: {enabled: true, age: '168h', interval: 24h, dryrun: 'false'}}}",
    "storage: {cache: {blobdescriptor: redis, blobdescriptorsize: 10000}, redirect: {disable: true}}",
    "middleware: {registry: [], repository: , storage: [{name: redirect, disabled: true, options: {a: b}}]}",
    "catalog: {maxentries: '50'}\ntags: {maxtags: 0}",
    "compatibility: {schema1: {enabled: false, signingkeyfile: /etc/key.json, trustkey: /etc/key}}",
    "reporting: {bugsnag: {apikey: , releasestage: production}, newrelic: {licensekey: }}",
    "proxy: {remoteurl: , ttl: 168h, cachewritetimeout: 5m, exec: {command: docker-credential-x}}",
    "http: {debug: {addr: '', prometheus: {enabled: false, path: /other}}}",
    "http: {host: '', prefix: , net: '', secret: , draintimeout: , relativeurls: 'no', headers: {X-A: }}",
    "http: {tls: {certificate: , key: , clientcas: , clientauth: , minimumtls: , ciphersuites: []}}",
    "http: {tls: {letsencrypt: {cachefile: '', email: a@b, hosts: [a], directoryurl: }}}",
    "http: {tls: {clientauth: verify-client-cert-if-given}}",
    "http: {h2c: {enabled: true}, http2: {disabled: true}}",
    "auth: {none: }",
    "ocilot: {threads: '2', limits: {connections: '5'}, ratelimits: [{requests: '5'}]}",
]

ASKING = {
    "validation: {manifests: {urls: {allow: ['^https://example.com/']}}}": "validation",
    "validation: {manifests: {urls: {deny: ['^https://example.com/']}}}": "validation",
    "validation: {manifests: {indexes: {platforms: none}}}": "validation",
    "policy: {repository: {classes: [plugin]}}": "policy",
    "log: {hooks: [{type: mail, levels: [panic]}]}": "log.hooks",
    "storage: {maintenance: {readonly: {enabled: 'true'}}}": "storage.maintenance.readonly.enabled",
    "storage: {maintenance: {uploadpurging: {dryrun: true}}}": "storage.maintenance.uploadpurging.dryrun",
    "middleware: {storage: [{name: redirect, disabled: false}]}": "middleware",
    "compatibility: {schema1: {enabled: true}}": "compatibility",
    "proxy: {remoteurl: 'https://registry-1.docker.io'}": "proxy",
    "http: {tls: {letsencrypt: {cachefile: /c, email: a@b}}}": "http.tls.letsencrypt",
    "http: {tls: {clientauth: require-and-verify-client-cert}}": "http.tls",
    "http: {debug: {prometheus: {enabled: 'true', path: /other}}}": "http.debug.prometheus.path",
    "storage: {s3: {bucket: b}}": "storage.s3",
    "x: {a: b}": "x",
}


def load_text(directory: Path, text: str, environ: dict[str, str] | None = None) -> Loaded:
    path = directory / "config.yml"
    path.write_text(text)
    return load(path, environ or {})


@pytest.mark.parametrize("name", SHIPPED)
def test_configurations_that_distribution_ships_start(tmp_path: Path, name: str) -> None:
    assert load_text(tmp_path, SHIPPED[name]).settings.root.startswith("/var/lib/")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_asks_for_nothing_is_accepted(tmp_path: Path, text: str) -> None:
    assert load_text(tmp_path, f"version: 0.1\n{text}\n").settings


@pytest.mark.parametrize("text", ASKING)
def test_what_asks_for_something_that_is_not_done_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, f"version: 0.1\n{text}\n")
    assert re.search(rf"(?:: | key | for ){re.escape(ASKING[text])}[ :;]", str(caught.value))


@pytest.mark.parametrize(
    "environ",
    [
        {"REGISTRY_VALIDATION_DISABLED": "true"},
        {
            "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_DISABLED": "true",
            "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_NAME": "a",
        },
        {"REGISTRY_POLICY_REPOSITORY_CLASSES": "[image]"},
        {"REGISTRY_POLICY_REPOSITORY_CLASSES_0": "image"},
        {"REGISTRY_LOGLEVEL": "info", "REGISTRY_LOG_LEVEL": "debug"},
        {"REGISTRY_PROXY_REMOTEURL": "", "REGISTRY_PROXY_PASSWORD": "{"},
        {"REGISTRY_REDIS_PASSWORD": "@abc"},
        {"REGISTRY_STORAGE_DELETE_ENABLED": '"true"', "REGISTRY_CATALOG_MAXENTRIES": "'50'"},
        {"REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED": '"false"'},
        {"REGISTRY_COMPATIBILITY_SCHEMA1_ENABLED": "false"},
        {"REGISTRY_HTTP_DEBUG_PROMETHEUS_PATH": "/other"},
        {"REGISTRY_X-ANCHORS": "a"},
    ],
    ids=lambda environ: next(iter(environ)),
)
def test_variables_that_ask_for_nothing_are_accepted(tmp_path: Path, environ: dict[str, str]) -> None:
    assert load_text(tmp_path, "version: 0.1\n", environ).settings


def test_the_new_name_of_the_level_wins_over_the_old_one(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "version: 0.1\nloglevel: error\nlog: {level: debug}\n")
    assert loaded.settings.log_level.name == "debug"
    assert loaded.notes == ["loglevel has no effect beside log.level"]
    assert load_text(tmp_path, "version: 0.1\nloglevel: error\n").settings.log_level.name == "error"


def test_suites_without_effect_are_said_to_be(tmp_path: Path) -> None:
    def notes(minimum: str, suite: str) -> list[str]:
        files = "certificate: /c, key: /k"
        tls = f"{{{files}, minimumtls: {minimum}, ciphersuites: [{suite}]}}"
        return load_text(tmp_path, f"version: 0.1\nhttp: {{tls: {tls}}}\n").notes

    assert notes("tls1.3", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256") == [
        "http.tls.ciphersuites has no effect with http.tls.minimumtls: tls1.3: it selects no suite of TLS 1.3"
    ]
    assert notes("tls1.3", "TLS_AES_128_GCM_SHA256") == []
    assert notes("tls1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256") == []


def test_quoted_values_are_those_without_quotes(tmp_path: Path) -> None:
    quoted = load_text(
        tmp_path,
        "version: 0.1\nstorage: {delete: {enabled: 'True'}}\ncatalog: {maxentries: '50'}\n"
        "http: {relativeurls: 'off'}\nocilot: {threads: '2'}\n",
    ).settings
    assert (quoted.deletes, quoted.catalog_limit, quoted.relative_urls, quoted.threads) == (
        True,
        50,
        False,
        2,
    )


def test_no_limit_of_a_list_is_the_default(tmp_path: Path) -> None:
    settings = load_text(tmp_path, "version: 0.1\ncatalog: {maxentries: 0}\ntags: {maxtags: -1}\n").settings
    assert (settings.catalog_limit, settings.tags_limit) == (1000, 1000)


def test_every_key_without_a_value_is_accepted(tmp_path: Path) -> None:
    drivers = {"storage.s3", "storage.azure", "storage.gcs", "storage.swift", "storage.oss"}
    for key in keys():
        # A driver is chosen by its name alone, and an item of a list needs all that belongs to it.
        if (
            key.path in drivers
            or "[]" in key.path
            or key.path.startswith(("auth.", "storage.inmemory", "version"))
        ):
            continue
        for empty in ("", "''"):
            text = empty
            for word in reversed(key.path.split(".")):
                text = f"{{{word}: {text}}}"
            assert load_text(tmp_path, f"version: 0.1\n{text[1:-1]}\n"), key.path


def test_every_refused_key_says_why() -> None:
    assert all(key.meaning for key in keys() if key.use is Use.REFUSED)
