"""Reads what `docker save`, `podman save` and buildx write: all have a `manifest.json`, which decides."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ocilot.client.steps import Steps, Stream, call
from ocilot.client.store import Page, Store
from ocilot.counting import counted
from ocilot.errors import ArchiveError, Error, IntegrityError, NotFound
from ocilot.layers import compressed, compression_of
from ocilot.oci import Config, Descriptor, Digest, Hasher, Manifest
from ocilot.oci.media_types import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_LAYER_GZIP,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
)

from . import index_entries as names
from .files import PIECE, BytesStream, FileStream, LocalFile, explained
from .kinds import refuse
from .oci_archive import blob_name
from .tar_index import TarIndex

_TYPES: Final = {"none": DOCKER_LAYER, "gzip": DOCKER_LAYER_GZIP}
_OCI_TYPES: Final = {"none": OCI_LAYER, "gzip": OCI_LAYER_GZIP, "zstd": OCI_LAYER_ZSTD}
"""Of an image with layers of zstd, for which docker has no type."""


@dataclass
class SavedImage:
    """An entry of `manifest.json`."""

    config_name: str
    tags: tuple[str, ...]
    """As docker shows them, such as `alpine:3.22`."""
    layers: tuple[str, ...]
    """Names of the layers in the archive, the lowest first."""
    manifest: Manifest | None = field(default=None)
    """Once it is known."""


class DockerArchive(Store):
    """A docker archive. Its tags are its RepoTags; its images have the configs that docker knows them by.

    The manifest that the archive has for an image is used if it is whole; else one is made of docker's media
    types (of OCI's if a layer is compressed with zstd), whose layers are as the archive has them.
    """

    def __init__(self, tar: TarIndex, *, compression: str = "none") -> None:
        """`compression`: `gzip` compresses layers that the archive has uncompressed, as for a registry.

        Raises ArchiveError if it is another kind of archive. Closes the tar with itself.
        """
        if "manifest.json" not in tar:
            raise refuse(tar.found, "a docker archive")
        self.location: str = f"docker-archive:{tar.path}"
        self._tar = tar
        self._compression = compression
        self._images = _parse(tar.read("manifest.json"), self.location)
        self._blobs: dict[Digest, tuple[LocalFile, int, int]] = {}
        self._spooled: list[LocalFile] = []
        self._originals: dict[Digest, Manifest] | None = None

    def images(self) -> tuple[SavedImage, ...]:
        """Entries of `manifest.json`, in their order."""
        return tuple(self._images)

    def tags(self, after: str = "") -> Steps[Page[str]]:
        """RepoTags of all images."""
        found = sorted({tag for image in self._images for tag in image.tags})
        yield from ()
        return Page([tag for tag in found if tag > after], "")

    def resolve(self, reference: str) -> Steps[Descriptor]:
        """The descriptor of a name, such as `alpine:3.22`, or of a digest. Empty: the only image."""
        return (yield from self.manifest(reference)).descriptor

    def manifest(self, reference: str) -> Steps[Manifest]:
        """The manifest of a name, a digest, or the digest of a config: docker's image ID."""
        return (yield from call(self._manifest, reference))

    def _manifest(self, reference: str) -> Manifest:
        if not reference.startswith(("sha256:", "sha512:")):
            return self._built(self._chosen(reference))
        for image in self._images:
            manifest = self._built(image)
            if reference in (manifest.digest, manifest.config and manifest.config.digest):
                return manifest
        raise NotFound(f"no manifest {reference} in {self.location}")

    def _chosen(self, reference: str) -> SavedImage:
        entries: list[Descriptor] = []
        image_of: dict[Digest, SavedImage] = {}
        for image in self._images:
            config = Config(self._tar.read(image.config_name)).digest
            image_of[config] = image
            for tag in image.tags or ("",):
                annotations = names.annotations_for(tag) if tag else {}
                entries.append(Descriptor("", config, 0, annotations=annotations))
        return image_of[names.choose(entries, reference, self.location).digest]

    def _built(self, image: SavedImage) -> Manifest:
        if image.manifest is None:
            raw = self._tar.read(image.config_name)
            config = Config(raw)
            if len(config.diff_ids) != len(image.layers):
                raise ArchiveError(
                    f"invalid image {config.digest.short} in {self.location}: its config names "
                    f"{counted(len(config.diff_ids), 'layer')}, manifest.json {len(image.layers)}"
                )
            image.manifest = self._original(config) or self._made(config, image)
        return image.manifest

    def _original(self, config: Config) -> Manifest | None:
        """The image's own manifest, if the archive has it and all that it names."""
        if self._originals is None:
            self._originals = {m.config.digest: m for m in self._own_manifests() if m.config is not None}
        found = self._originals.get(config.digest)
        if found is None or len(found.layers) != len(config.diff_ids):
            # Docker 25.0.0 wrote manifests without layers.
            return None
        if self._compression != "none" and any(self._compression_of(blob) == "none" for blob in found.layers):
            return None
        for blob in found.blobs():
            name = blob_name(blob.digest)
            if name not in self._tar or self._tar.entry(name).size != blob.size:
                return None
        for blob in found.blobs():
            entry = self._tar.entry(blob_name(blob.digest))
            self._blobs[blob.digest] = (self._tar.file, entry.offset, entry.size)
        return found

    def _own_manifests(self) -> Iterator[Manifest]:
        if "index.json" not in self._tar:
            return
        left = names.parse(self._tar.read("index.json"), self.location)[1]
        seen: set[Digest] = set()
        while left:
            entry = left.pop()
            name = blob_name(entry.digest)
            if entry.digest in seen or name not in self._tar:
                continue
            seen.add(entry.digest)
            try:
                manifest = Manifest(self._tar.read(name), entry.media_type)
            except Error:
                continue
            if manifest.digest != entry.digest:
                continue
            left.extend(manifest.manifests)
            if not manifest.is_index:
                yield manifest

    def _compression_of(self, blob: Descriptor) -> str:
        name = blob_name(blob.digest)
        if name not in self._tar:
            return "none"
        return compression_of(self._tar.file.read_at(self._tar.entry(name).offset, 8))

    def _made(self, config: Config, image: SavedImage) -> Manifest:
        layers = [
            self._layer(name, diff_id) for name, diff_id in zip(image.layers, config.diff_ids, strict=True)
        ]
        entry = self._tar.entry(image.config_name)
        self._blobs[config.digest] = (self._tar.file, entry.offset, entry.size)
        of_docker = all(kind in _TYPES for kind, _, _ in layers)
        type_of = _TYPES if of_docker else _OCI_TYPES
        config_type = DOCKER_CONFIG if of_docker else OCI_CONFIG
        return Manifest.of(
            {
                "schemaVersion": 2,
                "mediaType": DOCKER_MANIFEST if of_docker else OCI_MANIFEST,
                "config": Descriptor(config_type, config.digest, len(config.raw)).to_json(),
                "layers": [
                    Descriptor(type_of[kind], digest, size).to_json() for kind, digest, size in layers
                ],
            }
        )

    def _layer(self, name: str, diff_id: Digest) -> tuple[str, Digest, int]:
        """How a layer is compressed, its digest and its size."""
        entry = self._tar.entry(name)
        kind = compression_of(self._tar.file.read_at(entry.offset, min(8, entry.size)))
        if kind not in _OCI_TYPES:
            raise ArchiveError(
                f"layer {name} in {self.location} is compressed with {kind}: expected gzip, zstd or none"
            )
        if kind == "none" and self._compression != "none":
            return self._compressed(name, diff_id)
        # The digest of an uncompressed layer is its diff_id; whoever reads it checks that.
        digest = diff_id if kind == "none" else self._hashed(entry.offset, entry.size)
        self._blobs[digest] = (self._tar.file, entry.offset, entry.size)
        return kind, digest, entry.size

    def _hashed(self, offset: int, size: int) -> Digest:
        hasher = Hasher()
        for piece in self._pieces(offset, size):
            hasher.update(piece)
        return hasher.digest

    def _compressed(self, name: str, diff_id: Digest) -> tuple[str, Digest, int]:
        entry = self._tar.entry(name)
        plain, packed = Hasher(diff_id.algorithm), Hasher()

        def pieces() -> Iterator[bytes]:
            for piece in self._pieces(entry.offset, entry.size):
                plain.update(piece)
                yield piece

        with explained("write", tempfile.gettempdir()):
            spool = LocalFile(tempfile.TemporaryFile(prefix="ocilot-"), tempfile.gettempdir())  # noqa: SIM115
        self._spooled.append(spool)
        for piece in compressed(pieces(), self._compression):
            spool.write_at(packed.size, piece)
            packed.update(piece)
        if plain.digest != diff_id:
            raise IntegrityError(
                f"layer {name} in {self.location} is damaged: expected digest {diff_id}, found {plain.digest}"
            )
        self._blobs[packed.digest] = (spool, 0, packed.size)
        return self._compression, packed.digest, packed.size

    def _pieces(self, offset: int, size: int) -> Iterator[bytes]:
        end = offset + size
        while offset < end and (piece := self._tar.file.read_at(offset, min(PIECE, end - offset))):
            yield piece
            offset += len(piece)

    def open(self, blob: Descriptor, offset: int = 0, length: int | None = None) -> Steps[Stream]:
        """Bytes of a blob of an image whose manifest was read."""
        found = self._blobs.get(blob.digest)
        if found is None:
            for image in self._images:
                yield from call(self._built, image)
            found = self._blobs.get(blob.digest)
        if found is None:
            raise NotFound(f"no blob {blob.digest} in {self.location}")
        file, start, size = found
        wanted = size - offset if length is None else min(length, size - offset)
        return FileStream(file, start + offset, wanted) if wanted > 0 else BytesStream(b"")

    def has(self, blob: Descriptor) -> Steps[bool]:
        """Whether an image has the blob."""
        for image in self._images:
            yield from call(self._built, image)
        found = self._blobs.get(blob.digest)
        return found is not None and found[2] == blob.size

    def close(self) -> Steps[None]:
        """Closes the file, and removes what was written under TMPDIR."""
        yield from call(self._close)

    def _close(self) -> None:
        for file in self._spooled:
            file.close()
        self._tar.close()


def _parse(raw: bytes, location: str) -> list[SavedImage]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise ArchiveError(f"invalid manifest.json of {location}: not JSON ({problem})") from None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ArchiveError(f"invalid manifest.json of {location}: expected a list of images")
    return [_image(item, location) for item in found]


def _image(item: dict[str, Any], location: str) -> SavedImage:
    config, layers = item.get("Config"), _texts(item.get("Layers"))
    if not isinstance(config, str) or layers is None:
        raise ArchiveError(f"invalid manifest.json of {location}: an image without Config or Layers")
    return SavedImage(config, tuple(_texts(item.get("RepoTags")) or ()), tuple(layers))


def _texts(found: Any) -> Sequence[str] | None:
    if found is None:
        return ()
    return found if isinstance(found, list) and all(isinstance(text, str) for text in found) else None
