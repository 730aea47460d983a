"""A registry with people: who they are, and what they may do."""

from __future__ import annotations

import base64
from pathlib import Path

USERS = {
    "alice": "$2y$05$QldABqrXTZrsDzAL9WvSNO6t0B1n0XdykARRGF59YFbvYwIeZzba.",
    "bob": "$2y$05$DEdQdIQ.uKNSCY30QUzqVuxtA8Jcvg3uu2DlOjqeClH81IiaaysWe",
    "carol": "$2y$05$cKlz1C9BA88wh8S06q3dl.PaxySL5S/eTcF1OtYayspI9Wgd9EgjW",
}
"""Hashes of passwords, of bcrypt's least cost; each password is `NAME-password`."""

RULES = """\
  groups: {team: [alice]}
  access:
    - repositories: ["public/**"]
      allow: {anonymous: [pull], group:team: [push]}
    - repositories: ["team/**"]
      allow: {group:team: [pull, push, delete], user:bob: [pull]}
    - repositories: ["**"]
      allow: {user:carol: [admin]}
"""
"""Alice is the team, bob reads what it makes, carol may do everything, and anybody pulls what is public."""


def write_users(directory: Path) -> Path:
    path = directory / "htpasswd"
    path.write_text("".join(f"{name}:{digest}\n" for name, digest in USERS.items()))
    return path


def with_tokens(directory: Path, rules: str = RULES) -> str:
    """A configuration with accounts, whose first users are those of a file."""
    return f"""\
version: 0.1
storage: {{delete: {{enabled: true}}}}
log: {{level: debug}}
auth: {{htpasswd: {{realm: test, path: "{write_users(directory)}"}}}}
ocilot:
  accounts: {{enabled: true}}
  metrics: {{readers: [anonymous]}}
{rules}"""


def with_passwords(directory: Path, rules: str = "") -> str:
    """A configuration as distribution takes it, with a file of users."""
    own = f"ocilot:\n  metrics: {{readers: [anonymous]}}\n{rules}"
    return f"""\
version: 0.1
storage: {{delete: {{enabled: true}}}}
auth: {{htpasswd: {{realm: test, path: "{write_users(directory)}"}}}}
{own}"""


def basic(name: str, password: str | None = None) -> dict[str, str]:
    """The header that a name and its password make."""
    text = f"{name}:{password if password is not None else name + '-password'}"
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
