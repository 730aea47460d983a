"""Compares a configuration with the machine: files that are missing, groups that no account can be in."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocilot import _core

    from .model import Config


def htpasswd_problems(settings: _core.Settings) -> list[str]:
    """Why the htpasswd file cannot be one. Debian ships a configuration that names a directory."""
    path = settings.auth_htpasswd
    if not path or not os.path.isdir(path):  # noqa: PTH112
        return []
    inside = os.path.join(path, "htpasswd")  # noqa: PTH118
    return [
        f"auth.htpasswd.path: {path} is a directory: expected a file; set it to {inside}, and add users with "
        f"`htpasswd -B {inside} NAME`"
    ]


def problems(settings: _core.Settings) -> list[str]:
    """A sentence for each file or directory that does not let the registry start."""
    found = [*htpasswd_problems(settings)]
    if not found and os.path.lexists(settings.auth_htpasswd):
        found += _unreadable("auth.htpasswd.path", settings.auth_htpasswd)
    for key, path in _needed(settings):
        found += _unreadable(key, path)
    if not settings.in_memory:
        found += _unwritable("storage.filesystem.rootdirectory", settings.root)
    return found


def _needed(settings: _core.Settings) -> Iterator[tuple[str, str]]:
    yield "http.tls.certificate", settings.tls_certificate
    yield "http.tls.key", settings.tls_key
    for file in settings.tls_client_authorities:
        yield "http.tls.clientcas", file
    yield "auth.token.rootcertbundle", settings.auth_root_certificates
    yield "auth.token.jwks", settings.auth_jwks
    for name, _, _, jwks, authorities, _ in settings.oidc:
        if "://" not in jwks:
            yield f"ocilot.oidc: jwks of {name}", jwks
        yield f"ocilot.oidc: cacert of {name}", authorities
    for webhook in settings.webhooks or ():
        for key, file in (
            *(("cacert", webhook.authorities), ("certificate", webhook.certificate), ("key", webhook.key)),
            *(("secretfiles", file) for file in webhook.secret_files),
        ):
            yield f"ocilot.webhooks: {key} of {webhook.name}", file


def _unreadable(key: str, path: str) -> list[str]:
    if not path:
        return []
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            file.read(1)
    except OSError as problem:
        return [f"{key}: cannot read {path}: {problem.strerror}"]
    return []


def _unwritable(key: str, path: str) -> list[str]:
    """A directory that is missing is made, if the one above it allows that."""
    above = os.path.abspath(path)  # noqa: PTH100
    while not os.path.lexists(above):
        above = os.path.dirname(above)  # noqa: PTH120
    if not os.path.isdir(above):  # noqa: PTH112
        return [f"{key}: {above} is not a directory"]
    if not os.access(above, os.W_OK | os.X_OK):
        return [f"{key}: cannot write to {above}: Permission denied"]
    return []


def group_notes(config: Config, of_accounts: Collection[str] | None) -> list[str]:
    """A sentence for each group of a rule that no caller is in. Accounts are None if they are not known.

    Scripts may put callers into any group: nothing is said about a registry that has some.
    """
    own = config.ocilot
    if own.hooks.scripts:
        return []
    known = {*own.groups, *(of_accounts or ())}
    known |= {group for issuer in own.oidc for rule in issuer.rules for group in rule.groups}
    named = {subject: number for number, (_, allow) in enumerate(own.access) for subject in allow}
    notes = []
    for subject, number in named.items():
        kind, _, group = subject.partition(":")
        if kind != "group" or group in known:
            continue
        from difflib import get_close_matches

        near = get_close_matches(group, sorted(known), n=1)
        if near or of_accounts is not None:
            hint = f"; did you mean {near[0]}?" if near else ""
            notes.append(f"ocilot.access.{number}: unknown group {group}: no account is a member{hint}")
    return notes
