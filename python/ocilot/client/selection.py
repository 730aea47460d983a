"""Which image is meant: by tag or digest, and by platform out of an index."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from ocilot.arguments import check_text
from ocilot.errors import PlatformNotFound
from ocilot.oci import Config, Descriptor, Digest, Manifest, Platform, choose
from ocilot.oci.media_types import DOCKER_CONFIG, INDEXES, OCI_CONFIG, is_index

from .options import Limits
from .steps import Steps, parallel
from .store import Store
from .transfer import fetch

ATTESTATION: Final = "vnd.docker.reference.type"
ATTESTED: Final = "vnd.docker.reference.digest"
NO_CONFIG: Final = b"{}"


def part_that_decides(reference: str) -> str:
    """The digest of `TAG@DIGEST`: the tag is only a label then. Else the whole text."""
    check_text("reference", reference, "a tag or digest, such as v1.2")
    return reference.rpartition("@")[2]


def config_of(store: Store, manifest: Manifest, limits: Limits) -> Steps[Config]:
    """The config of an image; an empty one for a manifest without."""
    if manifest.config is None:
        return Config(NO_CONFIG)
    return Config((yield from fetch(store, manifest.config, limits.blob)))


def image_of(
    store: Store, reference: str, platform: Platform | None, limits: Limits
) -> Steps[tuple[Manifest, Manifest | None, Config]]:
    """The manifest of an image, the index that it was chosen from, and its config.

    Without a platform, the one of this machine is chosen out of an index. Raises NotFound, PlatformNotFound.
    """
    top = yield from store.manifest(part_that_decides(reference))
    if top.is_index:
        descriptor = yield from pick(store, top, platform or Platform.host(), limits)
        image = yield from store.manifest(descriptor.digest)
        return image, top, (yield from config_of(store, image, limits))
    config = yield from config_of(store, top, limits)
    if platform is not None:
        _demand(store, top, config, platform)
    return top, None, config


def _demand(store: Store, image: Manifest, config: Config, wanted: Platform) -> None:
    if wanted.rank(config.platform) is None:
        raise _none_fits(store, image, wanted, [config.platform])


def pick(store: Store, index: Manifest, wanted: Platform, limits: Limits) -> Steps[Descriptor]:
    """The descriptor in an index that fits a platform best. Raises PlatformNotFound."""
    offered = yield from images_of(store, index, limits)
    found = choose(wanted, ((descriptor.platform, descriptor) for descriptor in offered))
    if found is None:
        raise _none_fits(store, index, wanted, [one.platform for one in offered if one.platform])
    return found


def _none_fits(
    store: Store, top: Manifest, wanted: Platform, available: Sequence[Platform]
) -> PlatformNotFound:
    names = sorted({str(platform) for platform in available if not platform.is_unknown})
    return PlatformNotFound(
        f"no image for {wanted} in {store.location}@{top.digest}: available are {', '.join(names) or 'none'}",
        available=names,
    )


def is_attestation(descriptor: Descriptor) -> bool:
    """Whether it is an attestation of buildkit, which stands in an index beside the images."""
    return ATTESTATION in descriptor.annotations


def images_of(store: Store, index: Manifest, limits: Limits) -> Steps[list[Descriptor]]:
    """Descriptors of all images, also of those in indexes within; each with its platform."""
    found: list[Descriptor] = []
    for descriptor in index.manifests:
        if is_attestation(descriptor):
            continue
        if is_index(descriptor.media_type):
            inner = yield from store.manifest(descriptor.digest)
            found += yield from images_of(store, inner, limits)
        else:
            found.append(descriptor)
    return (yield from _with_platforms(store, found, limits))


def _with_platforms(store: Store, found: list[Descriptor], limits: Limits) -> Steps[list[Descriptor]]:
    """Asks the configs of images whose descriptors have no platform."""
    unknown = [one for one in found if one.platform is None]
    if not unknown:
        return found

    def platform_of(descriptor: Descriptor) -> Steps[tuple[Digest, Platform | None]]:
        image = yield from store.manifest(descriptor.digest)
        if image.config is None or not _is_image(image.config):
            return descriptor.digest, None
        return descriptor.digest, (yield from config_of(store, image, limits)).platform

    asked = yield from parallel([partial(platform_of, one) for one in unknown], limits.connections)
    platforms = dict(asked)
    return [one if one.platform else one.with_(platform=platforms.get(one.digest)) for one in found]


def _is_image(config: Descriptor) -> bool:
    return config.media_type in (OCI_CONFIG, DOCKER_CONFIG)


def narrowed(store: Store, top: Manifest, platforms: Sequence[Platform], limits: Limits) -> Steps[Manifest]:
    """What is left of an image or index for these platforms.

    One platform: the manifest of its image. Several: an index of theirs and their attestations, with all
    other fields as they were; it has a digest of its own. Raises PlatformNotFound.
    """
    if not top.is_index:
        config = yield from config_of(store, top, limits)
        for platform in platforms:
            _demand(store, top, config, platform)
        return top
    chosen: list[Descriptor] = []
    for platform in platforms:
        descriptor = yield from pick(store, top, platform, limits)
        if descriptor.digest not in {one.digest for one in chosen}:
            chosen.append(descriptor)
    if len(chosen) == 1:
        return (yield from store.manifest(chosen[0].digest))
    digests = {one.digest for one in chosen}
    beside = [one for one in top.manifests if one.annotations.get(ATTESTED) in digests]
    if len(chosen) + len(beside) == len(top.manifests):
        return top
    kept = [one.to_json() for one in (*chosen, *beside)]
    media_type = top.media_type if top.media_type in INDEXES else ""
    fields = {**top.json, "mediaType": media_type or top.media_type, "manifests": kept}
    return Manifest.of(fields)
