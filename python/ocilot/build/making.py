"""Makes images: of a root file system, and of an image with further layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ocilot.client.events import Reporter
from ocilot.client.options import Limits
from ocilot.client.selection import image_of
from ocilot.client.steps import Steps
from ocilot.client.store import Store
from ocilot.errors import InvalidReference
from ocilot.oci import Digest, Platform

from .changing import image_only, kept_annotations
from .configs import Changes, changed_config, new_config, with_layers
from .draft import Built, image_draft, store_draft
from .families import is_docker
from .fitting import fit
from .layer_file import LayerFile, LayerOptions
from .sources import layer_of
from .times import created_time, source_date_epoch

IMPORTED: Final = "ocilot import"
APPENDED: Final = "ocilot append"


def import_rootfs(
    source: str | Path,
    destination: Store,
    tag: str = "",
    *,
    changes: Changes | None = None,
    platform: str | Platform | None = None,
    created: str | int | datetime | None = None,
    compression: str = "gzip",
    owner: str = "",
    annotations: Mapping[str, str] | None = None,
    docker: bool = False,
    transport: Any = None,
    limits: Limits | None = None,
    report: Reporter | None = None,
) -> Steps[Built]:
    """An image of one layer out of a root file system, as `docker import` makes it.

    `source`: a tar (plain, gzip, zstd, xz, bzip2), a directory, `-` for standard input, or an http(s) URL.
    `platform`: what it runs on, such as `linux/arm64`; that of this machine by default. `created`:
    SOURCE_DATE_EPOCH or the newest file by default. `compression`: `gzip`, `zstd`, `none`. `owner`: `UID:GID`
    of all files, or as they are. `docker`: media types of docker instead of OCI's. The same input makes the
    same digest.

    Raises NotFound, ArchiveError, UnsafePath, StorageError, InvalidReference; RegistryError of the
    destination.

    >>> from ocilot.archives import LayoutStore
    >>> from ocilot.client.drive import run
    >>> rootfs, layout = folder / "rootfs", folder / "layout"
    >>> (rootfs / "etc").mkdir(parents=True)
    >>> store = LayoutStore(layout)
    >>> built = run(import_rootfs(rootfs, store, "base:1", changes=Changes(cmd=["/bin/sh"]), created=0))
    >>> built.config.cmd
    ('/bin/sh',)
    """
    if compression == "keep":
        raise InvalidReference('invalid compression "keep" for an import: expected gzip, zstd or none')
    if docker and compression == "zstd":
        raise InvalidReference(
            'invalid compression "zstd" for an image of docker\'s media types, which have none for it',
            hint="use gzip, or OCI's media types",
        )
    config_platform = Platform.parse(platform) if isinstance(platform, str) else platform or Platform.host()
    changes = changes or Changes()
    # What can be wrong about the changes shows before the layer is made.
    changes.apply({})
    layer = yield from layer_of(source, LayerOptions(compression, source_date_epoch(), owner), transport)
    try:
        time = created_time(created, layer.newest)
        step = {"created": time, "created_by": IMPORTED}
        config = with_layers(new_config(config_platform, time, changes), [(layer.diff_id, step)])
        draft = image_draft(config, [layer.descriptor(docker)], docker=docker, annotations=annotations)
        draft.made.append(layer)
        draft.warnings.extend(layer.warnings)
        return (yield from store_draft(draft, destination, tag, limits, report))
    finally:
        layer.close()


def append(
    base: Store,
    reference: str,
    layers: Sequence[str | Path],
    destination: Store,
    tag: str = "",
    *,
    changes: Changes | None = None,
    annotations: Mapping[str, str | None] | None = None,
    platform: str | Platform | None = None,
    created: str | int | datetime | None = None,
    compression: str = "gzip",
    owner: str = "",
    transport: Any = None,
    limits: Limits | None = None,
    report: Reporter | None = None,
) -> Steps[Built]:
    """An image with further layers on top, each of a tar, a directory, `-` or a URL, the lowest first.

    What the base has stays as it is: its layers, their history and times. `platform`: which image of an
    index; that of this machine by default. `compression`: `gzip`, `zstd`, `none`, or `keep` for the bytes of
    the tars as they are. Other arguments: see `import_rootfs` and `mutate`.

    Raises NotFound, PlatformNotFound, ArchiveError, UnsafePath, StorageError, InvalidReference.
    """
    limits = limits or Limits()
    wanted = Platform.parse(platform) if isinstance(platform, str) else platform
    manifest, _, config = yield from image_of(base, reference, wanted, limits)
    image_only(manifest, base.location)
    made: list[LayerFile] = []
    try:
        for source in layers:
            options = LayerOptions(compression, source_date_epoch(), owner)
            made.append((yield from layer_of(source, options, transport)))
        time = created_time(created, max((layer.newest for layer in made), default=0))
        step = {"created": time, "created_by": APPENDED}
        added: list[tuple[Digest, Mapping[str, Any]]] = [(layer.diff_id, step) for layer in made]
        changed = with_layers(config, added, time if made else "")
        if changes:
            changed = changed_config(changed, changes)
        merged, docker = kept_annotations(manifest, annotations, is_docker(manifest))
        below = [(base, blob) for blob in manifest.layers]
        fitted = yield from fit(
            below, config, docker, was_docker=is_docker(manifest), new=made, limits=limits
        )
        draft = fitted.draft(changed, annotations=merged, fields=manifest.json)
        for layer in made:
            draft.warnings.extend(layer.warnings)
        return (yield from store_draft(draft, destination, tag, limits, report))
    finally:
        for layer in made:
            layer.close()
