"""A resolved image or index: plain data, and methods that fetch more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ocilot.counting import counted
from ocilot.display import size, table
from ocilot.oci import Config, Descriptor, Digest, HistoryEntry, Manifest, Platform

from . import looking
from .context import Context, Signature
from .copying import CopyResult
from .drive import run
from .listing import Listing
from .looking import Layer, Referrer, Resolved, Verified
from .steps import call
from .store import Store

if TYPE_CHECKING:
    from ocilot.display import Picture
    from ocilot.layers import FileEntry, ImagePath, Overlay


class Image:
    """An image of one platform, or an artifact. Its attributes are data; only methods do I/O.

    >>> image = app.get("v1", platform="linux/amd64")
    >>> image.config.env["PATH"]
    '/usr/bin:/bin'
    >>> [layer.size for layer in image.layers] == [layer.descriptor.size for layer in image.layers]
    True
    """

    def __init__(self, store: Store, context: Context, resolved: Resolved) -> None:
        self._store = store
        self._context = context
        self.reference: str = resolved.reference
        """The tag or digest that it was asked for by."""
        self.manifest: Manifest = resolved.manifest
        """Manifest, with its bytes as `raw`."""
        self.config: Config = resolved.config
        """Config: environment, command, user, labels, platform."""
        self.index: Manifest | None = resolved.index
        """The index that it was chosen from; None if the reference names the image itself."""
        self.layers: tuple[Layer, ...] = looking.layers_of(resolved.manifest, resolved.config)
        """Layers, the lowest first."""
        self._files: Overlay | None = None

    @property
    def store(self) -> Store:
        """What reads it, for `ocilot.copy`."""
        return self._store

    @property
    def digest(self) -> Digest:
        """Digest of the manifest.

        >>> app.get("v1").digest.algorithm
        'sha256'
        """
        return self.manifest.digest

    @property
    def location(self) -> str:
        """Repository and digest, such as `registry.example/team/app@sha256:…`."""
        return f"{self._store.location}@{self.digest}"

    @property
    def platform(self) -> Platform:
        """What it runs on, as its config says.

        >>> str(app.get("v1", platform="linux/amd64").platform)
        'linux/amd64'
        """
        return self.config.platform

    @property
    def size(self) -> int:
        """Bytes of manifest, config and layers as they are stored, each once."""
        blobs = {blob.digest: blob.size for blob in self.manifest.blobs()}
        return self.manifest.size + sum(blobs.values())

    @property
    def history(self) -> tuple[HistoryEntry, ...]:
        """Steps of its making, the first first."""
        return self.config.history

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of its config."""
        return self.config.labels

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations of its manifest."""
        return self.manifest.annotations

    @property
    def descriptor(self) -> Descriptor:
        """Descriptor of the manifest."""
        return self.manifest.descriptor

    def referrers(self, artifact_type: str = "") -> Listing[Referrer]:
        """Signatures, SBOMs and other artifacts whose subject is this image, or the index it was chosen from.

        `artifact_type`: only those of this type. Reading the listing raises AuthError, NetworkError.

        >>> [referrer.artifact_type for referrer in app.get("v1").referrers()]
        ['application/vnd.example.sbom']
        """
        digests = [self.digest, *([] if self.index is None else [self.index.digest])]
        return Listing(
            f"referrers of {self.location}",
            looking.referrer_pages(self._store, digests, artifact_type),
            Referrer.to_json,
        )

    def root(self) -> ImagePath:
        """The root directory of its files, without I/O: a `Traversable` of importlib.resources.

        What is read of it reads layers: a single file as little of them as its format and registry allow.

        >>> (image.root() / "data/client-0").read_bytes() == image.read("data/client-0")
        True
        """
        from ocilot.layers import ImagePath

        return ImagePath(self._overlay())

    def files(self) -> Iterator[FileEntry]:
        """All its files in the order of their paths, as a container would see them. Reads each layer once.

        Raises ArchiveError for a damaged layer, DecompressionLimit, IntegrityError, NetworkError.

        >>> [file.path for file in image.files()]
        ['data', 'data/client-0', 'data/client-1']
        """
        yield from run(call(self._overlay().entries))

    def read(self, path: str) -> bytes:
        """The content of a file of at most 1 GiB. Raises NotFound, ArchiveError, IntegrityError.

        >>> len(image.read("data/client-0"))
        4096
        """
        return run(call(self._overlay().read, path))

    def verify(self) -> Verified:
        """Reads all of its blobs and compares their digests and sizes.

        Raises IntegrityError with the digest of the first wrong blob, NotFound if one is missing.

        >>> app.get("v1").verify().blobs
        3
        """
        return run(looking.verify(self._store, self.manifest, self._context.limits))

    def verify_signature(
        self,
        *,
        key: str | bytes | Path = "",
        identity: str = "",
        issuer: str = "",
        trusted_root: str | Path = "",
    ) -> tuple[Signature, ...]:
        """Verifies cosign signatures of this image, or of the index that it was chosen from.

        `key`: PEM of a public key, or its file. `identity` and `issuer`: of a sigstore certificate, which
        needs `pip install 'ocilot[sigstore]'`. `trusted_root`: file `trusted_root.json` of a private
        sigstore; empty: the roots of trust of the public one are fetched. Returns those that are valid, at
        least one. Raises SignatureError if none is, Unsupported without the library, InvalidReference for an
        invalid key or trusted root, StorageError, NetworkError.

        >>> app.get("v1").verify_signature(key=public_key)[0].kind
        'key'
        """
        digests = [self.digest, *([] if self.index is None else [self.index.digest])]
        options = {"key": key, "identity": identity, "issuer": issuer, "trusted_root": trusted_root}
        return run(self._context.verify(self._store, digests, **options))

    def download(self, location: str) -> CopyResult:
        """Copies the image to another location, such as `oci:DIR`, `docker-archive:FILE` or `HOST/NAME:TAG`.

        Raises StorageError, NetworkError, IntegrityError, and Conflict if the file exists.

        >>> app.get("v1").download(f"oci:{directory}/layout").digest == app.get("v1").digest
        True
        """
        return run(looking.download(self._store, self.digest, location, self._context))

    def _overlay(self) -> Overlay:
        # Made when it is asked for: most programs read no files, and its modules take long to load.
        if self._files is None:
            from .files import overlay_of

            self._files = overlay_of(self._store, self.manifest, self._context.limits)
        return self._files

    def layers_chart(self, *, width: int = 960) -> Picture:
        """A picture of its layers: how large each is, and what made it. No I/O; `width` in pixels.

        >>> app.get("v1").layers_chart().save(directory / "layers.svg")
        """
        from ocilot.display import LayerRow, layers

        rows = [LayerRow(layer.digest.short, layer.size, layer.created_by) for layer in self.layers]
        return layers(rows, f"{self._store.location}:{self.reference} {self.platform}", width=width)

    def _repr_html_(self) -> str:
        rows = [(layer.digest.short, size(layer.size), layer.created_by) for layer in self.layers]
        title = f"{self.location} {self.platform} {size(self.size)}"
        return table(title, ("layer", "size", "created by"), rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Image) and other.location == self.location

    def __hash__(self) -> int:
        return hash(self.location)

    def __repr__(self) -> str:
        return f"<Image {self.location} {self.platform}>"


class Index:
    """All images that one name has, for several platforms. Its attributes are data; only methods do I/O.

    >>> index = app.index("latest")
    >>> [str(platform) for platform in index.platforms]
    ['linux/amd64', 'linux/arm64']
    """

    def __init__(self, store: Store, context: Context, reference: str, manifest: Manifest) -> None:
        self._store = store
        self._context = context
        self.reference = reference
        """The tag or digest that it was asked for by."""
        self.manifest = manifest
        """The index itself, with its bytes as `raw`."""

    @property
    def store(self) -> Store:
        """What reads it, for `ocilot.copy`."""
        return self._store

    @property
    def digest(self) -> Digest:
        """Digest of the index."""
        return self.manifest.digest

    @property
    def location(self) -> str:
        """Repository and digest."""
        return f"{self._store.location}@{self.digest}"

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """Platforms of its images, without attestations.

        >>> len(app.index("latest").platforms)
        2
        """
        return looking.platforms_of(self.manifest)

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations of the index."""
        return self.manifest.annotations

    @property
    def descriptor(self) -> Descriptor:
        """Descriptor of the index."""
        return self.manifest.descriptor

    def image(self, platform: str | Platform | None = None) -> Image:
        """The image for a platform; None: that of this machine.

        Raises PlatformNotFound, whose `available` names the others.

        >>> str(app.index("latest").image("linux/arm64").platform)
        'linux/arm64'
        """
        found = run(looking.image(self._store, str(self.digest), platform, self._context.limits))
        return Image(self._store, self._context, found)

    def images(self) -> tuple[Image, ...]:
        """All its images, without attestations.

        >>> [str(image.platform) for image in app.index("latest").images()]
        ['linux/amd64', 'linux/arm64']
        """
        found = run(looking.images(self._store, self.reference, self.manifest, self._context.limits))
        return tuple(Image(self._store, self._context, one) for one in found)

    def referrers(self, artifact_type: str = "") -> Listing[Referrer]:
        """Artifacts whose subject is the index itself; `artifact_type`: only those of this type.

        >>> app.index("latest").referrers().all()
        []
        """
        return Listing(
            f"referrers of {self.location}",
            looking.referrer_pages(self._store, [self.digest], artifact_type),
            Referrer.to_json,
        )

    def _repr_html_(self) -> str:
        rows = [
            (one.digest.short, one.platform or "", size(one.size), one.annotations)
            for one in self.manifest.manifests
        ]
        return table(self.location, ("digest", "platform", "size of manifest", "annotations"), rows)

    def __repr__(self) -> str:
        return f"<Index {self.location} {counted(len(self.manifest.manifests), 'manifest')}>"
