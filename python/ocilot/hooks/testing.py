"""A hook in a test, without a server. Stable: what is here stays as it is.

from ocilot.hooks import Deny
from ocilot.hooks.testing import Harness, a_push

def test_a_release_is_for_ci():
    hook = Harness("hooks/immutable_releases.py")
    assert hook.admit(a_push(tag="v1.2.3")) == Deny("v1.2.3 is a release: only CI pushes it")
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import os
import weakref
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

from . import loader
from .answers import checked, one_of_all
from .decisions import Allow, Deny
from .points import POINTS, Family
from .script import Bound, Script
from .spec import Spec
from .values import Access, Action, BlobPush, Caller, Deletion, Login, ManifestPush, Referrer, TagMove

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class Harness:
    """A script, loaded and checked as the registry does it, that can be asked.

    `script` is a path, `ocilot:NAME` for a script that comes with ocilot, or a module that was imported;
    `options` are those of the configuration. What a hook raises comes through to the test, and an answer of
    the wrong kind is a WrongAnswer. Leaving a `with` block, or `stop()`, calls the hooks' `stop`.

    Raises Problem when the registry would refuse the script.
    """

    def __init__(
        self,
        script: str | os.PathLike[str] | ModuleType,
        *,
        base: str | os.PathLike[str] | None = None,
        points: Iterable[str] | None = None,
        **options: Any,
    ) -> None:
        path = str(script.__file__) if isinstance(script, ModuleType) else os.fspath(script)
        spec = Spec(
            path,
            base=Path(base) if base is not None else Path.cwd(),
            options=options,
            points=None if points is None else tuple(points),
        )
        self.script: Script = loader.load(spec)
        self._runner = asyncio.Runner()
        self._close = weakref.finalize(self, _end, self._runner, self.script)
        for one in self.script.objects:
            self._life(one, "start")

    @property
    def points(self) -> tuple[str, ...]:
        """The points the script has hooks for."""
        return self.script.points

    def admit(self, value: ManifestPush | BlobPush | TagMove | Deletion) -> Deny | None:
        """Asks `admit_*`, which of them the value says; None: it passes."""
        answer = self.ask(_point_of(value), value)
        return answer if isinstance(answer, Deny) else None

    def authorize(self, access: Access) -> Allow | Deny | None:
        """Asks `authorize`; None: the rules decide."""
        answer: Allow | Deny | None = self.ask("authorize", access)
        return answer

    def authenticate(self, login: Login) -> Caller | Deny | None:
        """Asks `authenticate`; None: nobody the script knows."""
        answer: Caller | Deny | None = self.ask("authenticate", login)
        return answer

    def ask(self, point: str, value: Any) -> Any:
        """Asks every hook of a point, and joins the answers as the registry does."""
        asked = [partial(self._call, hook, value) for hook in self.script.hooks if hook.point.name == point]
        if not asked:
            raise ValueError(f"{self.script.spec.path} has no {point}; it has {', '.join(self.points)}")
        return one_of_all(POINTS[point].family, asked)

    def stop(self) -> None:
        """Calls the hooks' `stop`. The second time does nothing."""
        if self._close.alive:
            for one in self.script.objects:
                self._life(one, "stop")
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _call(self, hook: Bound, value: Any) -> Any:
        answer = self._runner.run(hook.call(value)) if hook.is_async else hook.call(value)
        return checked(hook.point, answer)

    def _life(self, one: object, name: str) -> None:
        method = getattr(one, name, None)
        done = method() if method is not None else None
        if inspect.iscoroutine(done):
            self._runner.run(done)


def _end(runner: asyncio.Runner, script: Script) -> None:
    runner.close()
    script.forget()


def _point_of(value: object) -> str:
    for point in POINTS.values():
        if point.family is Family.ADMIT and point.argument is type(value):
            return point.name
    raise TypeError(f"{type(value).__name__} is no value of an admit_* point")


def a_caller(
    name: str = "alice",
    *,
    groups: Collection[str] = (),
    kind: Any = "user",
    address: str = "192.0.2.1",
    admin: bool = False,
) -> Caller:
    """Somebody who asks; `a_caller("", kind="anonymous")` is nobody in particular."""
    return Caller(name, frozenset(groups), address, kind, admin)


