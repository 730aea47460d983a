"""Every secret there is goes through one registry that logs all it can: none of them shows anywhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from .api import Answer, Api
from .conftest import FreshRegistry
from .jwts import RsaKey, claims
from .people import USERS, basic, bearer, with_tokens
from .registry import Registry
from .test_account_commands import Commands

HOOK = '''\
"""People of a directory, one of whom nobody can look up."""
from ocilot.hooks import Caller, Deny

def authenticate(login):
    if login.name == "directory":
        return Caller("directory") if login.password == "hook-password" else Deny("not in the directory")
    if login.name == "broken":
        raise RuntimeError(f"cannot bind {login!r} with {login.password}")
    if login.name == "nonsense":
        return login.password
    return None
'''
ISSUER, AUDIENCE = "https://ci.test", "registry.test"


@dataclass
class Talk:
    """A conversation that keeps every secret it ever used."""

    registry: Registry
    api: Api
    secrets: dict[str, str] = field(default_factory=dict)
    bodies: list[str] = field(default_factory=list)

    def secret(self, what: str, text: str) -> str:
        self.secrets[what] = text
        return text

    def __call__(
        self,
        method: str,
        target: str,
        *,
        status: int,
        who: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
        members: object = None,
    ) -> Answer:
        headers = dict(who or {})
        body = None
        if form is not None:
            body, headers["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        if members is not None:
            body, headers["Content-Type"] = json.dumps(members).encode(), "application/json"
        answer = self.api(method, target, body, headers)
        assert answer.status == status, answer
        if status >= 400 or (method == "GET" and target.startswith("/api/")):
            self.bodies.append(str(answer))
        return answer

    def forms(self) -> Iterator[tuple[str, str]]:
        """Each secret, as it is and as it goes over the wire."""
        for what, text in self.secrets.items():
            yield what, text
            yield what, quote(text, safe="")
            yield what, base64.b64encode(text.encode()).decode().rstrip("=")
            if text.count(".") == 2:
                yield f"signature of {what}", text.rpartition(".")[2]
            if text.startswith("ocilot_"):
                yield f"secret part of {what}", text.split("_", 2)[2]  # which may have some of its own

    def assert_hidden(self, where: str, text: str) -> None:
        for what, form in self.forms():
            assert form not in text, f"{what} is in {where}"


@pytest.fixture
def talk(fresh_registry: FreshRegistry, tmp_path: Path) -> Iterator[Talk]:
    key = RsaKey()
    (tmp_path / "issuer.json").write_text(json.dumps({"keys": [key.jwk()]}))
    (tmp_path / "hook.py").write_text(HOOK)
    config = with_tokens(tmp_path, RULES.replace("{home}", str(tmp_path)))
    registry = fresh_registry(config)
    with registry.connect() as api:
        made = Talk(registry, api)
        said = claims(iss=ISSUER, aud=AUDIENCE, sub="job", access=None)
        made.secret("token of an issuer", key.sign(said))
        made.secret("expired token of an issuer", key.sign(said | {"exp": 1_700_000_000}))
        made.secret("forged token of an issuer", RsaKey().sign(said))
        yield made


RULES = """\
  hooks: {scripts: [{path: "{home}/hook.py"}]}
  oidc:
    - name: ci
      issuer: https://ci.test
      audience: registry.test
      jwks: "{home}/issuer.json"
      rules: [{claims: {sub: job}, name: job}]
  access:
    - repositories: ["team/**"]
      allow: {user:alice: [pull, push], user:erin: [pull], robot:ci: [pull], federated:job: [pull]}
    - repositories: ["**"]
      allow: {user:carol: [admin]}
