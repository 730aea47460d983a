"""Layers in a family of media types: their bytes say what they are, not the types that they come with.

Docker's family has no type for zstd, which docker's and podman's own tools refuse to invent. An image of
docker's with such a layer becomes one of OCI's, or, if docker's types were asked for, the layer is compressed
again with gzip. What it contains stays the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Any, Final

from ocilot.archives.files import LocalFile
from ocilot.client.options import MIB, Limits
from ocilot.client.steps import Steps, call, parallel
from ocilot.client.store import Store
from ocilot.client.transfer import Download, read_all
from ocilot.errors import IntegrityError
from ocilot.layers import compression_of
from ocilot.oci import Config, Descriptor, Digest
from ocilot.oci import media_types as types

from .draft import Draft, image_draft
from .families import LAYERS, in_family, layer_type
from .layer_file import LayerFile, compress_again, temporary

HEAD: Final = 8
"""Bytes that say how a layer is compressed."""
_OF_THE_BYTES: Final = (
    "containerd.io/snapshot/stargz/",
    "io.containers.estargz.",
    "io.github.containers.zstd-chunked.",
)
"""Beginnings of annotations that describe the compressed bytes of a layer, and none other."""

Borrowed = tuple[Store, Descriptor]
"""A layer, with the place that has it."""


@dataclass
class Fitted:
    """Layers with types of one family."""

    docker: bool
    """Whether it is docker's family."""
    layers: list[Descriptor] = field(default_factory=list)
    made: list[LayerFile] = field(default_factory=list)
    """New layers, and those that were compressed again."""
    borrowed: list[Borrowed] = field(default_factory=list)
    """Layers that stay as they are."""
    warnings: list[str] = field(default_factory=list)

    def draft(
        self,
        config: Config,
        *,
        annotations: Mapping[str, str] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> Draft:
        """The image of a config and these layers; see `image_draft`."""
        made = image_draft(config, self.layers, docker=self.docker, annotations=annotations, fields=fields)
        made.made, made.borrowed, made.warnings = self.made, self.borrowed, self.warnings
        return made


def fit(
    borrowed: Sequence[Borrowed],
    config: Config,
    docker: bool,
    *,
    was_docker: bool,
    demanded: bool = False,
    new: Sequence[LayerFile] = (),
    limits: Limits | None = None,
) -> Steps[Fitted]:
    """Layers of images, and new ones above, with types of a family. `config`: that of the borrowed ones.

    `was_docker`: the family of the image they are from. `demanded`: the caller asked for this family, so that
    layers that it has no type for are compressed again; else the image becomes one of OCI's. Bytes are looked
    at where a type is written anew; a type that stays is copied with its layer.

    Raises NotFound, IntegrityError, ArchiveError, StorageError.
    """
    limits = limits or Limits()
    kinds = yield from _kinds(borrowed, docker, demanded or docker != was_docker, limits)
    fitted = Fitted(docker)
    if docker and not demanded and "zstd" in (*kinds, *(layer.compression for layer in new)):
        fitted = Fitted(
            False, warnings=["the image was written with OCI media types: docker has none for layers of zstd"]
        )
        kinds = yield from _kinds(borrowed, False, True, limits)
    try:
        for place, ((store, layer), kind) in enumerate(zip(borrowed, kinds, strict=True)):
            diff_id = config.diff_ids[place] if len(config.diff_ids) == len(borrowed) else None
            yield from _add(fitted, store, layer, kind, diff_id)
    except BaseException:
        for made in fitted.made:
            made.close()
        raise
    fitted.layers.extend(layer.descriptor(fitted.docker) for layer in new)
    fitted.made.extend(new)
    return fitted


def _kinds(borrowed: Sequence[Borrowed], docker: bool, everything: bool, limits: Limits) -> Steps[list[str]]:
    """How layers are compressed whose types are to be written; empty for one whose type stays."""
    wanted = {
        layer.digest: partial(_kind, store, layer)
        for store, layer in borrowed
        if layer.media_type in LAYERS and (everything or types.is_docker(layer.media_type) != docker)
    }
    found = (yield from parallel(list(wanted.values()), limits.connections)) if wanted else []
    known = dict(zip(wanted, found, strict=True))
    return [known.get(layer.digest, "") for _, layer in borrowed]


def _kind(store: Store, layer: Descriptor) -> Steps[str]:
    if layer.size == 0:
        return "none"
    stream = yield from store.open(layer, 0, min(HEAD, layer.size))
    return compression_of((yield from read_all(stream, HEAD, f"the beginning of blob {layer.digest}")))


def _add(fitted: Fitted, store: Store, layer: Descriptor, kind: str, diff_id: Digest | None) -> Steps[None]:
    if not kind:
        media_type = in_family(layer.media_type, fitted.docker)
    elif kind in ("gzip", "none") or (kind == "zstd" and not fitted.docker):
        media_type = layer_type(kind, fitted.docker)
    else:
        made = yield from _compressed_again(store, layer)
        fitted.made.append(made)
        if diff_id is not None and made.diff_id != diff_id:
            raise IntegrityError(
                f"layer {layer.digest} of {store.location} is damaged: its content has digest "
                f"{made.diff_id}, expected {diff_id}"
            )
        fitted.layers.append(_described(layer, made, fitted.docker))
        why = "docker has no media type for zstd" if kind == "zstd" else f"there is no media type for {kind}"
        fitted.warnings.append(f"layer {layer.digest} was compressed again with gzip: {why}")
        return
    fitted.layers.append(layer.with_(media_type=media_type))
    fitted.borrowed.append((store, layer))


def _described(layer: Descriptor, made: LayerFile, docker: bool) -> Descriptor:
    """A layer that was compressed again; what was said of its former bytes is left out."""
    kept = {name: text for name, text in layer.annotations.items() if not name.startswith(_OF_THE_BYTES)}
    new = made.descriptor(docker)
    return layer.with_(
        media_type=new.media_type, digest=new.digest, size=new.size, annotations=kept, data=None, urls=()
    )


def _compressed_again(store: Store, layer: Descriptor) -> Steps[LayerFile]:
    stopped = Event()
    file = yield from call(temporary)
    try:
        yield from _spooled(store, layer, file)
        return (yield from call(compress_again, file, f"layer {layer.digest}", stopped))
    except BaseException:
        # A thread that still works on it ends.
        stopped.set()
        raise
    finally:
        file.close()


def _spooled(store: Store, layer: Descriptor, file: LocalFile) -> Steps[None]:
    """All bytes of a layer in a file, verified."""
    stream = yield from Download(store, layer).open()
    at = 0
    try:
        while data := (yield from stream.read(MIB)):
            yield from call(file.write_at, at, data)
            at += len(data)
    finally:
        yield from stream.close()
