"""Archives as other programs write them, made by hand: the same images in each of the five forms."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.server.images import OCI_INDEX, Content, Image, entry, make_image

from ocilot.archives import open_file, open_store
from ocilot.archives.files import opener_of
from ocilot.client.drive import run
from ocilot.client.store import Store
from ocilot.client.transfer import Download, read_all
from ocilot.oci import Descriptor, Manifest, digest_of

TWO = (make_image("first"), make_image("second", layers=3))
TAGS = ("one.example/first:1", "second:2")
Files = dict[str, bytes | str]
"""Contents by names; a text is the target of a symlink."""


def tar_bytes(files: Files) -> bytes:
    """A tar of these files, in this order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            if isinstance(data, str):
                info = entry(name, 0)
                info.type, info.linkname = tarfile.SYMTYPE, data
                tar.addfile(info)
            else:
                tar.addfile(entry(name, len(data)), io.BytesIO(data))
    return out.getvalue()


def plain(layer: Content) -> bytes:
    return gzip.decompress(layer.data)


def hex_of(data: bytes) -> str:
    return digest_of(data).hex


def legacy(images: Sequence[Image] = TWO, tags: Sequence[str] = TAGS) -> Files:
    """`docker save` before version 25; a layer that two images have is a symlink the second time."""
    files: Files = {}
    listing: list[dict[str, Any]] = []
    seen: dict[str, str] = {}
    for number, (image, tag) in enumerate(zip(images, tags, strict=True)):
        layers = []
        for place, layer in enumerate(image.layers):
            directory = f"{number}{place}" * 32
            files[f"{directory}/VERSION"] = b"1.0"
            files[f"{directory}/json"] = b"{}"
            data = plain(layer)
            first = seen.setdefault(hex_of(data), directory)
            files[f"{directory}/layer.tar"] = data if first == directory else f"../{first}/layer.tar"
            layers.append(f"{directory}/layer.tar")
        config = f"{hex_of(image.config.data)}.json"
        files[config] = image.config.data
        listing.append({"Config": config, "RepoTags": [tag], "Layers": layers})
    return files | {"manifest.json": to_json(listing), "repositories": b"{}"}


def podman(images: Sequence[Image] = TWO, tags: Sequence[str] = TAGS) -> Files:
    """`podman save`: layers by their digests, and links for programs that expect the old form."""
    files: Files = {}
    listing = []
    for image, tag in zip(images, tags, strict=True):
        layers = []
        for place, layer in enumerate(image.layers):
            data = plain(layer)
            files[f"{hex_of(data)}.tar"] = data
            files[f"{hex_of(image.config.data)[:60]}{place:04}/layer.tar"] = f"../{hex_of(data)}.tar"
            layers.append(f"{hex_of(data)}.tar")
        config = f"{hex_of(image.config.data)}.json"
        files[config] = image.config.data
        listing.append({"Config": config, "RepoTags": [tag], "Layers": layers})
    return {**files, "manifest.json": to_json(listing), "repositories": b"{}"}


def docker25(images: Sequence[Image] = TWO, tags: Sequence[str] = TAGS, *, broken: bool = False) -> Files:
    """`docker save` since version 25: a layout of uncompressed layers. `broken`: as 25.0.0 wrote it."""
    plain_images = [uncompressed(image, broken=broken) for image in images]
    files = layout(plain_images, tags)
    listing = []
    for image, tag in zip(images, tags, strict=True):
        layers = [f"blobs/sha256/{hex_of(plain(layer))}" for layer in image.layers]
        for layer in image.layers:
            files[f"blobs/sha256/{hex_of(plain(layer))}"] = plain(layer)
        config = f"blobs/sha256/{hex_of(image.config.data)}"
        listing.append({"Config": config, "RepoTags": [tag], "Layers": layers})
    return files | {"manifest.json": to_json(listing), "repositories": b"{}"}


def containerd(images: Sequence[Image] = TWO, tags: Sequence[str] = TAGS) -> Files:
    """`docker save` of an engine with containerd's store: the layout as it was pulled, and a list."""
    files = layout(images, tags)
    listing = [
        {
            "Config": f"blobs/sha256/{hex_of(image.config.data)}",
            "RepoTags": [tag],
            "Layers": [f"blobs/sha256/{hex_of(layer.data)}" for layer in image.layers],
        }
        for image, tag in zip(images, tags, strict=True)
    ]
    return files | {"manifest.json": to_json(listing)}


def buildx(images: Sequence[Image] = TWO, tags: Sequence[str] = TAGS) -> Files:
    """`docker buildx build --output type=docker` of old versions: a list, but no layout."""
    files = containerd(images, tags)
    kept = {f"blobs/sha256/{hex_of(blob.data)}" for image in images for blob in image.blobs}
    return {name: data for name, data in files.items() if name == "manifest.json" or name in kept}


FORMS: dict[str, Callable[[], Files]] = {
    "legacy": legacy,
    "docker25": docker25,
    "containerd": containerd,
    "buildx": buildx,
    "podman": podman,
}


def uncompressed(image: Image, *, broken: bool = False) -> Image:
    """The same image with uncompressed layers; `broken`: whose manifest has none."""
    layers = tuple(Content("application/vnd.oci.image.layer.v1.tar", plain(layer)) for layer in image.layers)
    fields = json.loads(image.manifest.data)
    fields["layers"] = [] if broken else [layer.descriptor() for layer in layers]
    return Image(Content(image.manifest.media_type, to_json(fields)), image.config, layers)


def layout(images: Sequence[Image], tags: Sequence[str]) -> Files:
    """A layout that names images as containerd does."""
    files: Files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
    entries = []
    for image, tag in zip(images, tags, strict=True):
        for content in (image.manifest, *image.blobs):
            files[f"blobs/sha256/{hex_of(content.data)}"] = content.data
        names = {
            "io.containerd.image.name": tag,
            "org.opencontainers.image.ref.name": tag.rpartition(":")[2],
        }
        entries.append(image.manifest.descriptor(annotations=names))
    return files | {"index.json": to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})}


def to_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def put_image(store: Store, image: Image, *tags: str) -> Manifest:
    """Stores an image under tags."""
    for blob in image.blobs:
        run(store.put(descriptor_of(blob), opener_of(blob.data)))
    manifest = Manifest(image.manifest.data, image.manifest.media_type)
    for tag in tags or ("",):
        run(store.put_manifest(manifest, tag))
    return manifest


def descriptor_of(blob: Content) -> Descriptor:
    return Descriptor(blob.media_type, digest_of(blob.data), len(blob.data))


def blob_of(store: Store, blob: Descriptor) -> bytes:
    """All of a blob, verified."""
    return run(read_all(run(Download(store, blob).open()), blob.size, "blob"))


def blobs_of(store: Store, reference: str) -> list[bytes]:
    """Config and layers of an image, verified."""
    return [blob_of(store, blob) for blob in run(store.manifest(reference)).blobs()]


def tags_of(store: Store) -> list[str]:
    return list(run(store.tags()).items)


def written(path: Path, files: Files | bytes) -> Path:
    path.write_bytes(files if isinstance(files, bytes) else tar_bytes(files))
    return path


_OPENED: list[Store] = []


def opened(place: str | Path, compression: str = "none") -> Store:
    """A store of a file, which `close_opened` closes."""
    store = (
        open_store(place, compression=compression)
        if isinstance(place, str)
        else open_file(place, compression=compression)
    )
    _OPENED.append(store)
    return store


def close_opened() -> None:
    """For the end of a test."""
    while _OPENED:
        run(_OPENED.pop().close())
