"""Pushes images of tests/server/images.py by the client's own stores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tests.server.images import Content, Image, make_image, make_index

import ocilot
from ocilot.client.drive import run
from ocilot.client.streams import of_bytes
from ocilot.oci import Descriptor, Digest, Manifest

AMD64 = make_image("client", layers=2)
ARM64 = make_image("client-arm", layers=1, architecture="arm64")
INDEX = make_index([AMD64, ARM64])


def push_blob(app: ocilot.Repository, content: Content) -> Descriptor:
    descriptor = Descriptor(content.media_type, Digest(content.digest), content.size)
    run(app.store.put(descriptor, partial(of_bytes, content.data)))
    return descriptor


def push(app: ocilot.Repository, image: Image = AMD64, *tags: str) -> Manifest:
    """An image, under tags, or by digest."""
    for blob in image.blobs:
        push_blob(app, blob)
    return push_manifest(app, image.manifest, tags)


def push_manifest(app: ocilot.Repository, content: Content, tags: Sequence[str] = ()) -> Manifest:
    manifest = Manifest(content.data, content.media_type)
    for tag in tags or ("",):
        run(app.store.put_manifest(manifest, tag))
    return manifest


def push_index(app: ocilot.Repository, *tags: str) -> Manifest:
    """An index of two images."""
    push(app, AMD64)
    push(app, ARM64)
    return push_manifest(app, INDEX, tags)
