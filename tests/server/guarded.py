"""A registry with people, a robot and three repositories, and what must hold whatever is sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .api import Answer, Api, Body
from .images import Image, digest_of, make_image, to_json
from .people import basic, bearer, with_tokens
from .registry import Registry

RULES = """\
  groups: {admins: [carol]}
  access:
    - repositories: ["public/**"]
      allow: {anonymous: [pull], user:alice: [push]}
    - repositories: ["team/**"]
      allow:
        user:alice: [pull, push, delete]
        user:bob: [pull]
        group:team: [pull, push]
        robot:ci: [pull, create]
    - repositories: ["**"]
      allow: {group:admins: [admin]}
"""
"""Alice works, bob reads, carol administers, whoever is in the group `team` pushes, `ci` creates."""

REPOSITORIES = ("public/app", "team/app", "secret/app")
HIDDEN = "secret/app"
MISSING = "secret/non"
"""A repository that only carol may see, and one as long that is not there."""


@dataclass
class Guarded:
    """The registry, a connection to it, and every secret that was ever used with it."""

    registry: Registry
    api: Api
    image: Image
    robots: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def headers(self, who: str) -> dict[str, str]:
        """Of somebody by name; nobody at all; or, with `TOKEN `, of who has a token for these scopes."""
        if who in ("", "nobody"):
            return {}
        if who.startswith("token "):
            _, name, *scopes = who.split(" ")
            return bearer(self.token(name, *scopes))
        password = self.robots.get(who, f"{who}-password")
        self.secrets.add(password)
        return basic(who, password)

    def token(self, who: str, *scopes: str) -> str:
        query = "&".join(f"scope={scope}" for scope in scopes)
        answer = self.api("GET", f"/token?{query}", headers=self.headers(who))
        assert answer.status == 200, answer
        token: str = answer.json["token"]
        self.secrets |= {token, token.rpartition(".")[2]}
        return token

    def ask(
        self, who: str, method: str, target: str, body: Body = None, headers: dict[str, str] | None = None
    ) -> Answer:
        return self.api(method, target, body, {**self.headers(who), **(headers or {})})

    def add_account(self, name: str, **more: object) -> None:
        self.administer("POST", "/api/v1/accounts", {"name": name, "password": f"{name}-password", **more})

    def add_robot(self, name: str, *scopes: str, **more: object) -> str:
        """Makes a robot with a secret; answers the id of the secret."""
        self.administer("POST", "/api/v1/accounts", {"name": name, "kind": "robot", **more})
        made = self.administer("POST", "/api/v1/tokens", {"account": name, "scopes": list(scopes)}).json
        self.robots[name] = made["secret"]
        self.secrets.add(made["secret"])
        return str(made["id"])

    def administer(self, method: str, target: str, members: object = None) -> Answer:
        """As carol; it has to go well."""
        body = None if members is None else to_json(members)
        answer = self.ask("carol", method, target, body, {"Content-Type": "application/json"})
        assert answer.status in (200, 201, 204), answer
        return answer

    def everything(self) -> dict[str, object]:
        """All that can be seen and all that is stored."""
        seen: dict[str, object] = {
            "repositories": self.ask("carol", "GET", "/v2/_catalog?n=1000").json["repositories"],
            "accounts": self.ask("carol", "GET", "/api/v1/accounts?n=1000").json,
            "secrets": [
                one["id"] for one in self.ask("carol", "GET", "/api/v1/tokens?n=1000").json["tokens"]
            ],
            "files": stored(self.registry.root),
        }
        for name in REPOSITORIES:
            for tag in self.ask("carol", "GET", f"/v2/{name}/tags/list").json["tags"]:
                answer = self.ask("carol", "GET", f"/v2/{name}/manifests/{tag}")
                seen[f"{name}:{tag}"] = digest_of(answer.body)
        return seen

    @contextmanager
    def harmless(self) -> Iterator[None]:
        """What happens here changes nothing, lets the server live, and puts no secret into the log."""
        before, process = self.everything(), self.registry.process
        yield
        after = self.everything()
        for what in {*before, *after}:
            was, is_now = before.get(what), after.get(what)
            assert was == is_now, f"{what} was {was} and is {is_now}"
        assert self.registry.process is process
        assert process.exit_code is None
        self.assert_no_secret(process.output(), "the log")

    def assert_no_secret(self, text: str, where: str) -> None:
        for secret in self.secrets:
            assert secret not in text, f"{secret} is in {where}"


def stored(root: Path) -> list[str]:
    """Every file of the blobs, and of uploads that are under way."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if "meta.sqlite" not in path.name)


@contextmanager
def guarded(home: Path, config: str | None = None) -> Iterator[Guarded]:
    """Starts it, with an image in each repository, and ends it."""
    registry = Registry(home, config=config or with_tokens(home, RULES))
    try:
        with registry.start().connect() as api:
            made = Guarded(registry, api, make_image("guarded"))
            for name in REPOSITORIES:
                push(made, name, made.image, "1", "latest")
            yield made
    finally:
        registry.close()


def push(made: Guarded, name: str, image: Image, *tags: str) -> None:
    """As carol."""
    for blob in image.blobs:
        target = f"/v2/{name}/blobs/uploads/?digest={blob.digest}"
        assert made.ask("carol", "POST", target, blob.data).status == 201
    for tag in tags:
        headers = {"Content-Type": image.manifest.media_type}
        answer = made.ask("carol", "PUT", f"/v2/{name}/manifests/{tag}", image.manifest.data, headers)
        assert answer.status == 201, answer
