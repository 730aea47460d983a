"""Runs `ocilot backup` and its companions, and serves what they have restored."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import ocilot
from ocilot.cli.gc import run_round, state_of

from .conftest import FreshRegistry
from .images import Image, make_image
from .programs import PATH, Argument, Ran, attempt
from .registry import OCILOT, Registry
from .test_collection import control_of


def program(*words: Argument) -> Ran:
    return attempt([OCILOT, *words], env={"PATH": PATH, "HOME": "/nowhere"}, seconds=120)


def backup(registry: Registry, directory: Path, *options: Argument) -> Ran:
    return program("backup", directory, "--root", registry.root, *options)


def report(ran: Ran, code: int = 0) -> dict[str, Any]:
    """What a command printed as JSON."""
    assert ran.code == code, ran
    found: dict[str, Any] = json.loads(ran.out)
    assert found["ok"] is (code == 0)
    return found


def back_up(registry: Registry, directory: Path) -> dict[str, int]:
    """A backup that must be complete; answers its counts."""
    counts: dict[str, int] = report(backup(registry, directory, "-o", "json"))["counts"]
    return counts


def verified(directory: Path, code: int = 0) -> list[tuple[str, str]]:
    """What is wrong with a backup."""
    found = report(program("backup", directory, "--verify", "-o", "json"), code)
    return sorted((problem["kind"], problem["subject"]) for problem in found["problems"])


def restore(directory: Path, root: Path) -> None:
    """A restore that must be complete; deleted content may be there until it is purged."""
    ran = program("restore-backup", directory, "--root", root)
    assert ran.code == 0, ran
    found = ocilot.fsck(root)
    assert (found.ok, [each for each in found.problems if each.kind != "orphan"]) == (True, [])


def assert_serves(
    fresh_registry: FreshRegistry, root: Path, images: Sequence[tuple[str, str, Image]]
) -> Registry:
    """A registry on it has all images, each (repository, tag, image)."""
    registry = fresh_registry(root=root)
    with registry.connect() as api:
        for name, tag, image in images:
            assert api("GET", f"/v2/{name}/manifests/{tag}").body == image.manifest.data
            for blob in image.blobs:
                assert api("GET", f"/v2/{name}/blobs/{blob.digest}").body == blob.data
    return registry


def file_in(directory: Path, digest: str) -> Path:
    algorithm, value = digest.split(":")
    return directory / "docker/registry/v2/blobs" / algorithm / value[:2] / value / "data"


class Pusher:
    """Pushes one image after the other into a repository of its own until it is stopped."""

    def __init__(self, registry: Registry, name: str) -> None:
        self.name = name
        self.pushed: list[tuple[str, str, Image]] = []
        self.failure: BaseException | None = None
        self._registry = registry
        self._end = Event()
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._registry.connect() as api:
                while not self._end.is_set():
                    tag = f"v{len(self.pushed)}"
                    image = make_image(f"{self.name}-{tag}", layers=1, size=1000)
                    api.push_image(self.name, image, tag)
                    self.pushed.append((self.name, tag, image))
        except BaseException as failure:
            self.failure = failure

    def stop(self) -> None:
        self._end.set()
        self._thread.join()
        assert self.failure is None, self.failure


class Busy:
    """Pushes, deletes and collects without a grace period until it is stopped."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._end = Event()
        self._failures: list[BaseException] = []
        self._threads = [Thread(target=self._run, args=(work,)) for work in (self._delete, self._collect)]
        for thread in self._threads:
            thread.start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as failure:
            self._failures.append(failure)

    def _delete(self) -> None:
        with self.registry.connect() as api:
            for number in range(10**6):
                image = make_image(f"short-lived {number}", layers=3, size=20_000)
                api.push_image("team/app", image, "latest")
                assert api("DELETE", f"/v2/team/app/manifests/{image.digest}").status == 202
                if self._end.is_set():
                    return

    def _collect(self) -> None:
        with control_of(self.registry) as control:
            while not self._end.is_set():
                run_round(control, now=True)

    def removed(self) -> int:
        """Blobs that are gone by now."""
        assert self._failures == []
        with control_of(self.registry) as control:
            return int(state_of(control)["since_start"]["blobs"])

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
        assert self._failures == []
