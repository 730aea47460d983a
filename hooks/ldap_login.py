"""People log in as the directory knows them: LDAP or Active Directory, over TLS.

The service account finds person and groups; then the person's own password is tried. A name that is not there
takes as many steps. Groups know their members here; where entries have memberOf, it is made from that.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import ldap3  # pip install 'ocilot[ldap]'
from ldap3.core.exceptions import LDAPInvalidCredentialsResult, LDAPNoSuchObjectResult
from ldap3.utils.conv import escape_filter_chars as quote

from ocilot.hooks import Caller, Deny, Hook, Login, read_text


@dataclass
class LdapLogin(Hook):
    url: str  # ldaps://ldap.example.com; with ldap:// it asks for StartTLS
    people: str  # who may log in is below it: ou=people,dc=example,dc=com
    groups: str  # groups that count are below it: ou=groups,dc=example,dc=com
    account: str  # the service account: cn=registry,dc=example,dc=com
    password_file: Path  # where its password is
    person: str = "(&(objectClass=person)(uid={name}))"  # the entry of {name}, and who may log in
    name: str = "uid"  # who it is then, as the directory spells it: it finds ALICE for alice, rules do not
    group: str = "(member={dn})"  # (member:1.2.840.113556.1.4.1941:={dn}) finds groups of groups, too
    ca: Path | None = None  # certificates to trust instead of the system's
    timeout: int = 1  # seconds for each of at most six answers

    def authenticate(self, login: Login) -> Caller | Deny | None:
        if not login.password:
            return Deny("the password is empty")  # LDAP would take it for a login of nobody, and agree
        with self.connected() as ldap:
            ldap.search(self.people, self.person.replace("{name}", quote(login.name)), attributes=self.name)
            (person,) = ldap.entries or [None]  # if two have one name nobody gets in
            dn = person.entry_dn if person else f"cn=nobody has this name,{self.people}"
            ldap.search(self.groups, self.group.replace("{dn}", quote(dn)), attributes="cn")
            groups = [group.cn.values[0] for group in ldap.entries]
            with suppress(LDAPInvalidCredentialsResult, LDAPNoSuchObjectResult):
                ldap.rebind(dn, login.password)
                return Caller(person[self.name].values[0], groups) if person else None
        return Deny("the name or the password is wrong") if person else None

    @contextmanager
    def connected(self) -> Iterator[ldap3.Connection]:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=self.ca and str(self.ca))
        server = ldap3.Server(self.url, tls=tls, get_info=ldap3.NONE, connect_timeout=self.timeout)
        ldap = ldap3.Connection(server, self.account, raise_exceptions=True, auto_referrals=False)
        ldap.password, ldap.receive_timeout = read_text(self.password_file).strip(), self.timeout
        try:
            ldap.open()
            if not (server.ssl or ldap.start_tls()):
                raise ConnectionError(f"{self.url} speaks no TLS")
            ldap.bind()
            yield ldap
        finally:
            ldap.strategy.close()
