"""What the stores of the bench hold. The same on every machine: all bytes come from a seed."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST_SIZE = 1082
"""Bytes: an image of five layers as docker writes it."""


@dataclass(frozen=True)
class Blob:
    """Random bytes: nothing that compresses, is the same elsewhere or has holes."""

    seed: str
    size: int

    def chunks(self) -> Iterator[bytes]:
        source = random.Random(self.seed)
        for offset in range(0, self.size, MIB):
            yield source.randbytes(min(MIB, self.size - offset))

    def digest(self) -> str:
        running = hashlib.sha256()
        for chunk in self.chunks():
            running.update(chunk)
        return f"sha256:{running.hexdigest()}"


@dataclass(frozen=True)
class Manifest:
    """Its bytes, and the facts about it."""

    data: bytes
    media_type: str
    tags: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    subject: str | None = None
    artifact_type: str = ""

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"


@dataclass(frozen=True)
class Repository:
    """Blobs and manifests, made while they are read: no list of a million is ever held."""

    name: str
    blobs: Callable[[], Iterable[Blob]] = field(default=tuple)
    manifests: Callable[[], Iterable[Manifest]] = field(default=tuple)
    only_ocilot: bool = False
    """No other server is asked for it in the store it is in."""
    only_listed: bool = False
    """Nobody is asked for its content: distribution gets no more of it than lists need."""


def descriptor(media_type: str, blob: Blob, digest: str) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest, "size": blob.size}


@cache
def layers() -> tuple[tuple[Blob, str], ...]:
    """What all images are made of."""
    blobs = [Blob(f"layer {n}", 2 * KIB + 64 * n) for n in range(200)]
    return tuple((blob, blob.digest()) for blob in blobs)


def image(number: int, tags: tuple[str, ...]) -> Manifest:
    pool = layers()
    parts = [pool[(number * 7 + n * 31) % len(pool)] for n in range(6)]
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, *parts[0]),
        "layers": [descriptor(LAYER, *part) for part in parts[1:]],
        "annotations": {"number": str(number), "filler": ""},
    }
    bare = len(json.dumps(document))
    document["annotations"] = {"number": str(number), "filler": "x" * max(0, MANIFEST_SIZE - bare)}
    digests = tuple(dict.fromkeys(digest for _, digest in parts))
    return Manifest(json.dumps(document).encode(), MANIFEST, tags, digests)


def app(tags: int = 10_000, only_ocilot: bool = False) -> Repository:
    """Images, each with its tag."""

    def manifests() -> Iterator[Manifest]:
        return (image(number, (f"v{number}",)) for number in range(tags))

    return Repository("bench/app", lambda: (blob for blob, _ in layers()), manifests, only_ocilot)


def same_size(name: str, count: int, size: int, only_ocilot: bool = False) -> Repository:
    """Blobs of one size. Those of the smaller stores are in the greater ones too."""

    def blobs() -> Iterator[Blob]:
        return (Blob(f"{size}/{number}", size) for number in range(count))

    return Repository(name, blobs, only_ocilot=only_ocilot)


HEAP_LAYERS = 1_000
"""Layers of an image of a heap."""


def heap_image(name: str, number: int, layers_: int = HEAP_LAYERS) -> Manifest:
    """An image whose layers no other image has."""
    parts = [(blob, blob.digest()) for blob in heap_layers(name, number, layers_)]
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, *parts[0]),
        "layers": [descriptor(LAYER, *part) for part in parts],
    }
    return Manifest(
        json.dumps(document).encode(), MANIFEST, (f"v{number}",), tuple(digest for _, digest in parts)
    )


def heap_layers(name: str, number: int, layers_: int) -> list[Blob]:
    return [Blob(f"{name} {number} {layer}", 64) for layer in range(layers_)]


def heap(name: str, count: int, layers_: int = HEAP_LAYERS) -> Repository:
    """Small blobs, `count` of them, in images that share nothing: what a deletion makes garbage of."""
    images = range(-(-count // layers_))

    def blobs() -> Iterator[Blob]:
        return (blob for number in images for blob in heap_layers(name, number, layers_))

    return Repository(
        name, blobs, lambda: (heap_image(name, number, layers_) for number in images), only_ocilot=True
    )


def empty_index(**annotations: str) -> bytes:
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": annotations}
    return json.dumps(document).encode()


def tags(count: int = 100_000) -> Repository:
    """A repository with many tags, all of one manifest."""
    names = tuple(f"v{number:06}" for number in range(count))
    return Repository(
        "bench/tags", manifests=lambda: [Manifest(empty_index(), INDEX, names)], only_listed=True
    )


def many_repositories(count: int = 100_000) -> Iterator[Repository]:
    one = [Manifest(empty_index(), INDEX)]
    names = (f"many/r{number:06}" for number in range(count))
    return (Repository(name, manifests=lambda: one, only_listed=True) for name in names)


def referrer(subject: Manifest, number: int) -> Manifest:
    kind = f"application/vnd.bench.kind-{number % 3}"
    document = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "artifactType": kind,
        "manifests": [],
        "subject": {"mediaType": INDEX, "digest": subject.digest, "size": len(subject.data)},
        "annotations": {"number": str(number)},
    }
    return Manifest(json.dumps(document).encode(), INDEX, subject=subject.digest, artifact_type=kind)


def subject(number: int) -> Manifest:
    return Manifest(empty_index(subject=str(number)), INDEX)


SUBJECTS = 10_000
"""Manifests with a few referrers each; one more has many."""


def referrers(subjects: int = SUBJECTS, each: int = 10, most: int = 5_000) -> Repository:
    """Subject 0 has `most` referrers, the others have `each`."""

    def manifests() -> Iterator[Manifest]:
        for number in range(subjects + 1):
            one = subject(number)
            yield one
            yield from (referrer(one, n) for n in range(each if number else most))

    return Repository("bench/referrers", manifests=manifests, only_ocilot=True)


def mix_sizes(model: Path, count: int, large: int) -> tuple[list[int], list[int]]:
    """Sizes of small blobs, of which there are many, and of large ones, of which few serve all requests:
    both are spread evenly over the model's quantiles, so that drawn in proportion they are distributed so."""
    quantiles: list[float] = json.loads(model.read_text())[
        "blob_get_response_bytes_quantiles_0_2_..98_99_100"
    ]
    points = [*(n * 0.02 for n in range(50)), 0.99, 1.0]

    def size_at(share: float) -> int:
        above = next(n for n, point in enumerate(points) if point >= share and n)
        low, high = points[above - 1], points[above]
        part = (share - low) / (high - low)
        return max(1, round(quantiles[above - 1] + part * (quantiles[above] - quantiles[above - 1])))

    edge = MIX_EDGE
    smalls = [size_at(edge * (n + 0.5) / count) for n in range(count)]
    larges = [size_at(edge + (1 - edge) * (n + 0.5) / large) for n in range(large)]
    return smalls, larges


