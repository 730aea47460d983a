"""The values that hooks get. They are frozen; new versions add fields, never parameters."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .lazy import Lazy

Kind = Literal["anonymous", "user", "robot", "federated", "certificate", "local", "system"]
Action = Literal["pull", "create", "push", "delete", "admin"]


@dataclass(frozen=True)
class Caller:
    """The sender of a request; also an answer of `authenticate`."""

    name: str
    """Empty for the anonymous caller."""
    groups: Collection[str] = frozenset()
    """Groups of the caller, as a frozenset."""
    address: str = ""
    """IP address without port. The registry sets it in an answer of `authenticate`."""
    kind: Kind = "user"
    """`anonymous`, `user`, `robot`, `federated` (OIDC), `certificate`, `local` (control socket) or `system`
    (a job such as retention). Callers of different kinds with the same name are different callers."""
    admin: bool = False
    """Whether the caller is an administrator: everything is allowed, without asking rules or `authorize`."""

    def __post_init__(self) -> None:
        if not isinstance(self.groups, frozenset):
            if isinstance(self.groups, str):
                raise TypeError(f"invalid Caller.groups {self.groups!r}: expected a list of names")
            object.__setattr__(self, "groups", frozenset(self.groups))

    @property
    def anonymous(self) -> bool:
        """Whether the caller has not logged in."""
        return not self.name


@dataclass(frozen=True)
class Login:
    """A user name and a password: the value of `authenticate`."""

    name: str
    password: str = field(repr=False)
    """Not part of `repr`, so that it is not logged by mistake."""
    address: str = ""
    """IP address of the client, without port."""


@dataclass(frozen=True)
class Access:
    """What a caller wants to do: the value of `authorize`."""

    caller: Caller
    repository: str | None
    """None for the registry as a whole, such as its catalog."""
    action: Action
    """The right that it needs: `pull`, `create` (every upload), `push` (a tag that moves, besides `create`),
    `delete` or `admin`."""


@dataclass(frozen=True)
class ManifestPush:
    """A manifest before it is stored: the value of `admit_manifest`."""

    caller: Caller
    repository: str
    tag: str | None
    """Tag of the push; None for a push by digest. For a push that sets several tags the hook is called once
    for each of them."""
    digest: str
    media_type: str
    size: int
    """Size of the manifest in bytes."""
    tags: tuple[str, ...] = ()
    """All tags that the push sets."""
    content: bytes = field(default=b"", repr=False)
    """The manifest, as the client sent it."""
    config_content: bytes = field(default=b"", repr=False)
    """The image configuration; empty if there is none, or if it is larger than 1 MiB."""

    @Lazy
    def manifest(self) -> Mapping[str, Any]:
        """The manifest, parsed. Raises ValueError for a repeated member, which clients read differently."""
        parsed = json.loads(self.content, object_pairs_hook=_without_repeated)
        if not isinstance(parsed, dict):
            raise ValueError("invalid manifest: expected a JSON object")
        return parsed

    @Lazy
    def config(self) -> Mapping[str, Any] | None:
        """The image configuration, parsed; None if `config_content` is empty or not a JSON object."""
        try:
            parsed = json.loads(self.config_content, object_pairs_hook=_without_repeated)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return None
        return parsed if isinstance(parsed, dict) else None

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the image, as set by `LABEL` in a Dockerfile."""
        inner = self.config.get("config") if self.config else None
        return _texts(inner.get("Labels")) if isinstance(inner, dict) else {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations of the manifest."""
        return _texts(self.manifest.get("annotations"))

    @property
    def config_descriptor(self) -> Descriptor | None:
        """Descriptor of the configuration; None for an index."""
        return next(iter(_descriptors([self.manifest.get("config")])), None)

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """Descriptors of the layers; empty for an index."""
        return _descriptors(self.manifest.get("layers"))

    @property
    def manifests(self) -> tuple[Descriptor, ...]:
        """Descriptors of the manifests in an index; empty for an image."""
        return _descriptors(self.manifest.get("manifests"))

    @property
    def is_image(self) -> bool:
        """Whether an engine can run it: false for an index, a chart, a signature or an attestation."""
        layers = [layer.media_type.lower() for layer in self.layers]
        config = self.config_descriptor
        # Attestations of BuildKit and signatures of Cosign also have an image configuration.
        statement = bool(layers) and all(kind in _STATEMENTS for kind in layers)
        of_image = config is not None and config.media_type.lower() in _CONFIGS and not statement
        return of_image or any(kind.startswith(_LAYERS) for kind in layers)

    @property
    def is_index(self) -> bool:
        """Whether it is an index: it lists manifests instead of layers."""
        return isinstance(self.manifest.get("manifests"), list)

    @property
    def subject(self) -> str | None:
        """Digest of the subject, such as the image that a signature belongs to; None without a subject."""
        subject = self.manifest.get("subject")
        digest = subject.get("digest") if isinstance(subject, dict) else None
        return digest if isinstance(digest, str) else None

    @property
    def artifact_type(self) -> str:
        """`artifactType` of the manifest, else the media type of its configuration; may be empty."""
        config = self.manifest.get("config")
        inner = config.get("mediaType") if isinstance(config, dict) else None
        given = self.manifest.get("artifactType") or inner
        return given if isinstance(given, str) else ""


@dataclass(frozen=True)
class Descriptor:
    """An entry of a manifest that names a blob or another manifest."""

    digest: str
    media_type: str = ""
    size: int = 0
    """Size in bytes."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Mapping[str, Any] = field(default_factory=dict)
    """`os`, `architecture` and so on, in an index."""


@dataclass(frozen=True)
class BlobPush:
    """An uploaded or mounted blob before it is linked to a repository: the value of `admit_blob`."""

    caller: Caller
    repository: str
    digest: str
    size: int
    """Size in bytes."""


@dataclass(frozen=True)
class Referrer:
    """A manifest whose subject is another manifest: a signature, an SBOM, an attestation."""

    digest: str
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TagMove:
    """A tag before it is set: the value of `admit_tag`."""

    caller: Caller
    repository: str
    tag: str
    digest: str
    """Digest that the tag will point to."""
    previous: str | None = None
    """Digest that the tag points to now; None for a new tag. Equal to `digest` for a repeated push."""
    referrers: tuple[Referrer, ...] = ()
    """Referrers of `digest`, the first 100."""
    sibling_tags: tuple[str, ...] = ()
    """Tags of the repository that name `digest`, such as `sha256-<hex>.sig` from Cosign, the first 100."""


@dataclass(frozen=True)
class Deletion:
    """A tag, a manifest or a blob before it is deleted: the value of `admit_delete`.

    The hook is also called for each tag that needs the manifest or the blob, as if that tag were deleted, for
    at most 1000 tags. A hook with `@asked_once` is called once, and checks `tags` itself.
    """

    caller: Caller
    repository: str
    kind: Literal["tag", "manifest", "blob"]
    reference: str
    """The tag, or the digest of the manifest or the blob."""
    tags: tuple[str, ...] = field(default=(), repr=False)
    """Tags that need the manifest or the blob, with the manifest's own tags; empty if `kind` is `tag`."""

    @property
    def tag(self) -> str | None:
        """The tag, if `kind` is `tag`; else None."""
        return self.reference if self.kind == "tag" else None

    @property
    def digest(self) -> str | None:
        """The digest of the manifest or the blob; None if `kind` is `tag`."""
        return None if self.kind == "tag" else self.reference


_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
_LAYERS = ("application/vnd.oci.image.", "application/vnd.docker.")
_STATEMENTS = ("application/vnd.in-toto+json", "application/vnd.dev.cosign.simplesigning.v1+json")


def _without_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"repeated member {repeated!r} in a JSON object")
    return found


def _texts(given: object) -> dict[str, str]:
    """The entries that are strings: the client wrote this, and may have written anything."""
    if not isinstance(given, dict):
        return {}
    return {key: value for key, value in given.items() if isinstance(value, str)}


def _descriptors(given: object) -> tuple[Descriptor, ...]:
    entries = [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []
    return tuple(_descriptor(entry) for entry in entries if isinstance(entry.get("digest"), str))


def _descriptor(entry: dict[str, Any]) -> Descriptor:
    size, media_type, platform = entry.get("size"), entry.get("mediaType"), entry.get("platform")
    return Descriptor(
        digest=entry["digest"],
        media_type=media_type if isinstance(media_type, str) else "",
        size=size if type(size) is int else 0,
        annotations=_texts(entry.get("annotations")),
        platform=platform if isinstance(platform, dict) else {},
    )
