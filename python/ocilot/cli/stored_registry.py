"""`event.registry` of `ocilot hooks try`: reads from the registry, and only notes what a hook would store."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any, Final

from ocilot.errors import Error
from ocilot.hooks.registry import Answer, RegistryError
from ocilot.hooks.testing import FakeRegistry
from ocilot.hooks.testing.fake_registry import answered

from .control import Control

_LISTS: Final = {"/tags/list": "tags", "/referrers/": "manifests"}


class StoredRegistry(FakeRegistry):
    """What a hook has stored hides what the registry has. Nothing is written to the registry."""

    def __init__(self, control: Control, repository: str) -> None:
        super().__init__(repository)
        self._control = control
        self._one_by_one = threading.Lock()
        """A hook may ask from several threads, and there is one connection."""

    def _ask(self, method: str, target: str, headers: dict[str, str], content: bytes) -> Answer:
        answer = super()._ask(method, target, headers, content)
        if method != "GET":
            return answer
        member = next((member for part, member in _LISTS.items() if part in target), None)
        if member is not None:
            return self._read(lambda: self._merged(target, member, answer))
        return answer if answer.status == 200 else self._read(lambda: self._content(target))

    def _read(self, read: Callable[[], Answer]) -> Answer:
        with self._one_by_one:
            try:
                return read()
            except Error as problem:
                if problem.code == "not_found":
                    return answered(404, message=str(problem))
                raise RegistryError(0, str(problem)) from None

    def _content(self, target: str) -> Answer:
        """A manifest or a blob."""
        headers = self._control.describe(target)
        digest = headers.get("Docker-Content-Digest") or target.rpartition("/")[2]
        path = f"{target.rpartition('/')[0]}/{digest}"
        known = {"Docker-Content-Digest": digest, "Content-Type": headers.get("Content-Type", "")}
        return answered(200, known, self._control.read_content(path, digest))

    def _merged(self, target: str, member: str, noted: Answer) -> Answer:
        """A list of the registry, with what the hook has stored."""
        own = json.loads(noted.content)[member]
        try:
            stored: list[Any] = list(self._control.ask_all(target, member))
        except Error as problem:
            if problem.code != "not_found" or not own:
                raise
            stored = []
        found = [*stored, *(one for one in own if one not in stored)]
        return answered(200, {}, json.dumps({member: sorted(found) if member == "tags" else found}).encode())
