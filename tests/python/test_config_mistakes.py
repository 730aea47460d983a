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


PROBLEMS = {
    "storage: {delet: {enabled: true}}": "storage.delet is not a known key; did you mean storage.delete?",
    "delete: {enabled: true}": "delete is not a known key; did you mean storage.delete?",
    "htp: {addr: ':1'}": "htp is not a known key; did you mean http?",
    "catalog: {zzz: 1}": "catalog.zzz is not a known key; known here: maxentries",
    "http: {addr: 5000}": 'http.addr is "5000"; expected HOST:PORT, such as :5000 or 127.0.0.1:5000',
    "http: {addr: ':65536'}": 'http.addr is ":65536"; expected HOST:PORT, such as :5000 or 127.0.0.1:5000',
    "http: {draintimeout: 30}": 'http.draintimeout is "30"; expected a duration such as 30s or 1m30s',
    "http: {draintimeout: 1:30}": 'http.draintimeout is "1:30"; expected a duration such as 30s or 1m30s',
    "http: {draintimeout: -1s}": 'http.draintimeout is "-1s"; expected a duration such as 30s or 1m30s',
    "http: {relativeurls: maybe}": 'http.relativeurls is "maybe"; expected true or false',
    "http: {host: registry.example.com}": (
        'http.host is "registry.example.com"; expected a URL such as https://registry.example.com or '
        "https://example.com/registry"
    ),
    "http: {prefix: registry}": 'http.prefix is "registry"; expected a path such as /registry/',
    "http: {net: unix}": 'http.net is "unix"; expected tcp',
    'http: {headers: {X-A: "a\\nb"}}': (
        "http.headers is a section; expected header names, each with a list of printable texts"
    ),
    "http: {tls: {certificate: /a}}": "http.tls is a section; expected certificate and key together",
    "http: {tls: {clientcas: [/c]}}": (
        "http.tls is a section; expected certificate and key as well when there are clientcas"
    ),
    "http: {tls: {certificate: /a, key: /b, clientauth: require-and-verify-client-cert}}": (
        "http.tls is a section; expected clientcas beside clientauth"
    ),
    "http: {tls: {minimumtls: tls1.1}}": 'http.tls.minimumtls is "tls1.1"; expected tls1.2 or tls1.3',
    "http: {debug: {prometheus: {enabled: true, path: /m}}}": (
        'http.debug.prometheus.path is "/m"; expected /metrics'
    ),
    "http: nothing": 'http is "nothing"; expected a section with keys such as addr, net, host',
    "http: [a]": "http is a list; expected a section with keys such as addr, net, host",
    "log: {level: loud}": 'log.level is "loud"; expected error, warn, info or debug',
    "log: {formatter: gelf}": 'log.formatter is "gelf"; expected text, json or logstash',
    "ocilot: {pools: {write: 0}}": 'ocilot.pools.write is "0"; expected a whole number from 1 on',
    "ocilot: {metrics: {readers: [prometheus]}}": (
        'ocilot.metrics.readers.0 is "prometheus"; expected anonymous, everyone, user:NAME, group:NAME, '
        "robot:NAME, federated:PATTERN or certificate:PATTERN"
    ),
    "http: {port: 5000}": "http.port is not a known key; did you mean http.addr?",
    "catalog: {maxentries: many}": 'catalog.maxentries is "many"; expected a whole number from 1 on',
    "tags: {maxtags: 1.5}": 'tags.maxtags is "1.5"; expected a whole number from 1 on',
    "ocilot: {manifestlimit: 4 parsecs}": (
        'ocilot.manifestlimit is "4 parsecs"; expected a size above zero such as 65536 or 4MiB'
    ),
    "ocilot: {sparse: mirror}": (
        'ocilot.sparse is "mirror"; expected a list of repository patterns, '
        "such as [team/app, mirror/*] or ['**']"
    ),
    "ocilot: {sparse: [mirror/a**]}": (
        "ocilot.sparse is a list; expected a list of repository patterns, "
        "such as [team/app, mirror/*] or ['**']"
    ),
    "storage: {filesystem: {}, inmemory: {}}": (
        "storage is a section; expected one kind of storage, not filesystem and inmemory"
    ),
    "storage: {filesystem: {rootdirectory: [a]}}": (
        "storage.filesystem.rootdirectory is a list; expected a path"
    ),
    "auth: htpasswd": 'auth.htpasswd is "htpasswd"; expected realm and path in it',
    "auth: {htpasswd: }": "auth.htpasswd is empty; expected realm and path in it",
    "auth: {htpasswd: {realm: r, path: p}, silly: {realm: r, service: s}}": (
        "auth is a section; expected one of htpasswd, token and silly"
    ),
    "auth: {token: {realm: https://a, service: r, issuer: i}}": (
        "auth.token is a section; expected rootcertbundle or jwks in it"
    ),
    "auth: {ldap: {}}": "auth.ldap is not a known key; known here: htpasswd, token, silly",
    "ocilot: {accounts: {enabled: true, tokenexpiry: 30s}}": (
        "ocilot.accounts.tokenexpiry cannot be used: clients take every token for good for a minute at least"
    ),
    "ocilot: {access: []}": (
        "ocilot.access cannot be used: without accounts nobody can log in; set ocilot.accounts.enabled: "
        "true, or "
        "auth.htpasswd or auth.token"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['A'], allow: {}}]}": (
        'ocilot.access.0.repositories.0 is "A"; expected a repository pattern such as team/app, '
        "mirror/* or **"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['**'], allow: {everyone: [pul]}}]}": (
        'ocilot.access.0.allow.everyone.0 is "pul"; expected a list of some of pull, push, create, '
        "delete and admin"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['**'], allow: {'usr:a': [pull]}}]}": (
        "ocilot.access.0.allow.usr:a is a list; expected rights of anonymous, everyone, user:NAME, "
        "group:NAME, "
        "robot:NAME, federated:PATTERN or certificate:PATTERN, not of usr:a"
    ),
    "ocilot: {accounts: {enabled: true}, access: [{repositories: ['**']}]}": (
        "ocilot.access.0 is a section; expected a rule with both repositories and allow"
    ),
    "ocilot: {groups: {team: ['group:other']}}": (
        "ocilot.groups.team is a list; expected names, or robot:NAME, federated:PATTERN and "
        "certificate:PATTERN"
    ),
    "proxy: {remoteurl: https://x.org}": "proxy cannot be used: ocilot does not mirror another registry yet",
    "notifications: {endpoints: [{name: a}]}": (
        "notifications cannot be used: ocilot does not send notifications yet"
    ),
    "storage: {s3: {bucket: b}}": (
        "storage.s3 cannot be used: only storage.filesystem and storage.inmemory are done yet"
    ),
    "storage: {gcs: }": (
        "storage.gcs cannot be used: only storage.filesystem and storage.inmemory are done yet"
    ),
    "storage: {maintenance: {readonly: {enabled: true}}}": (
        "storage.maintenance.readonly.enabled cannot be used: "
        "the registry cannot be made read-only yet, and needs it for no upkeep"
    ),
    "http: {tls: {certificate: /a, key: /b, clientcas: [/c], clientauth: request-client-cert}}": (
        "http.tls cannot be used: clientauth: request-client-cert takes certificates that nobody has signed; "
        "use require-and-verify-client-cert or verify-client-cert-if-given"
    ),
    "middleware: {storage: [{name: redirect}]}": "middleware cannot be used: ocilot has no middleware",
    "version: 0.1": "version is on line 1 already; keep one",
    "http: {addr: ':1', addr: ':2'}": "addr is on line 2 already; keep one",
    "http: !!timestamp 2024-01-01": "a value of the type tag:yaml.org,2002:timestamp has no use here",
    "http: !!int ten": "ten does not fit its tag",
    "http: *unknown": "not YAML: found undefined alias 'unknown'",
    "http: [": "not YAML: expected the node content, but found '<stream end>'",
    "http: &a [*a]": "a value cannot contain itself",
    "? [a, b]\n: c": "a key has to be a word",
    "http: {secret: @abc}": (
        "not YAML: found character '@' that cannot start any token; put the value in quotes"
    ),
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_a_mistake_is_named_with_file_line_and_key(tmp_path: Path, text: str) -> None:
    found = problems(tmp_path, f"version: 0.1\n{text}")
    assert [line.split(": ", 1)[1] for line in found] == [PROBLEMS[text]]
    place = found[0].split(": ", 1)[0]
    assert place in {"config.yml:1", "config.yml:2"}
