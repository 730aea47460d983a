"""Looks for credentials: argument, environment, files, helpers. The first hit counts; each step is told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ocilot.errors import ConfigError, InvalidReference
from ocilot.references import parse_host

from . import keys
from .credential import ANONYMOUS, ARGUMENT, Auth, Credential, credential_of
from .files import AuthFile, Place, entry_credential, places
from .helpers import HelperFailed


class Looked(NamedTuple):
    """One step of the search."""

    source: str
    """Where it was looked, such as `/root/.docker/config.json`."""
    outcome: str
    """What was there, such as `no file` or `credentials of bob`; never a secret."""


@dataclass(slots=True)
class Found:
    """What was found for a repository, and how."""

    credential: Credential = field(default_factory=Credential)
    """Empty: anonymous."""
    steps: list[Looked] = field(default_factory=list)
    """All places that were searched, in order."""
    problems: list[str] = field(default_factory=list)
    """Places that should have had credentials but failed."""
    warnings: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Where the credentials come from; `anonymous` without."""
        return "anonymous" if self.credential.is_empty else self.credential.origin

    def fails(self, source: str, problem: str) -> None:
        """Notes a place that failed."""
        self.steps.append(Looked(source, problem))
        self.problems.append(problem)
        self.warnings.append(problem)


@dataclass(slots=True)
class Sources:
    """Where credentials are looked for. Blocks: it reads files and runs programs."""

    auth_file: str | None = None
    """The only file to read."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    home: Path | None = None

    def find(self, host: str, repository: str = "", auth: Auth | None = None) -> Found:
        """Credentials for a repository; `auth`: the argument. Raises ConfigError for a bad `auth_file`."""
        found = Found()
        given = credential_of(auth, host)
        if given is not None:
            outcome = "anonymous access" if auth is ANONYMOUS or given.is_empty else _summary(given)
            found.credential = given
            found.steps.append(Looked(ARGUMENT, outcome))
            return found
        found.steps.append(Looked(ARGUMENT, "not given"))
        for credential in self._each(host, repository, found):
            if credential is not None:
                found.credential = credential
                break
        return found

    def _each(self, host: str, repository: str, found: Found) -> Iterator[Credential | None]:
        yield self._own_environment(host, found)
        order = self.environment.get("DOCKER_AUTH_ORDER", "env,config")
        files_first = [word.strip() for word in order.split(",")][:1] == ["config"]
        if not files_first:
            yield self._docker_environment(host, repository, found)
        yield from self._files(host, repository, found)
        if files_first:
            yield self._docker_environment(host, repository, found)

    def _own_environment(self, host: str, found: Found) -> Credential | None:
        """OCILOT_USERNAME with OCILOT_PASSWORD, or OCILOT_TOKEN: of OCILOT_REGISTRY alone."""
        source = "environment (OCILOT_REGISTRY)"
        user, password = self.environment.get("OCILOT_USERNAME"), self.environment.get("OCILOT_PASSWORD")
        token = self.environment.get("OCILOT_TOKEN")
        if not password and not token:
            found.steps.append(Looked(source, "not set"))
            return None
        try:
            registry = parse_host(self.environment.get("OCILOT_REGISTRY", "")).name
        except InvalidReference:
            found.steps.append(
                Looked(source, "OCILOT_REGISTRY is not set: password and token belong to no host")
            )
            return None
        if registry != host:
            found.steps.append(Looked(source, f"of {registry}"))
            return None
        origin = "environment variable " + ("OCILOT_TOKEN" if token else "OCILOT_PASSWORD")
        credential = Credential(
            "" if token else user or "", password or "", registry_token=token or "", origin=origin
        )
        if token:
            credential = Credential(registry_token=token, origin=origin)
        found.steps.append(Looked(source, _summary(credential)))
        return credential

    def _docker_environment(self, host: str, repository: str, found: Found) -> Credential | None:
        source = "environment variable DOCKER_AUTH_CONFIG"
        text = self.environment.get("DOCKER_AUTH_CONFIG", "")
        if not text.strip():
            found.steps.append(Looked(source, "not set"))
            return None
        try:
            content = json.loads(text)
            entries = content["auths"]
            listed = list(entries)
        except (ValueError, TypeError, KeyError, RecursionError):
            found.fails(source, f'{source} ignored: expected {{"auths": {{HOST: {{"auth": …}}}}}}')
            return None
        for key in keys.matching(listed, host, repository):
            credential = entry_credential(entries[key], source, only_auth=True)
            if credential is not None:
                found.steps.append(Looked(source, _summary(credential)))
                return credential
        found.steps.append(Looked(source, f"nothing for {host}"))
        return None

    def _files(self, host: str, repository: str, found: Found) -> Iterator[Credential | None]:
        for place, explicit in self.places(found):
            try:
                file = AuthFile.read(place)
            except ConfigError as problem:
                if explicit:
                    raise
                found.fails(str(place.path), str(problem))
                continue
            if file is None:
                found.steps.append(Looked(str(place.path), "no file"))
                continue
            found.warnings += file.misspelt()
            yield self._in_file(file, host, repository, found)

    def _in_file(self, file: AuthFile, host: str, repository: str, found: Found) -> Credential | None:
        named = file.helper_for(host, self.environment)
        if named is not None:
            helper, key = named
            source = f"{file.path}: {helper.program}"
            try:
                credential = helper.get(key)
            except HelperFailed as problem:
                found.fails(source, str(problem))
            else:
                if credential is not None:
                    found.steps.append(Looked(source, _summary(credential)))
                    return credential
                found.steps.append(Looked(source, f"nothing for {key}"))
        credential = file.static_for(host, repository)
        found.steps.append(
            Looked(file.path, f"nothing for {host}" if credential is None else _summary(credential))
        )
        return credential

    def places(self, found: Found | None = None) -> list[tuple[Place, bool]]:
        """The files to read, and whether each was named by the user."""
        for path in (self.auth_file, self.environment.get("REGISTRY_AUTH_FILE")):
            if path:
                return [(Place(Path(path)), True)]
        runtime = self.environment.get("XDG_RUNTIME_DIR")
        if runtime and found is not None and not Path(runtime).is_dir():
            found.warnings.append(f"XDG_RUNTIME_DIR names a directory that is not there: {runtime}")
        home = Path(self.environment.get("HOME") or Path.home()) if self.home is None else self.home
        return [(place, False) for place in places(self.environment, home)]


def _summary(credential: Credential) -> str:
    if credential.registry_token:
        return "registry token"
    if credential.identity_token:
        return "identity token"
    return f"credentials of {credential.username}" if credential.username else "credentials"
