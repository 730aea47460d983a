"""Changes how an image runs, and what it is called; its layers stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from ocilot.client.events import Reporter
from ocilot.client.options import Limits
from ocilot.client.selection import ATTESTED, config_of, image_of, is_attestation, part_that_decides
from ocilot.client.steps import Steps
from ocilot.client.store import Store
from ocilot.counting import counted
from ocilot.errors import InvalidReference
from ocilot.oci import Descriptor, Manifest, Platform

from .configs import Changes, changed_config
from .draft import Built, Draft, close_all, index_draft, store_draft
from .families import is_docker, is_image
from .fitting import fit

Annotations = Mapping[str, str | None]


def mutate(
    source: Store,
    reference: str,
    destination: Store,
    tag: str = "",
    *,
    changes: Changes | None = None,
    annotations: Annotations | None = None,
    platform: str | Platform | None = None,
    docker: bool | None = None,
    limits: Limits | None = None,
    report: Reporter | None = None,
) -> Steps[Built]:
    """An image that runs differently, with the same layers; of an index: all its images.

    `annotations`: of the manifest, and of the index; the value None removes one. `platform`: only this image
    of an index, without the index. `docker`: media types of docker, or OCI's; None: as they are, but all of
    one family. Docker has no type for layers of zstd: with `docker`, they are compressed again with gzip.

    Raises NotFound, PlatformNotFound, InvalidReference; IntegrityError, ArchiveError of a layer that is
    compressed again.
    """
    limits = limits or Limits()
    wanted = Platform.parse(platform) if isinstance(platform, str) else platform
    top = yield from source.manifest(part_that_decides(reference))
    if top.is_index and wanted is not None:
        top, _, _ = yield from image_of(source, reference, wanted, limits)
    change = partial(_changed, source, changes or Changes(), annotations, limits)
    draft = yield from change_all(source, top, change, annotations, docker)
    return (yield from store_draft(draft, destination, tag, limits, report))


def _changed(
    source: Store,
    changes: Changes,
    annotations: Annotations | None,
    limits: Limits,
    manifest: Manifest,
    docker: bool | None,
) -> Steps[Draft]:
    merged, family = kept_annotations(
        manifest, annotations, is_docker(manifest) if docker is None else docker
    )
    if not is_image(manifest):
        if changes:
            image_only(manifest, source.location)
        return _annotated(source, manifest, merged)
    config = changed_config((yield from config_of(source, manifest, limits)), changes)
    fitted = yield from fit(
        [(source, blob) for blob in manifest.layers],
        config,
        family,
        was_docker=is_docker(manifest),
        demanded=docker is not None,
        limits=limits,
    )
    return fitted.draft(config, annotations=merged, fields=manifest.json)


def _annotated(source: Store, manifest: Manifest, annotations: Mapping[str, str]) -> Draft:
    """An artifact with other annotations."""
    fields = {key: value for key, value in manifest.json.items() if key != "annotations"}
    if annotations:
        fields["annotations"] = dict(annotations)
    draft = Draft(Manifest.of({"mediaType": manifest.media_type} | fields))
    draft.borrowed.extend((source, blob) for blob in manifest.blobs())
    return draft


def change_all(
    source: Store,
    top: Manifest,
    change: Callable[[Manifest, bool | None], Steps[Draft]],
    annotations: Annotations | None = None,
    docker: bool | None = None,
) -> Steps[Draft]:
    """Changes an image, or all images of an index, whose entries follow.

    `change` gets a manifest and `docker`, the family that is wanted. Attestations describe the image as it
    was, so they are left out, and that is said.
    """
    if not top.is_index:
        return (yield from change(top, docker))
    wanted = [one for one in top.manifests if not is_attestation(one) and ATTESTED not in one.annotations]
    left_out = len(top.manifests) - len(wanted)
    children = yield from _children(source, wanted, change, annotations, docker)
    if docker is None and any(is_docker(child.manifest) is not is_docker(top) for child in children):
        # One of them cannot be of docker's family, so that none is.
        close_all(children)
        docker = False
        children = yield from _children(source, wanted, change, annotations, docker)
    entries = [_entry_of(entry, child) for entry, child in zip(wanted, children, strict=True)]
    merged, family = kept_annotations(top, annotations, is_docker(top) if docker is None else docker)
    if any(not is_docker(child.manifest) for child in children):
        family = False
    draft = index_draft(entries, docker=family, annotations=merged, fields=top.json)
    draft.children = children
    if left_out:
        draft.warnings.append(
            f"left out {counted(left_out, 'attestation')} of {top.digest}: they describe images as they were"
        )
    return draft


def _children(
    source: Store,
    entries: Sequence[Descriptor],
    change: Callable[[Manifest, bool | None], Steps[Draft]],
    annotations: Annotations | None,
    docker: bool | None,
) -> Steps[list[Draft]]:
    """The entries of an index, changed."""
    children: list[Draft] = []
    try:
        for entry in entries:
            manifest = yield from source.manifest(str(entry.digest))
            children.append((yield from change_all(source, manifest, change, annotations, docker)))
    except BaseException:
        close_all(children)
        raise
    return children


def _entry_of(entry: Descriptor, child: Draft) -> Descriptor:
    """An entry of an index whose image was changed."""
    described = child.manifest.descriptor
    return entry.with_(
        media_type=described.media_type, digest=described.digest, size=described.size, data=None
    )


def kept_annotations(
    manifest: Manifest, annotations: Annotations | None, docker: bool
) -> tuple[dict[str, str], bool]:
    """Annotations of a manifest with changes, and its family: docker's manifests have no annotations."""
    merged: dict[str, str | None] = {**manifest.annotations, **(annotations or {})}
    kept = {name: value for name, value in merged.items() if value is not None}
    return kept, docker and not kept


def image_only(manifest: Manifest, location: str) -> None:
    """Raises InvalidReference if it is a chart or another artifact."""
    if not is_image(manifest):
        kind = manifest.artifact_type or manifest.media_type
        raise InvalidReference(
            f"{location}@{manifest.digest} is not an image but {kind}",
            hint="of an artifact, only annotations can be changed",
        )
