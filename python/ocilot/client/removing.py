"""Plans of removals: what a tag or digest stands for, and what its removal leaves."""

from __future__ import annotations

import os
from functools import partial
from typing import Final, Literal

from ocilot.errors import Conflict, NotFound
from ocilot.oci import Descriptor, Digest, Manifest, digest_of
from ocilot.oci.media_types import OCI_EMPTY, OCI_MANIFEST

from .options import Limits
from .pages import Walk
from .plan import Applied, Item
from .steps import Steps, parallel
from .store import Store
from .streams import of_bytes

MOST_TAGS: Final = 1000
"""Tags that are asked one by one for what they name."""

Strategy = Literal["delete", "overwrite"]
EMPTY: Final = b"{}"


def untagging(store: Store, tag: str) -> Steps[tuple[Item, tuple[Item, ...]]]:
    """The tag, and what stays without it. Raises NotFound."""
    digest = (yield from store.resolve(tag)).digest
    return Item("tag", tag, digest), (Item("manifest", digest, note="can still be pulled by digest"),)


def untag(store: Store, item: Item, strategy: Strategy) -> Steps[Applied]:
    """Removes the tag only. Raises Conflict if it names something else by now."""
    try:
        found = yield from store.resolve(item.name)
    except NotFound:
        return Applied((), (item,))
    if found.digest != item.digest:
        raise Conflict(
            f"tag {item.name} of {store.location} was moved to {found.digest}",
            hint="make a new plan",
        )
    if strategy == "overwrite":
        yield from _overwrite(store, item.name)
    else:
        yield from store.untag(item.name)
    return Applied((item,))


def _overwrite(store: Store, tag: str) -> Steps[None]:
    """Points the tag to a manifest of its own, and deletes that: for registries that delete no tags."""
    empty = Descriptor(OCI_EMPTY, digest_of(EMPTY), len(EMPTY))
    yield from store.put(empty, partial(of_bytes, EMPTY))
    manifest = Manifest.of(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": "application/vnd.ocilot.untag",
            "config": empty.to_json(),
            "layers": [empty.to_json()],
            "annotations": {"org.ocilot.untag": os.urandom(16).hex()},
        }
    )
    yield from store.put_manifest(manifest, tag)
    yield from store.delete(manifest.digest)


def deletion(
    store: Store, reference: str, limits: Limits
) -> Steps[tuple[tuple[Item, ...], tuple[Item, ...]]]:
    """The manifest with its tags, and what stays without it. Raises NotFound."""
    manifest = yield from store.manifest(reference)
    tags, is_whole = yield from tags_of(store, manifest.digest, limits)
    removes = [
        Item("manifest", manifest.digest, manifest.digest),
        *(Item("tag", tag, manifest.digest) for tag in tags),
    ]
    if not is_whole:
        removes.append(
            Item("tag", "*", manifest.digest, f"every tag of it; only {MOST_TAGS} tags were checked")
        )
    keeps = [Item("manifest", one.digest, note="listed by the index") for one in manifest.manifests]
    keeps += [
        Item("manifest", one.digest, note=f"refers to it: {one.artifact_type or one.media_type}")
        for one in (yield from store.referrers(manifest.digest))
    ]
    keeps.append(Item("blobs", f"{len(manifest.blobs())}", note="until garbage collection"))
    return tuple(removes), tuple(keeps)


def delete(store: Store, removes: tuple[Item, ...]) -> Steps[Applied]:
    """Removes a manifest, and with it its tags."""
    digest = removes[0].digest
    assert digest is not None, "the first item is the manifest"
    try:
        yield from store.delete(digest)
    except NotFound:
        return Applied((), removes)
    return Applied(removes)


def tags_of(store: Store, digest: Digest, limits: Limits) -> Steps[tuple[list[str], bool]]:
    """Tags that name a digest, and whether all tags of the repository were asked."""
    names: list[str] = []
    after, walk = "", Walk(f"tags of {store.location}")
    while True:
        page = yield from store.tags(after)
        walk.begin(page)
        names += page.items
        after = walk.go_on(page)
        if not after or len(names) > MOST_TAGS:
            break

    def digest_at(tag: str) -> Steps[Digest | None]:
        try:
            return (yield from store.resolve(tag)).digest
        except NotFound:
            return None

    asked = names[:MOST_TAGS]
    found = yield from parallel([partial(digest_at, name) for name in asked], limits.connections)
    named = [name for name, one in zip(asked, found, strict=True) if one == digest]
    return named, not after and len(names) <= MOST_TAGS
