"""Exchanges the base of an image without building it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from ocilot.client.events import Reporter
from ocilot.client.options import Limits
from ocilot.client.selection import config_of, image_of, part_that_decides
from ocilot.client.steps import Steps
from ocilot.client.store import Store
from ocilot.errors import InvalidReference
from ocilot.oci import Config, Digest, Manifest, Platform

from .changing import change_all, image_only
from .configs import history_above, history_of, with_rootfs
from .draft import Built, Draft, store_draft
from .families import is_docker
from .fitting import fit

BASE_NAME: Final = "org.opencontainers.image.base.name"
BASE_DIGEST: Final = "org.opencontainers.image.base.digest"

Place = tuple[Store, str]
"""A store, and the tag or digest of an image in it."""


@dataclass(frozen=True)
class _Rebase:
    """What is exchanged for what."""

    source: Store
    new: Place
    old: Place | None
    open_place: Callable[[str], Place] | None
    name: str
    limits: Limits


def rebase(
    source: Store,
    reference: str,
    new_base: Place,
    destination: Store,
    tag: str = "",
    *,
    old_base: Place | None = None,
    new_name: str = "",
    open_place: Callable[[str], Place] | None = None,
    platform: str | Platform | None = None,
    limits: Limits | None = None,
    report: Reporter | None = None,
) -> Steps[Built]:
    """An image with the layers of another base below its own; of an index: all its images.

    `old_base`: what it is built on now; without it the annotations `org.opencontainers.image.base.name` and
    `.digest` of the image say it, and `open_place` opens that name. The lowest layers of the image must be
    those of the old base. `new_name`: name of the new base for the annotation. How the image runs does not
    change.

    Raises NotFound, PlatformNotFound, InvalidReference (with the layers of both, where they differ).
    """
    limits = limits or Limits()
    wanted = Platform.parse(platform) if isinstance(platform, str) else platform
    top = yield from source.manifest(part_that_decides(reference))
    if top.is_index and wanted is not None:
        top, _, _ = yield from image_of(source, reference, wanted, limits)
    job = _Rebase(source, new_base, old_base, open_place, new_name, limits)
    draft = yield from change_all(source, top, partial(_rebased, job))
    return (yield from store_draft(draft, destination, tag, limits, report))


def _rebased(job: _Rebase, manifest: Manifest, docker: bool | None) -> Steps[Draft]:
    image_only(manifest, job.source.location)
    config = yield from config_of(job.source, manifest, job.limits)
    _, old = yield from _base(job, job.old or _told(job, manifest), config)
    new_manifest, new = yield from _base(job, job.new, config)
    count = len(old.diff_ids)
    if config.diff_ids[:count] != old.diff_ids:
        raise InvalidReference(
            f"{job.source.location}@{manifest.digest} is not built on the old base: its lowest layers are "
            f"{_listed(config.diff_ids[:count])}, those of the base {_listed(old.diff_ids)}",
            hint="pass the base that it was built on: old_base=REF, or --old-base REF",
        )
    history = [*history_of(new), *history_above(config, old)]
    rebased = with_rootfs(config, [*new.diff_ids, *config.diff_ids[count:]], history)
    was_docker = is_docker(manifest)
    fitted = yield from fit(
        [(job.new[0], blob) for blob in new_manifest.layers]
        + [(job.source, blob) for blob in manifest.layers[count:]],
        rebased,
        was_docker if docker is None else docker,
        was_docker=was_docker,
        limits=job.limits,
    )
    annotations = {**manifest.annotations}
    if not fitted.docker:
        annotations[BASE_DIGEST] = str(new_manifest.digest)
        if job.name or BASE_NAME in annotations:
            annotations[BASE_NAME] = job.name or annotations[BASE_NAME]
    return fitted.draft(rebased, annotations=annotations, fields=manifest.json)


def _base(job: _Rebase, place: Place, config: Config) -> Steps[tuple[Manifest, Config]]:
    """The image of a base that fits the platform of an image."""
    store, reference = place
    top = yield from store.manifest(part_that_decides(reference))
    # An image that stands alone is what it is; only out of an index is there a choice.
    platform = config.platform if top.is_index else None
    manifest, _, found = yield from image_of(store, reference, platform, job.limits)
    image_only(manifest, store.location)
    return manifest, found


def _told(job: _Rebase, manifest: Manifest) -> Place:
    """The base that the image's annotations name."""
    name, digest = manifest.annotations.get(BASE_NAME, ""), manifest.annotations.get(BASE_DIGEST, "")
    if not name or job.open_place is None:
        raise InvalidReference(
            f"unknown base of {job.source.location}@{manifest.digest}: it has no annotation {BASE_NAME}",
            hint="pass the base that it was built on: old_base=REF, or --old-base REF",
        )
    store, reference = job.open_place(name)
    return store, str(Digest(digest)) if digest else reference


def _listed(digests: Sequence[Digest]) -> str:
    return ", ".join(digest.short for digest in digests) or "none"
