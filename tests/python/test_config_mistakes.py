"""Each mistake in a configuration is named: file, line, key, and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocilot.config import load
from ocilot.errors import ConfigError


def problems(directory: Path, text: str) -> list[str]:
    path = directory / "config.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    return str(caught.value).replace(f"{directory}/", "").splitlines()


SUITES_OF_TLS_1_2 = [
    f"TLS_ECDHE_{key}_WITH_{suite}"
    for key in ("ECDSA", "RSA")
    for suite in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
]
SUITES = ", ".join(
    [
        *SUITES_OF_TLS_1_2,
        *("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"),
    ]
)

PROBLEMS = {
    "storage: {delet: {enabled: true}}": "unknown key storage.delet; did you mean storage.delete?",
    "delete: {enabled: true}": "unknown key delete; did you mean storage.delete?",
    "htp: {addr: ':1'}": "unknown key htp; did you mean http?",
    "catalog: {zzz: 1}": "unknown key catalog.zzz; expected one of: maxentries",
    "http: {addr: 5000}": (
        'invalid address "5000" for http.addr: expected HOST:PORT, such as :5000 or 127.0.0.1:5000'
    ),
    "http: {addr: ':65536'}": (
        'invalid address ":65536" for http.addr: expected HOST:PORT, such as :5000 or 127.0.0.1:5000'
    ),
    "http: {draintimeout: 30}": (
        'invalid duration "30" for http.draintimeout: expected a number and a unit, such as 30s or 5m'
    ),
    "http: {draintimeout: 1:30}": (
        'invalid duration "1:30" for http.draintimeout: expected a number and a unit, such as 30s or 5m'
    ),
    "http: {draintimeout: -1s}": (
        'invalid duration "-1s" for http.draintimeout: expected a number and a unit, such as 30s or 5m'
    ),
    "http: {relativeurls: maybe}": 'invalid value "maybe" for http.relativeurls: expected true or false',
    "http: {host: registry.example.com}": (
        'invalid URL "registry.example.com" for http.host: expected a URL such as '
        "https://registry.example.com or "
        "https://example.com/registry"
    ),
    "http: {prefix: registry}": 'invalid path "registry" for http.prefix: expected a path such as /registry/',
    "http: {net: unix}": 'invalid value "unix" for http.net: expected tcp',
    'http: {headers: {X-A: "a\\nb"}}': (
        "invalid section for http.headers: expected header names, each with a list of printable texts"
    ),
    "http: {tls: {certificate: /a}}": "invalid section for http.tls: expected both certificate and key",
    "http: {tls: {clientcas: [/c]}}": (
        "invalid section for http.tls: expected certificate and key, which clientcas requires"
    ),
    "http: {tls: {certificate: /a, key: /b, clientauth: require-and-verify-client-cert}}": (
        "invalid section for http.tls: expected clientcas, which clientauth requires"
    ),
    "http: {tls: {minimumtls: tls1.1}}": (
        'invalid value "tls1.1" for http.tls.minimumtls: expected tls1.2 or tls1.3'
    ),
    "http: {tls: {ciphersuites: [TLS_AES_128_GCM_SHA256, TLS_NULL]}}": (
        f'invalid cipher suite "TLS_NULL" for http.tls.ciphersuites.1: expected one of {SUITES}'
    ),
    "http: {tls: {ciphersuites: ECDHE-RSA-AES128-GCM-SHA256}}": (
        'invalid cipher suite "ECDHE-RSA-AES128-GCM-SHA256" for http.tls.ciphersuites: expected one of '
        f"{SUITES}"
    ),
    "http: {tls: {ciphersuites: [TLS_RSA_WITH_AES_128_GCM_SHA256]}}": (
        "http.tls.ciphersuites.0 cannot be used: TLS_RSA_WITH_AES_128_GCM_SHA256 has no forward secrecy; "
        f"select from {SUITES}"
    ),
    "http: {tls: {ciphersuites: [TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA]}}": (
        "http.tls.ciphersuites.0 cannot be used: TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA has no authenticated "
        f"encryption; select from {SUITES}"
    ),
    "http: {tls: {ciphersuites: {a: b}}}": (
        "invalid section for http.tls.ciphersuites: expected a list of cipher suites such as "
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    ),
    "http: {tls: {certificate: /a, key: /b, ciphersuites: [TLS_AES_128_GCM_SHA256]}}": (
        "http.tls cannot be used: ciphersuites: no cipher suite of TLS 1.2 is selected; set minimumtls: "
        f"tls1.3, or add {' or '.join(SUITES_OF_TLS_1_2)}"
    ),
    "http: {debug: {prometheus: {enabled: true, path: /m}}}": (
        'invalid value "/m" for http.debug.prometheus.path: expected /metrics'
    ),
    "http: nothing": 'invalid value "nothing" for http: expected a section with keys such as addr, net, host',
    "http: [a]": "invalid list for http: expected a section with keys such as addr, net, host",
    "log: {level: loud}": 'invalid value "loud" for log.level: expected error, warn, info or debug',
    "log: {formatter: gelf}": 'invalid value "gelf" for log.formatter: expected text, json or logstash',
    "ocilot: {pools: {write: 0}}": (
        'invalid number "0" for ocilot.pools.write: expected a whole number, at least 1'
    ),
    "ocilot: {metrics: {readers: [prometheus]}}": (
        'invalid value "prometheus" for ocilot.metrics.readers.0: expected anonymous, everyone, user:NAME, '
        "group:NAME, "
        "robot:NAME, federated:PATTERN or certificate:PATTERN"
    ),
    "http: {port: 5000}": "unknown key http.port; did you mean http.addr?",
    "catalog: {maxentries: many}": (
        'invalid number "many" for catalog.maxentries: expected a whole number, at least 1'
    ),
    "tags: {maxtags: 1.5}": 'invalid number "1.5" for tags.maxtags: expected a whole number, at least 1',
    "ocilot: {manifestlimit: 4 parsecs}": (
        'invalid size "4 parsecs" for ocilot.manifestlimit: expected a number of bytes above zero, such as '
        "65536 or 4MiB"
    ),
    "ocilot: {sparse: mirror}": (
        'invalid value "mirror" for ocilot.sparse: expected a list of repository patterns, '
        "such as [team/app, mirror/*] or ['**']"
    ),
    "ocilot: {sparse: [mirror/a**]}": (
        "invalid list for ocilot.sparse: expected a list of repository patterns, "
        "such as [team/app, mirror/*] or ['**']"
    ),
    "storage: {filesystem: {}, inmemory: {}}": (
        "invalid section for storage: expected either filesystem or inmemory"
    ),
    "storage: {filesystem: {rootdirectory: [a]}}": (
        "invalid list for storage.filesystem.rootdirectory: expected a path"
    ),
    "auth: htpasswd": 'invalid value "htpasswd" for auth.htpasswd: expected both realm and path',
    "auth: {htpasswd: }": "invalid empty value for auth.htpasswd: expected both realm and path",
    "auth: {htpasswd: {realm: r, path: p}, silly: {realm: r, service: s}}": (
        "invalid section for auth: expected only one of htpasswd, token and silly"
    ),
    "auth: {token: {realm: https://a, service: r, issuer: i}}": (
        "invalid section for auth.token: expected rootcertbundle or jwks"
    ),
    "auth: {ldap: {}}": "unknown key auth.ldap; expected one of: htpasswd, token, silly",
    "ocilot: {accounts: {enabled: true, tokenexpiry: 30s}}": (
        "ocilot.accounts.tokenexpiry cannot be used: clients assume that a token is valid for at least 1m; "
        "set 1m or more"
    ),
    "ocilot: {access: []}": (
        "ocilot.access cannot be used: access rules need a login method; set ocilot.accounts.enabled: "
        "true, or "
        "auth.htpasswd or auth.token"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['A'], allow: {}}]}": (
        'invalid value "A" for ocilot.access.0.repositories.0: expected a repository pattern such as '
        "team/app, "
        "mirror/* or **"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['**'], allow: {everyone: [pul]}}]}": (
        'invalid value "pul" for ocilot.access.0.allow.everyone.0: expected a list of pull, create, '
        "push, "
        "delete or admin"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['**'], allow: {'usr:a': [pull]}}]}": (
        "invalid list for ocilot.access.0.allow.usr:a: expected rights of anonymous, everyone, user:NAME, "
        "group:NAME, "
        "robot:NAME, federated:PATTERN or certificate:PATTERN, not of usr:a"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['**']}]}": (
        "invalid section for ocilot.access.0: expected a rule with both repositories and allow"
    ),
    "ocilot: {groups: {team: ['group:other']}}": (
        "invalid list for ocilot.groups.team: expected names, or robot:NAME, federated:PATTERN and "
        "certificate:PATTERN"
    ),
    "proxy: {remoteurl: https://x.org}": "proxy cannot be used: pull-through mirrors are not supported yet",
    "notifications: {endpoints: [{name: a}]}": (
        "invalid section for notifications.endpoints.0: expected a webhook with a url"
    ),
    "storage: {s3: {bucket: b}}": (
        "storage.s3 cannot be used: only storage.filesystem and storage.inmemory are supported yet"
    ),
    "storage: {gcs: }": (
        "storage.gcs cannot be used: only storage.filesystem and storage.inmemory are supported yet"
    ),
    "storage: {maintenance: {readonly: {enabled: true}}}": (
        "storage.maintenance.readonly.enabled cannot be used: "
        "read-only mode is not supported yet; no maintenance task needs it"
    ),
    "http: {tls: {certificate: /a, key: /b, clientcas: [/c], clientauth: request-client-cert}}": (
        "http.tls cannot be used: clientauth: request-client-cert accepts unverified certificates; "
        "use require-and-verify-client-cert or verify-client-cert-if-given"
    ),
    "middleware: {storage: [{name: redirect}]}": "middleware cannot be used: middleware is not supported",
    "version: 0.1": "duplicate key version: first on line 1; remove one",
    "http: {addr: ':1', addr: ':2'}": "duplicate key addr: first on line 2; remove one",
    "http: !!timestamp 2024-01-01": "unsupported type tag:yaml.org,2002:timestamp",
    "http: !!int ten": "invalid value ten for its tag",
    "http: *unknown": "invalid YAML: found undefined alias 'unknown'",
    "http: [": "invalid YAML: expected the node content, but found '<stream end>'",
    "http: &a [*a]": "a value cannot contain itself",
    "? [a, b]\n: c": "invalid key: expected a single word",
    "http: {secret: @abc}": (
        "invalid YAML: found character '@' that cannot start any token; put the value in quotes"
    ),
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_a_mistake_is_named_with_file_line_and_key(tmp_path: Path, text: str) -> None:
    found = problems(tmp_path, f"version: 0.1\n{text}")
    assert [line.split(": ", 1)[1] for line in found] == [PROBLEMS[text]]
    place = found[0].split(": ", 1)[0]
    assert place in {"config.yml:1", "config.yml:2"}