"""


def passwords(talk: Talk) -> None:
    """People log in with the right password and with others, in every way."""
    for name in USERS:
        talk.secret(f"password of {name}", f"{name}-password")
        talk("GET", "/v2/", who=basic(name), status=200)
        talk("GET", "/token?service=ocilot", who=basic(name), status=200)
    wrong = talk.secret("a wrong password", "Tr0ub4dor&3 x")
    for name in ("alice", "unknown"):
        talk("GET", "/v2/", who=basic(name, wrong), status=401)
        talk("GET", "/token", who=basic(name, wrong), status=401)
        form = {"grant_type": "password", "username": name, "password": wrong}
        talk("POST", "/token", form=form, status=401)
    talk("GET", "/v2/team/x/tags/list", who=basic("alice"), status=404)
    talk("GET", "/v2/secret/tags/list", who=basic("alice"), status=403)


def broken_headers(talk: Talk) -> None:
    """What is nearly credentials."""
    for number, text in enumerate(
        (
            "Basic {}",
            "basic {}=",
            "Bearer {}",
            "Bearer {} {}",
            "Digest username=alice, response={}",
            "{}",
            "Negotiate {}",
        )
    ):
        secret = talk.secret(f"broken header {number}", f"s3cret-in-a-broken-header-{number}")
        for target in ("/v2/", "/v2/team/x/tags/list", "/token", "/api/v1/accounts"):
            talk("GET", target, who={"Authorization": text.replace("{}", secret)}, status=401)


def tokens(talk: Talk) -> None:
    """Tokens are given, used, renewed, forged."""
    scope = "scope=repository:team/x:pull,push&offline_token=true&client_id=docker&service=ocilot"
    form = {"grant_type": "password", "username": "erin", "password": talk.secrets["password of erin"]}
    given = talk("POST", "/token", form=form | {"access_type": "offline"}, status=200).json
    refresh = talk.secret("refresh token", given["refresh_token"])
    token = talk.secret("token of erin", given["token"])
    talk("GET", "/v2/team/x/tags/list", who=bearer(token), status=401)
    renewed = talk(
        "POST", "/token", form={"grant_type": "refresh_token", "refresh_token": refresh}, status=200
    )
    talk.secret("renewed token", renewed.json["token"])
    forged = talk.secret("forged refresh token", refresh[:-8] + "AAAAAAAA")
    talk("POST", "/token", form={"grant_type": "refresh_token", "refresh_token": forged}, status=401)
    talk("GET", "/v2/", who=basic("erin", refresh), status=401)
    token = talk.secret(
        "token of alice", talk("GET", f"/token?{scope}", who=basic("alice"), status=200).json["token"]
    )
    talk("GET", "/v2/team/x/tags/list", who=bearer(token), status=404)
    talk("GET", "/v2/team/y/tags/list", who=bearer(token), status=401)
    talk("GET", "/token", who=bearer(token), status=401)
    changed = talk.secret("changed token", token[:-6] + "AAAAAA")
    talk("GET", "/v2/team/x/tags/list", who=bearer(changed), status=401)
    talk("POST", "/token", form={"grant_type": "nonsense", "password": refresh}, status=400)


def administration(talk: Talk) -> None:
    """Accounts and robots come, change and go, over HTTP and by the commands."""
    carol = basic("carol")
    erin = talk.secret("password of erin", "erin's first/password?")
    talk("POST", "/api/v1/accounts", who=carol, members={"name": "erin", "password": erin}, status=201)
    talk("GET", "/v2/", who=basic("erin", erin), status=200)
    bad = talk.secret("password of nobody", "a password\u0000with a nul")
    talk("POST", "/api/v1/accounts", who=carol, members={"name": "nil", "password": bad}, status=400)
    odd = talk.secret("a misplaced password", "in-the-wrong-member")
    talk("POST", "/api/v1/accounts", who=carol, members={"name": "nil", "pasword": odd}, status=400)
    talk("POST", "/api/v1/accounts", who=carol, members={"name": "erin", "password": odd}, status=409)
    talk("POST", "/api/v1/accounts", who=carol, members={"name": "ci", "kind": "robot"}, status=201)
    made = talk("POST", "/api/v1/tokens", who=carol, members={"account": "ci"}, status=201).json
    robot = talk.secret("secret of a robot", made["secret"])
    talk("GET", "/v2/", who=basic("ci", robot), status=200)
    talk("GET", "/v2/", who=basic("alice", robot), status=401)
    talk("GET", "/v2/secret/tags/list", who=basic("ci", robot), status=403)
    talk("DELETE", f"/api/v1/tokens/{made['id']}", who=carol, status=204)
    talk("GET", "/v2/", who=basic("ci", robot), status=401)
    commands = Commands(talk.registry)
    typed = talk.secret("password that was typed", "typed at a terminal")
    commands.fine("user", "add", "hal", "--password-stdin", stdin=f"{typed}\n")
    talk("GET", "/v2/", who=basic("hal", typed), status=200)
    ran = commands("robot", "add", "cd")
    talk("GET", "/v2/", who=basic("cd", talk.secret("secret that was printed", ran.out.strip())), status=200)


def foreigners(talk: Talk) -> None:
    """Jobs with tokens of an issuer, and people of a hook."""
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    for what, status in (("", 200), ("expired ", 401), ("forged ", 401)):
        token = talk.secrets[f"{what}token of an issuer"]
        talk("GET", "/v2/", who=basic("job", token), status=status)
        talk("POST", "/token", form={"grant_type": exchange, "subject_token": token}, status=status)
        talk("GET", "/v2/", who=bearer(token), status=401)
    talk("GET", "/v2/", who=basic("directory", talk.secret("for a hook", "hook-password")), status=200)
    talk("GET", "/v2/", who=basic("directory", talk.secret("not for a hook", "hook-passw0rd")), status=401)
    talk(
        "GET",
        "/v2/",
        who=basic("broken", talk.secret("for a broken hook", "passw0rd of a broken")),
        status=503,
    )
    talk("GET", "/v2/", who=basic("nonsense", talk.secret("answered by a hook", "an-odd-answer")), status=503)


def in_addresses(talk: Talk) -> None:
    """Where no secret belongs, and where careless clients put them all the same."""
    for name in ("password", "refresh_token", "access_token", "subject_token", "token", "client_secret"):
        secret = talk.secret(f"{name} in an address", f"careless-{name}/1")
        talk("GET", f"/token?service=ocilot&{name}={quote(secret, safe='')}&scope=", status=200)
        talk("GET", f"/v2/?{name}={secret}", status=401)
    secret = talk.secret("user information in an address", "careless-userinfo")
    with talk.api.raw() as raw:
        raw.send(
            f"GET http://alice:{secret}@{talk.registry.address}/v2/ HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        )
        talk.bodies.append(str(raw.answer()))


def test_no_secret_shows_in_log_audit_metrics_or_errors(talk: Talk) -> None:
    for part in (passwords, broken_headers, administration, tokens, foreigners, in_addresses):
        part(talk)
    carol = basic("carol")
    metrics = talk.api("GET", "/metrics").body.decode()
    audit = json.dumps(Commands(talk.registry).data("audit", "-n", "1000"))
    for target in ("accounts", "tokens?refresh=true", "keys", "audit?n=1000", "hooks"):
        talk("GET", f"/api/v1/{target}", who=carol, status=200)
    log = talk.registry.stop()
    assert "login refused" in log
    assert "account.add" in audit
    assert '"login"' in audit
    for where, text in (
        ("the log", log),
        ("the audit", audit),
        ("the metrics", metrics),
        ("an answer", "\n".join(talk.bodies)),
    ):
        talk.assert_hidden(where, text)


def test_secrets_are_stored_as_hashes_only(talk: Talk) -> None:
    """Whoever steals the data can log in as nobody: passwords and secrets are in no file of it."""
    passwords(talk)
    administration(talk)
    tokens(talk)
    talk.registry.stop()
    for path in talk.registry.root.rglob("*"):
        if path.is_file():
            talk.assert_hidden(str(path), path.read_bytes().decode("latin-1"))
