"""The little that all clients push: from a small pool, so that every digest goes and is pushed again all the
time, in several repositories at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from ..images import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Content, to_json

LAYERS, IMAGES, INDEXES, DOCUMENTS = 20, 24, 8, 5
SIZES = (100, 3000, 3000, 30_000, 150_000)
EMPTY = Content("application/vnd.oci.empty.v1+json", b"{}")
DOCUMENT_TYPES = ("application/spdx+json", "application/vnd.dev.cosign.simplesigning.v1+json")


@dataclass(frozen=True)
class Artifact:
    """A manifest, with all that it names."""

    content: Content
    blobs: tuple[Content, ...] = ()
    children: tuple[Artifact, ...] = ()
    subject: str = ""

    @property
    def digest(self) -> str:
        return self.content.digest

    def tree(self) -> Iterator[Artifact]:
        """Itself, and the manifests that it names."""
        yield self
        for child in self.children:
            yield from child.tree()


class Pool:
    """What there is to push."""

    def __init__(self, seed: str) -> None:
        source = random.Random(f"{seed}/content")
        self.layers = [Content(OCI_LAYER, source.randbytes(source.choice(SIZES))) for _ in range(LAYERS)]
        self._documents = [source.randbytes(source.choice(SIZES[:3])) for _ in range(DOCUMENTS)]
        self.images = [self._image(source, number) for number in range(IMAGES)]
        self.indexes = [self._index(source.sample(self.images, 2)) for _ in range(INDEXES)]
        self.referrers = {
            image.digest: [self._document(source, image, type_, True) for type_ in DOCUMENT_TYPES]
            for image in [*self.images, *self.indexes]
        }
        self.signatures = {
            image.digest: self._document(source, image, DOCUMENT_TYPES[1], False) for image in self.images
        }
        artifacts = [*self.images, *self.indexes, *self.signatures.values()]
        for referrers in self.referrers.values():
            artifacts += referrers
        self.artifacts = {artifact.digest: artifact for artifact in artifacts}

    def _image(self, source: random.Random, number: int) -> Artifact:
        # Two images share a configuration each, as two tags of one build with other annotations do.
        config = Content(OCI_CONFIG, to_json({"os": "linux", "architecture": "amd64", "n": number // 2}))
        layers = source.sample(self.layers, source.randint(1, 3))
        return self._manifest(config, layers, {"annotations": {"number": str(number)}})

    def _document(self, source: random.Random, of: Artifact, type_: str, refers: bool) -> Artifact:
        layer = Content(type_, source.choice(self._documents))
        more: dict[str, object] = {"annotations": {"of": of.digest}, "artifactType": type_}
        if not refers:
            return self._manifest(EMPTY, [layer], more)
        return self._manifest(EMPTY, [layer], more | {"subject": of.content.descriptor()}, of.digest)

    @staticmethod
    def _manifest(
        config: Content, layers: list[Content], more: dict[str, object], subject: str = ""
    ) -> Artifact:
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config.descriptor(),
            "layers": [layer.descriptor() for layer in layers],
        }
        return Artifact(Content(OCI_MANIFEST, to_json(document | more)), (config, *layers), subject=subject)

    @staticmethod
    def _index(images: list[Artifact]) -> Artifact:
        manifests = [
            image.content.descriptor(platform={"os": "linux", "architecture": name})
            for image, name in zip(images, ("amd64", "arm64"), strict=True)
        ]
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
        return Artifact(Content(OCI_INDEX, to_json(document)), children=tuple(images))
