"""Values for hooks, with a default for every field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ocilot.hooks.history import Tag, TagHistory
from ocilot.hooks.in_use import InUseQuery
from ocilot.hooks.values import (
    Access,
    Action,
    BlobPush,
    Caller,
    Deletion,
    Login,
    ManifestPush,
    Referrer,
    TagMove,
)

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

_NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def a_caller(
    name: str = "alice",
    *,
    groups: Collection[str] = (),
    kind: Any = "user",
    address: str = "192.0.2.1",
    admin: bool = False,
) -> Caller:
    """A caller, by default the user alice; `a_caller("", kind="anonymous")` is the anonymous caller."""
    return Caller(name, frozenset(groups), address, kind, admin)


def a_login(name: str = "alice", password: str = "secret", *, address: str = "192.0.2.1") -> Login:
    """A user name and a password, for `authenticate`."""
    return Login(name, password, address)


def an_access(
    repository: str | None = "team/app", action: Action = "pull", *, caller: Caller | None = None
) -> Access:
    """An action of a caller in a repository, for `authorize`."""
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
    """The push of an image, or of another `manifest`, such as an index; for `admit_manifest`.

    A layer is its size in bytes, or a whole descriptor. `labels` are part of the image configuration;
    `config` replaces the whole configuration, `config={}` removes it.
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
    """The push or mount of a blob, for `admit_blob`."""
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
    """A tag before it is set, for `admit_tag`: a new tag, unless `previous` is its digest so far.

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
    tags: Iterable[str] = (),
    caller: Caller | None = None,
) -> Deletion:
    """The deletion of a tag, a manifest (by digest) or, with `kind="blob"`, a blob; for `admit_delete`."""
    kind = kind or ("manifest" if ":" in reference else "tag")
    return Deletion(caller or a_caller(), repository, kind, reference, tuple(tags))


def a_tag(
    name: str = "v1",
    *,
    days: float = 0.0,
    digest: str | None = None,
    size: int = 1000,
    media_type: str = MANIFEST,
    artifact_type: str = CONFIG,
    annotations: Mapping[str, str] | None = None,
    manifests: Iterable[str] = (),
    pulled: float | None = None,
    pulls: int = 0,
) -> Tag:
    """A tag of `a_history`, pushed so many days before its plan, and pulled `pulled` days before."""
    return Tag(
        name=name,
        digest=digest or _digest(name.encode()),
        pushed=_NOW - timedelta(days=days),
        size=size,
        media_type=media_type,
        artifact_type=artifact_type,
        annotations=dict(annotations or {}),
        manifests=tuple(manifests),
        pulled=None if pulled is None else _NOW - timedelta(days=pulled),
        pulls=pulls,
    )


def a_history(
    repository: str = "team/app", tags: Iterable[Tag | str | Mapping[str, Any]] = ("v2", "v1")
) -> TagHistory:
    """The tags of a repository, for `retain`.

    A tag is a Tag, an object with the fields of `a_tag`, or a name: the first was pushed when the plan is
    made, the second a day before, and so on.
    """
    made = []
    for number, one in enumerate(tags):
        if isinstance(one, Mapping):
            made.append(a_tag(**one))
        else:
            made.append(one if isinstance(one, Tag) else a_tag(one, days=number))
    made.sort(key=lambda tag: (tag.pushed, tag.name), reverse=True)
    return TagHistory(repository, _NOW, tuple(made))


def an_in_use_query(*, at: datetime | None = None) -> InUseQuery:
    """The question which images are in use, for `images_in_use`."""
    return InUseQuery(at or _NOW)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _descriptor(content: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _layer(layer: int | Mapping[str, Any], number: int) -> dict[str, Any]:
    if isinstance(layer, int):
        return {"mediaType": LAYER, "digest": _digest(b"layer %d" % number), "size": layer}
    return {"mediaType": LAYER, "digest": _digest(b"layer %d" % number), "size": 1000, **layer}
