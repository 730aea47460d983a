"""Makes images by hand: the same arguments make the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

MIB = 1024 * 1024
SECOND = 1_700_000_000


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def noise(size: int, seed: str) -> bytes:
    """Bytes that no compressor makes shorter."""
    return random.Random(seed).randbytes(size)


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """A small root file system."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            tar.addfile(entry(name, len(data)), io.BytesIO(data))
    return out.getvalue()


def entry(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, SECOND, 0o644
    return info


def to_json(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


@dataclass(frozen=True)
class Content:
    """Bytes with their media type: a blob or a manifest."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.data)

    @property
    def size(self) -> int:
        return len(self.data)

    def descriptor(self, **more: Any) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data), **more}


@dataclass(frozen=True)
class Image:
    manifest: Content
    config: Content
    layers: tuple[Content, ...]
    platform: dict[str, str] = field(default_factory=lambda: {"os": "linux", "architecture": "amd64"})

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def blobs(self) -> tuple[Content, ...]:
        return (self.config, *self.layers)


def make_image(
    seed: str, *, layers: int = 2, size: int = 4096, architecture: str = "amd64", docker: bool = False
) -> Image:
    """An image whose layers hold one file of `size` bytes each."""
    tars = [tar_of({f"data/{seed}-{number}": noise(size, f"{seed}/{number}")}) for number in range(layers)]
    layer_type = DOCKER_LAYER if docker else OCI_LAYER
    packed = tuple(Content(layer_type, gzip.compress(tar, 1, mtime=0)) for tar in tars)
    platform = {"os": "linux", "architecture": architecture}
    config = Content(
        DOCKER_CONFIG if docker else OCI_CONFIG, to_json(image_config([digest_of(t) for t in tars], platform))
    )
    media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
    return Image(
        Content(media_type, to_json(image_manifest(media_type, config, packed))), config, packed, platform
    )


def image_config(diff_ids: Sequence[str], platform: Mapping[str, str]) -> dict[str, Any]:
    return {
        "created": "2023-11-14T22:13:20Z",
        **platform,
        "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
        "history": [{"created": "2023-11-14T22:13:20Z", "created_by": "by hand"} for _ in diff_ids],
    }


def image_manifest(media_type: str, config: Content, layers: Sequence[Content]) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": config.descriptor(),
        "layers": [layer.descriptor() for layer in layers],
    }


def make_index(images: Sequence[Image], *, docker: bool = False) -> Content:
    """One name for several platforms."""
    media_type = DOCKER_LIST if docker else OCI_INDEX
    manifests = [image.manifest.descriptor(platform=image.platform) for image in images]
    return Content(media_type, to_json({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}))


def write_layout(directory: Path, images: Sequence[Image], top: Content, tag: str) -> None:
    """An OCI image layout that names `top`."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for content in [top, *(c for image in images for c in (image.manifest, *image.blobs))]:
        (blobs / content.digest.removeprefix("sha256:")).write_bytes(content.data)
    (directory / "oci-layout").write_bytes(to_json({"imageLayoutVersion": "1.0.0"}))
    named = top.descriptor(annotations={"org.opencontainers.image.ref.name": tag})
    (directory / "index.json").write_bytes(to_json({"schemaVersion": 2, "manifests": [named]}))


def layout_files(directory: Path) -> dict[str, bytes]:
    """Every blob of an OCI image layout by its digest."""
    return {
        f"sha256:{path.name}": path.read_bytes()
        for path in sorted((directory / "blobs" / "sha256").iterdir())
    }


def write_docker_archive(path: Path, tag: str, layer_sizes: Sequence[int], seed: str) -> list[str]:
    """What `docker load` reads: layers of one file each, as large as asked. Answers their diff ids.

    Layers go to the file piece by piece: they may be larger than what one likes to hold in memory.
    """
    diff_ids: list[str] = []
    names: list[str] = []
    with tarfile.open(path, "w") as archive:
        for number, size in enumerate(layer_sizes):
            layer = path.with_suffix(f".layer{number}")
            diff_ids.append(write_layer(layer, f"data/part{number}", size, f"{seed}/{number}"))
            names.append(f"{number}/layer.tar")
            archive.add(layer, names[-1])
            layer.unlink()
        config = to_json(image_config(diff_ids, {"os": "linux", "architecture": "amd64"}))
        listing = to_json([{"Config": "config.json", "RepoTags": [tag], "Layers": names}])
        for name, data in (("config.json", config), ("manifest.json", listing)):
            archive.addfile(entry(name, len(data)), io.BytesIO(data))
    return diff_ids


def write_layer(path: Path, name: str, size: int, seed: str) -> str:
    """An uncompressed layer with one file of noise; answers its digest."""
    with tarfile.open(path, "w") as tar:
        tar.addfile(entry(name, size), NoiseFile(size, seed))
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


class NoiseFile(io.RawIOBase):
    """`size` bytes of noise, made while they are read."""

    def __init__(self, size: int, seed: str) -> None:
        self._pieces = self._make(size, random.Random(seed))
        self._rest = b""

    @staticmethod
    def _make(size: int, source: random.Random) -> Iterator[bytes]:
        for done in range(0, size, MIB):
            yield source.randbytes(min(MIB, size - done))

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._rest += piece
        answer, self._rest = self._rest[:size], self._rest[size:]
        return answer
