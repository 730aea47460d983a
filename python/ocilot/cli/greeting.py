"""What `ocilot serve` prints when it is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocilot import _core
from ocilot.config.access import RIGHTS
from ocilot.counting import counted

if TYPE_CHECKING:
    from ocilot.hooks.running.service import Hooks

    from .console import Console


def greeting(console: Console, server: _core.Server, settings: _core.Settings, hooks: Hooks | None) -> str:
    """The greeting as text, or as one line in the format of the log with the same in fields."""
    asked = _points(hooks)
    return console.line(
        "ready",
        welcome(server, settings, hooks),
        version=_core.__version__,
        root=server.root or "memory",
        url=_own_url(server, settings),
        client_url=client_url(server, settings),
        metrics=f"http://{server.debug_address}/metrics" if server.debug_address else "",
        open=not asks_who(settings) and "authorize" not in asked,
        access=access(settings, asked),
        deletes=settings.deletes,
        hooks=asked,
    )


def welcome(server: _core.Server, settings: _core.Settings, hooks: Hooks | None = None) -> str:
    """The greeting as text."""
    asked = _points(hooks)
    url = client_url(server, settings)
    lines = [
        f"ocilot {_core.__version__}",
        f"  data in      {server.root or 'memory: everything is forgotten at the end'}",
        f"  listening on {_own_url(server, settings)}",
    ]
    if settings.host or settings.prefix:
        lines.append(f"  clients use  {url}")
    if server.debug_address:
        lines.append(f"  metrics on   http://{server.debug_address}/metrics")
    lines.append(f"  access:      {access(settings, asked)}")
    if line := _accounts(server, settings, asked):
        lines.append(f"  accounts:    {line}")
    lines.append(f"  deletes:     {'on' if settings.deletes else 'off; set storage.delete.enabled: true'}")
    if asked:
        lines.append(f"  hooks:       {', '.join(asked)}")
    name = url.partition("://")[2].partition("/")[0]
    return "\n".join(
        [
            *lines,
            "  help:        ocilot --help; users: ocilot user --help",
            "  push a first image:",
            f"    docker tag IMAGE {name}/IMAGE",
            f"    docker push {name}/IMAGE",
            f"    curl {url}/v2/_catalog",
        ]
    )


def access(settings: _core.Settings, asked: list[str]) -> str:
    """Whom the registry lets in, and what decides about what they may do."""
    everything = "read, write and delete" if settings.deletes else "read and write"
    decides = ", unless the hook authorize decides" if "authorize" in asked else ""
    if not asks_who(settings):
        return f"anonymous {everything}{decides}"
    ways = [
        ("accounts", settings.accounts),
        ("auth.htpasswd", settings.auth_htpasswd),
        ("auth.token", settings.auth_token),
        ("auth.silly (accepts any credentials)", settings.auth_silly),
        ("client certificates", settings.tls_client_authorities),
        (f"OIDC issuers ({len(settings.oidc)})", settings.oidc),
        ("the hook authenticate", "authenticate" in asked),
    ]
    login = f"login by {', '.join(way for way, is_on in ways if is_on)}"
    if settings.access is not None:
        count = len(settings.access)
        rules = counted(count, "access rule")
        return f"{login}; {rules}, {_for_anonymous(settings)}{decides}"
    if settings.auth_token:
        return f"{login}; its tokens say what they allow{decides}"
    return f"{login}; no access rules: every login may {everything}{decides}"


def _for_anonymous(settings: _core.Settings) -> str:
    """What the rules give to callers without a login."""
    subjects = [allowed for _, allow in settings.access or [] for allowed in allow]
    given = {right for subject, rights in subjects if subject == "anonymous" for right in rights}
    rights = ", ".join(right for right in RIGHTS if right in given)
    return f"anonymous {rights} in some repositories" if rights else "nothing anonymous"


def asks_who(settings: _core.Settings) -> bool:
    """Whether callers have to log in at all."""
    return bool(
        settings.accounts
        or settings.auth_htpasswd
        or settings.auth_token
        or settings.auth_silly
        or settings.tls_client_authorities
    )


def client_url(server: _core.Server, settings: _core.Settings) -> str:
    """The URL below which clients find `/v2/`: `http.host`, or a name of this machine, and `http.prefix`."""
    prefix = settings.prefix.rstrip("/")
    if settings.host:
        return settings.host.rstrip("/") + prefix
    host, _, port = server.address.rpartition(":")
    is_here = host in {"0.0.0.0", "[::]", "127.0.0.1", "[::1]", ""}
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{f'localhost:{port}' if is_here else server.address}{prefix}"


def _own_url(server: _core.Server, settings: _core.Settings) -> str:
    return f"{'https' if settings.tls_certificate else 'http'}://{server.address}"


def _points(hooks: Hooks | None) -> list[str]:
    return [point for point, _ in hooks.points] if hooks is not None else []


def _accounts(server: _core.Server, settings: _core.Settings, asked: list[str]) -> str:
    """What an operator has to know about accounts; empty if that is nothing."""
    if not server.control_socket:  # Where commands would make them.
        return ""
    if settings.accounts:
        others = settings.auth_htpasswd or settings.oidc or "authenticate" in asked
        is_empty = not others and server.has_accounts() is False
        return "none; create one with `ocilot user add`" if is_empty else ""
    return "exist, but are off; set ocilot.accounts.enabled: true" if server.has_accounts() else ""
