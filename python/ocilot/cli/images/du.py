"""`ocilot du`: how much images take, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any

import typer

from ocilot.cli.output import size_of
from ocilot.counting import counted
from ocilot.errors import NotFound
from ocilot.oci import Descriptor, Manifest

from .connection import Connection
from .printing import Printing
from .shared import image_command

Blobs = dict[str, Descriptor]


@image_command
def du(
    at: Connection,
    out: Printing,
    references: Annotated[
        list[str],
        typer.Argument(metavar="REF...", help="Images, or repositories with --all."),
    ],
    every: Annotated[bool, typer.Option("--all", help="All tags of the repositories.")] = False,
    layers: Annotated[
        bool, typer.Option("--layers", help="A line for each layer, the largest first.")
    ] = False,
) -> None:
    """Show the size of images, and what their layers have in common.

    Sizes are those of the compressed blobs and manifests; an index counts with all its platforms.
    """
    of_layers: set[str] = set()
    images = {name: _blobs(repo, tag, of_layers) for name, repo, tag in _images(at, references, every)}
    users: dict[str, list[str]] = {}
    for name, blobs in images.items():
        for digest in blobs:
            users.setdefault(digest, []).append(name)
    everything = {digest: blob for blobs in images.values() for digest, blob in blobs.items()}
    if layers:
        columns = {"size": "SIZE", "digest": "DIGEST", "count": "IMAGES", "media_type": "MEDIA TYPE"}
        found = {digest: blob for digest, blob in everything.items() if digest in of_layers}
        out.rows(_layer_rows(found, users), columns)
    else:
        columns = {"reference": "IMAGE", "size": "SIZE", "unique_size": "UNIQUE", "shared_size": "SHARED"}
        out.rows(_image_rows(images, users), columns)
    total = sum(blob.size for blob in everything.values())
    looked_at = f"{counted(len(images), 'image')}, {counted(len(everything), 'blob')}"
    print(f"{looked_at}, {size_of(total)} together", file=sys.stderr)


def _images(at: Connection, references: list[str], every: bool) -> Iterator[tuple[str, Any, str]]:
    for text in references:
        repo, tag = at.opened(text)
        if not every:
            yield text, repo, tag
            continue
        for found in repo.tags():
            yield f"{repo.location}:{found.name}", repo, found.name


def _blobs(repo: Any, reference: str, layers: set[str]) -> Blobs:
    """Manifests, configs and layers of an image or index, each once; notes which are layers."""
    found: Blobs = {}
    waiting: list[Manifest] = [repo.manifest(reference)]
    while waiting:
        manifest = waiting.pop()
        found[manifest.digest] = manifest.descriptor
        found |= {blob.digest: blob for blob in manifest.blobs()}
        layers.update(layer.digest for layer in manifest.layers)
        for one in manifest.manifests:
            # What a sparse index lists and the registry does not have takes no place.
            with suppress(NotFound):
                if one.digest not in found:
                    waiting.append(repo.manifest(str(one.digest)))
    return found


def _image_rows(images: dict[str, Blobs], users: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    for name, blobs in images.items():
        size = sum(blob.size for blob in blobs.values())
        unique = sum(blob.size for digest, blob in blobs.items() if len(users[digest]) == 1)
        yield {
            "reference": name,
            "size": size,
            "unique_size": unique,
            "shared_size": size - unique,
            "blobs": len(blobs),
        }


def _layer_rows(layers: Blobs, users: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    for digest, blob in sorted(layers.items(), key=lambda item: (-item[1].size, item[0])):
        yield {
            "digest": str(digest),
            "media_type": blob.media_type,
            "size": blob.size,
            "count": len(users[digest]),
            "images": users[digest],
        }
