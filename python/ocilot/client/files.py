"""The files of an image, read out of its layers: blocking readers over the streams of a store."""

from __future__ import annotations

from functools import partial

from ocilot.errors import Unsupported
from ocilot.layers import LayerSource, Overlay
from ocilot.oci import Descriptor, Manifest
from ocilot.oci.media_types import NONDISTRIBUTABLE

from .drive import run
from .options import Limits
from .reader import BlobReader
from .store import Store
from .transfer import read_all


def overlay_of(store: Store, manifest: Manifest, limits: Limits) -> Overlay:
    """The layers of an image, not opened yet. What reads them blocks."""
    return Overlay(sources_of(store, manifest, limits), f"{store.location}@{manifest.digest}")


def sources_of(store: Store, manifest: Manifest, limits: Limits) -> list[LayerSource]:
    """The layers of an image, the lowest first, not opened yet."""
    return [
        LayerSource(
            str(layer.digest),
            partial(BlobReader, store, layer, limits),
            layer.size,
            layer.annotations,
            partial(_range, store, layer),
        )
        for layer in manifest.layers
        if not layer.media_type.startswith(NONDISTRIBUTABLE)
    ]


def _range(store: Store, layer: Descriptor, offset: int, size: int) -> bytes:
    """A part of a layer. Raises Unsupported where the registry would send all of it."""
    stream = run(store.open(layer, offset, size))
    if getattr(stream, "skips", 0):
        run(stream.close())
        raise Unsupported(f"{store.location} ignores ranges")
    return run(read_all(stream, size, f"a part of blob {layer.digest}"))
