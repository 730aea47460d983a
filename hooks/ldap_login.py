"""Users log in with their password in LDAP or Active Directory, over TLS.

The service account searches the user and the groups, then the password of the user is checked with a bind.
An unknown name takes as many requests. Groups are found by their members, also where entries have memberOf.
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
    url: str  # ldaps://ldap.example.com, or ldap:// with StartTLS
    people: str  # base DN of users: ou=people,dc=example,dc=com
    groups: str  # base DN of groups: ou=groups,dc=example,dc=com
    account: str  # DN of the service account: cn=registry,dc=example,dc=com
    password_file: Path  # file with the password of the service account
    person: str = "(&(objectClass=person)(uid={name}))"  # filter for users that may log in
    name: str = "uid"  # attribute with the name for access rules, in the case that LDAP stores
    group: str = "(member={dn})"  # (member:1.2.840.113556.1.4.1941:={dn}) also finds nested groups
    ca: Path | None = None  # CA certificates, instead of those of the system
    timeout: int = 1  # seconds for each of at most six requests

    def authenticate(self, login: Login) -> Caller | Deny | None:
        if not login.password:
            return Deny("the password is empty")  # LDAP accepts it as an anonymous login
        with self.connected() as ldap:
            ldap.search(self.people, self.person.replace("{name}", quote(login.name)), attributes=self.name)
            (person,) = ldap.entries or [None]  # fails if two users have one name
            dn = person.entry_dn if person else f"cn=unknown user,{self.people}"
            ldap.search(self.groups, self.group.replace("{dn}", quote(dn)), attributes="cn")
            groups = [group.cn.values[0] for group in ldap.entries]
            with suppress(LDAPInvalidCredentialsResult, LDAPNoSuchObjectResult):
                ldap.rebind(dn, login.password)
                return Caller(person[self.name].values[0], groups) if person else None
        return Deny("wrong user name or password") if person else None

    @contextmanager
    def connected(self) -> Iterator[ldap3.Connection]:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=self.ca and str(self.ca))
        server = ldap3.Server(self.url, tls=tls, get_info=ldap3.NONE, connect_timeout=self.timeout)
        ldap = ldap3.Connection(server, self.account, raise_exceptions=True, auto_referrals=False)
        ldap.password, ldap.receive_timeout = read_text(self.password_file).strip(), self.timeout
        try:
            ldap.open()
            if not (server.ssl or ldap.start_tls()):
                raise ConnectionError(f"{self.url} does not support StartTLS")
            ldap.bind()
            yield ldap
        finally:
            ldap.strategy.close()
