"""The values hooks are asked about. They do not change, and grow by fields, never by parameters."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .lazy import Lazy

Kind = Literal["anonymous", "user", "robot", "federated", "certificate", "local"]
Action = Literal["pull", "push", "overwrite", "delete", "admin"]


@dataclass(frozen=True)
class Caller:
    """Who asks; also the answer of `authenticate`."""

    name: str
    """Empty for the anonymous caller."""
    groups: Collection[str] = frozenset()
    """The groups the caller belongs to, as a frozenset."""
    address: str = ""
    """Numeric, without port. The registry fills it in for whom `authenticate` answers."""
    kind: Kind = "user"
    """Where the name comes from; two kinds may have the same name and are not the same."""
    admin: bool = False
    """Whether the caller may do everything, whatever the rules say."""

    def __post_init__(self) -> None:
        if not isinstance(self.groups, frozenset):
            if isinstance(self.groups, str):
                raise TypeError(f"Caller.groups is the text {self.groups!r}; expected a list of names")
            object.__setattr__(self, "groups", frozenset(self.groups))

    @property
    def anonymous(self) -> bool:
        """Whether nobody has logged in."""
        return not self.name


@dataclass(frozen=True)
class Login:
    """A name and a password as somebody typed them: the question of `authenticate`."""

    name: str
    password: str = field(repr=False)
    """Never shown by `repr`, so that it gets into no log."""
    address: str = ""
    """Where the caller connects from: numeric, without port."""


@dataclass(frozen=True)
class Access:
    """What somebody wants to do: the question of `authorize`."""

    caller: Caller
    repository: str | None
    """None for what concerns the registry as a whole, such as the list of repositories."""
    action: Action
    """`overwrite` is asked besides `push` when a tag that exists is moved."""


@dataclass(frozen=True)
class ManifestPush:
    """A manifest about to be recorded: the question of `admit_manifest`."""

    caller: Caller
    repository: str
    tag: str | None
    """The tag it will have; None for a push by digest. A push that names several tags is asked about once for
    each."""
    digest: str
    media_type: str
    size: int
    """Bytes of the manifest."""
    tags: tuple[str, ...] = ()
    """All tags of the same push."""
    content: bytes = field(default=b"", repr=False)
    """The manifest as the client sent it."""
    config_content: bytes = field(default=b"", repr=False)
    """The image's configuration; empty if there is none, or if it is too large to be handed over."""

    @Lazy
    def manifest(self) -> Mapping[str, Any]:
        """The manifest, parsed. A name that is there twice is an error: others may read the other one."""
        parsed = json.loads(self.content, object_pairs_hook=_without_doubles)
        if not isinstance(parsed, dict):
            raise ValueError("the manifest is no JSON object")
        return parsed

    @Lazy
    def config(self) -> Mapping[str, Any] | None:
        """The image's configuration, parsed; None if there is none, if it is large or if it is not JSON."""
        try:
            parsed = json.loads(self.config_content, object_pairs_hook=_without_doubles)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return None
        return parsed if isinstance(parsed, dict) else None

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of the image, as `LABEL` in a Dockerfile sets them."""
        inner = self.config.get("config") if self.config else None
        return _texts(inner.get("Labels")) if isinstance(inner, dict) else {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """The annotations of the manifest."""
        return _texts(self.manifest.get("annotations"))

    @property
    def config_descriptor(self) -> Descriptor | None:
        """What the manifest says about its configuration; None for an index."""
        return next(iter(_descriptors([self.manifest.get("config")])), None)

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """The layers of an image; none for an index."""
        return _descriptors(self.manifest.get("layers"))

    @property
    def manifests(self) -> tuple[Descriptor, ...]:
        """The manifests an index lists; none for an image."""
        return _descriptors(self.manifest.get("manifests"))

    @property
    def is_image(self) -> bool:
        """Whether an engine may run it: not so an index, a chart, a signature or an attestation."""
        layers = [layer.media_type.lower() for layer in self.layers]
        config = self.config_descriptor
        # Attestations of BuildKit and signatures of Cosign have the configuration of an image, too.
        statement = bool(layers) and all(kind in _STATEMENTS for kind in layers)
        of_image = config is not None and config.media_type.lower() in _CONFIGS and not statement
        return of_image or any(kind.startswith(_LAYERS) for kind in layers)

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests instead of layers."""
        return isinstance(self.manifest.get("manifests"), list)

    @property
    def subject(self) -> str | None:
        """Digest of the manifest it refers to, as signatures do."""
        subject = self.manifest.get("subject")
        digest = subject.get("digest") if isinstance(subject, dict) else None
        return digest if isinstance(digest, str) else None

    @property
    def artifact_type(self) -> str:
        """What kind of artifact it is: `artifactType`, else the media type of its config; may be empty."""
        config = self.manifest.get("config")
        inner = config.get("mediaType") if isinstance(config, dict) else None
        given = self.manifest.get("artifactType") or inner
        return given if isinstance(given, str) else ""


@dataclass(frozen=True)
class Descriptor:
    """What a manifest says about a piece of content it names."""

    digest: str
    media_type: str = ""
    size: int = 0
    """Bytes."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Mapping[str, Any] = field(default_factory=dict)
    """`architecture`, `os` and so on, in the entries of an index."""


@dataclass(frozen=True)
class BlobPush:
    """A blob about to belong to a repository, uploaded or mounted: the question of `admit_blob`."""

    caller: Caller
    repository: str
    digest: str
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Referrer:
    """A manifest whose subject is another: a signature, a list of contents, an attestation."""

    digest: str
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TagMove:
    """A tag about to be set: the question of `admit_tag`."""

    caller: Caller
    repository: str
    tag: str
    digest: str
    """Where it will point."""
    previous: str | None = None
    """Digest it points to now; None for a new tag. May be equal to `digest`."""
    referrers: tuple[Referrer, ...] = ()
    """What refers to `digest`, the first 100."""
    sibling_tags: tuple[str, ...] = ()
    """Tags of the same repository that stand for `digest`: `sha256-<hex>.sig` and so on, as cosign sets."""


@dataclass(frozen=True)
class Deletion:
    """A tag, a manifest or a blob about to be removed: the question of `admit_delete`.

    A hook is also asked about each tag that needs the manifest or the blob, as if that tag were removed:
    about 1000 at most in one request. A hook with `@asked_once` is asked once, and looks at `tags` itself.
    """

    caller: Caller
    repository: str
    kind: Literal["tag", "manifest", "blob"]
    reference: str
    """The tag, or the digest of the manifest or blob."""
    tags: tuple[str, ...] = field(default=(), repr=False)
    """All tags that need what is removed; empty when a tag is removed. A manifest's own tags go with it."""

    @property
    def tag(self) -> str | None:
        """The tag, if only a tag is removed."""
        return self.reference if self.kind == "tag" else None

    @property
    def digest(self) -> str | None:
        """The digest, if a manifest or a blob is removed."""
        return None if self.kind == "tag" else self.reference


_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
_LAYERS = ("application/vnd.oci.image.", "application/vnd.docker.")
_STATEMENTS = ("application/vnd.in-toto+json", "application/vnd.dev.cosign.simplesigning.v1+json")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"{double!r} is there twice in one JSON object")
    return found


def _texts(given: object) -> dict[str, str]:
    """The entries that are what they should be: whoever pushed wrote this."""
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
