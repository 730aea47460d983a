"""A directory server of one's own, with a small house in it."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path
from typing import Any

from tests.server.certificates import Certificates
from tests.server.programs import Daemon, environment, run

CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {home}/slapd.pid
TLSCACertificateFile {certificates.authority_file}
TLSCertificateFile {certificates.certificate}
TLSCertificateKeyFile {certificates.key}
disallow bind_anon
# An empty password is a login of nobody, and succeeds: so do many servers.
allow bind_anon_cred bind_anon_dn
security simple_bind={strength}
database mdb
directory {home}/facts
suffix dc=example,dc=com
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact=cn=registry,dc=example,dc=com read by anonymous auth by * none
"""

FACTS = """\
dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=registry,dc=example,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: registry
userPassword: service-secret

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit
ou: groups

dn: ou=clubs,dc=example,dc=com
objectClass: organizationalUnit
ou: clubs

dn: uid=alice,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: A
userPassword: alice-secret

dn: uid=bob,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: B
userPassword: bob-secret

dn: cn=Twin One,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: twin
cn: Twin One
sn: T
userPassword: twin-secret

dn: cn=Twin Two,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: twin
cn: Twin Two
sn: T
userPassword: twin-secret

dn: cn=team,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: team
member: uid=alice,ou=people,dc=example,dc=com
member: uid=bob,ou=people,dc=example,dc=com

dn: cn=admins,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: admins
member: uid=bob,ou=people,dc=example,dc=com

dn: cn=admins,ou=clubs,dc=example,dc=com
objectClass: groupOfNames
cn: admins
member: uid=alice,ou=people,dc=example,dc=com
"""


class Slapd:
    """OpenLDAP's server on ports of its own: `ldap` with StartTLS, `ldaps`."""

    def __init__(self, home: Path, *, strength: int = 128) -> None:
        self.certificates = Certificates(_made(home / "tls"))
        _made(home / "facts")
        config = home / "slapd.conf"
        config.write_text(CONFIG.format(home=home, certificates=self.certificates, strength=strength))
        env = environment(home)
        run(["slapadd", "-f", config], env=env, stdin=FACTS.encode())
        self.secret = home / "service-password"
        self.secret.write_text("service-secret\n")
        ports = _free_ports(2)
        self.ldap, self.ldaps = f"ldap://localhost:{ports[0]}", f"ldaps://localhost:{ports[1]}"
        urls = f"ldap://0.0.0.0:{ports[0]}/ ldaps://0.0.0.0:{ports[1]}/"
        self._daemon = Daemon(["slapd", "-f", config, "-h", urls, "-d", "0"], env=env, log=home / "slapd.log")
        try:
            for port in ports:
                self._daemon.wait_for(partial(_listens, port), "slapd")
        except BaseException:
            self.close()
            raise

    def options(self, **more: Any) -> dict[str, Any]:
        """The options of ldap_login.py that fit this server."""
        return {
            "url": self.ldaps,
            "people": "ou=people,dc=example,dc=com",
            "groups": "ou=groups,dc=example,dc=com",
            "account": "cn=registry,dc=example,dc=com",
            "password_file": self.secret,
            "ca": self.certificates.authority_file,
            **more,
        }

    def close(self) -> None:
        self._daemon.end()


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now: slapd cannot be told to choose."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
