"""Where signatures of an image are: the tag `sha256-HEX.sig` of cosign, and referrers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocilot.client.steps import Steps
from ocilot.client.store import Store
from ocilot.client.transfer import fetch
from ocilot.errors import NotFound
from ocilot.oci import Descriptor, Digest, Manifest

SIMPLE: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
"""Layer of cosign 1 and 2: what was signed; the signature is an annotation of it."""
SIGNATURE: Final = "dev.cosignproject.cosign/signature"
BUNDLE: Final = "application/vnd.dev.sigstore.bundle"
"""Beginning of the types of sigstore bundles, which cosign 3 attaches."""
LARGEST: Final = 4 << 20
"""Bytes of a document of a signature."""
MOST: Final = 100
"""Signatures of one image that are read."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may be a signature of a digest; nothing of it was verified."""

    subject: Digest
    media_type: str
    document: bytes
    signature: str = ""
    """Base64, where it stands beside the document."""
    where: str = ""
    """For messages."""


def candidates(store: Store, subject: Digest) -> Steps[list[Candidate]]:
    """All that is attached to a digest as a signature."""
    found: list[Candidate] = []
    tag = f"{subject.algorithm}-{subject.hex}.sig"
    try:
        manifest = yield from store.manifest(tag)
    except NotFound:
        pass
    else:
        found += yield from _of_manifest(store, subject, manifest, tag)
    for descriptor in (yield from store.referrers(subject)):
        if not _is_signature(descriptor) or len(found) >= MOST:
            continue
        manifest = yield from store.manifest(descriptor.digest)
        if descriptor.digest not in {one.where for one in found}:
            found += yield from _of_manifest(store, subject, manifest, str(descriptor.digest))
    return found[:MOST]


def _is_signature(descriptor: Descriptor) -> bool:
    """Some fallback tags do not say of what type it is: then its layers tell."""
    kind = descriptor.artifact_type
    return not kind or kind.startswith((BUNDLE, "application/vnd.dev.cosign."))


def layers_of(manifest: Manifest) -> tuple[Descriptor, ...]:
    """The layers that may hold a signature."""
    return tuple(
        layer
        for layer in manifest.layers[:MOST]
        if layer.media_type == SIMPLE or layer.media_type.startswith(BUNDLE)
    )


def candidate_of(subject: Digest, layer: Descriptor, document: bytes, where: str) -> Candidate:
    """What a layer holds."""
    return Candidate(subject, layer.media_type, document, layer.annotations.get(SIGNATURE, ""), where)


def _of_manifest(store: Store, subject: Digest, manifest: Manifest, where: str) -> Steps[list[Candidate]]:
    found = []
    for layer in layers_of(manifest):
        document = yield from fetch(store, layer, LARGEST)
        found.append(candidate_of(subject, layer, document, where))
    return found