MIX_EDGE = 0.66
"""The share of requests in the model that are for less than 1 MB."""
MIX_SMALL, MIX_LARGE = 6_600, 64


def mix(model: Path) -> Repository:
    """Blobs for the production mix: the names of seeds tell the small from the large."""
    smalls, larges = mix_sizes(model, MIX_SMALL, MIX_LARGE)

    def blobs() -> Iterator[Blob]:
        yield from (Blob(f"mix small {n}", size) for n, size in enumerate(smalls))
        yield from (Blob(f"mix large {n}", size) for n, size in enumerate(larges))

    return Repository("bench/mix", blobs)


def stores(model: Path) -> dict[str, Callable[[], Iterator[Repository]]]:
    """Every store there is, by name."""

    def small() -> Iterator[Repository]:
        yield app()
        yield same_size("bench/blobs", 1_000, 4 * KIB, only_ocilot=True)

    def main() -> Iterator[Repository]:
        yield app()
        yield same_size("bench/blobs", 100_000, 4 * KIB)

    def large() -> Iterator[Repository]:
        yield app(100)
        yield same_size("bench/1m", 256, MIB)
        yield same_size("bench/100m", 8, 100 * MIB)
        yield same_size("bench/1g", 1, GIB)

    def million() -> Iterator[Repository]:
        yield app()
        yield tags()
        yield same_size("bench/blobs", 1_000_000, 4 * KIB, only_ocilot=True)

    def mixed() -> Iterator[Repository]:
        yield app()
        yield mix(model)

    def lists() -> Iterator[Repository]:
        yield tags()
        yield referrers()
        yield from many_repositories()

    return {
        "small": small,
        "main": main,
        "large": large,
        "million": million,
        "mix": mixed,
        "lists": lists,
    }