def a_login(name: str = "alice", password: str = "secret", *, address: str = "192.0.2.1") -> Login:
    """A name and a password somebody typed."""
    return Login(name, password, address)


def an_access(
    repository: str | None = "team/app", action: Action = "pull", *, caller: Caller | None = None
) -> Access:
    """What somebody wants to do."""
    return Access(caller or a_caller(), repository, action)


def a_push(
    repository: str = "team/app",
    tag: str | None = "latest",
    *,
    caller: Caller | None = None,
    tags: Iterable[str] | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
    layers: Iterable[int | Mapping[str, Any]] = (1000,),
    manifest: Mapping[str, Any] | None = None,
    subject: str | None = None,
    artifact_type: str | None = None,
    media_type: str | None = None,
) -> ManifestPush:
    """The push of an image; with `manifest` that of whatever it says, an index for example.

    A layer is its size in bytes, or a whole descriptor. `labels` go into the image's configuration, which
    `config` replaces; `config={}` is an image without one.
    """
    if config is None:
        config = {"architecture": "amd64", "os": "linux", "config": {"Labels": dict(labels or {})}}
    config_bytes = json.dumps(config).encode() if config else b""
    if manifest is None:
        manifest = {
            "schemaVersion": 2,
            "mediaType": media_type or MANIFEST,
            "config": _descriptor(config_bytes, CONFIG),
            "layers": [_layer(layer, number) for number, layer in enumerate(layers)],
        }
    elif "config" not in manifest:
        config_bytes = b""
    added = {"annotations": annotations, "artifactType": artifact_type}
    manifest = {**manifest, **{key: value for key, value in added.items() if value is not None}}
    if subject is not None:
        manifest = {**manifest, "subject": {"mediaType": MANIFEST, "digest": subject, "size": 1000}}
    content = json.dumps(manifest).encode()
    return ManifestPush(
        caller=caller or a_caller(),
        repository=repository,
        tag=tag,
        digest=_digest(content),
        media_type=media_type
        or manifest.get("mediaType")
        or (INDEX if "manifests" in manifest else MANIFEST),
        size=len(content),
        tags=tuple(tags) if tags is not None else ((tag,) if tag else ()),
        content=content,
        config_content=config_bytes,
    )


def a_blob(
    repository: str = "team/app",
    *,
    size: int = 1000,
    digest: str | None = None,
    caller: Caller | None = None,
) -> BlobPush:
    """The push or mount of a blob."""
    return BlobPush(caller or a_caller(), repository, digest or _digest(b"blob"), size)


def a_tag_move(
    repository: str = "team/app",
    tag: str = "latest",
    *,
    digest: str | None = None,
    previous: str | None = None,
    referrers: Iterable[Referrer | str] = (),
    sibling_tags: Iterable[str] = (),
    caller: Caller | None = None,
) -> TagMove:
    """A tag about to be set, a new one unless `previous` says where it points.

    A referrer is a Referrer, or only its artifact type.
    """
    return TagMove(
        caller=caller or a_caller(),
        repository=repository,
        tag=tag,
        digest=digest or _digest(b"manifest"),
        previous=previous,
        referrers=tuple(
            Referrer(_digest(one.encode()), one) if isinstance(one, str) else one for one in referrers
        ),
        sibling_tags=tuple(sibling_tags),
    )


def a_deletion(
    repository: str = "team/app",
    reference: str = "latest",
    *,
    kind: Any = None,
    caller: Caller | None = None,
) -> Deletion:
    """The removal of a tag, or of a manifest if the reference is a digest; `kind="blob"` makes it a blob."""
    kind = kind or ("manifest" if ":" in reference else "tag")
    return Deletion(caller or a_caller(), repository, kind, reference)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _descriptor(content: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _layer(layer: int | Mapping[str, Any], number: int) -> dict[str, Any]:
    if isinstance(layer, int):
        return {"mediaType": LAYER, "digest": _digest(b"layer %d" % number), "size": layer}
    return {"mediaType": LAYER, "digest": _digest(b"layer %d" % number), "size": 1000, **layer}


__all__ = [
    "CONFIG",
    "INDEX",
    "LAYER",
    "MANIFEST",
    "Harness",
    "a_blob",
    "a_caller",
    "a_deletion",
    "a_login",
    "a_push",
    "a_tag_move",
    "an_access",
]
