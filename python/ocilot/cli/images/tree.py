"""`ocilot tree`: an index with its manifests, their layers, and what refers to each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ocilot.cli.output import shown, size_of
from ocilot.errors import NotFound
from ocilot.oci import Descriptor, Manifest

from .connection import Connection
from .printing import DIGITS, Printing
from .shared import ReferenceArgument, image_command
from .values import document, is_image, of_descriptor

DEEPEST = 8
"""Manifests below manifests; an index of indexes and a referrer of a referrer are one step each."""

Node = dict[str, Any]


@image_command
def tree(
    at: Connection,
    out: Printing,
    reference: ReferenceArgument,
    referrers: Annotated[
        bool,
        typer.Option(
            "--referrers/--no-referrers", help="Ask for what refers to each manifest: signatures, SBOMs."
        ),
    ] = True,
) -> None:
    """Show an index with its manifests, their layers and their referrers."""
    repo, name = at.opened(reference)
    top = _Walk(repo, referrers).node(repo.manifest(name), DEEPEST)
    data = document("tree", reference=at.name_of(reference), root=top)
    if out.as_text:
        for line in _lines(top, "", ""):
            print(line)
    else:
        out.document(data)


class _Walk:
    """Reads manifests below each other."""

    def __init__(self, repo: Any, with_referrers: bool) -> None:
        self._repo = repo
        self._with_referrers = with_referrers

    def node(self, manifest: Manifest, depth: int, descriptor: Descriptor | None = None) -> Node:
        """A manifest with all that is below it."""
        found = of_descriptor(descriptor or manifest.descriptor)
        found["artifact_type"] = (
            None if manifest.is_index or is_image(manifest) else manifest.artifact_type or None
        )
        return found | {
            "layers": [of_descriptor(layer) for layer in manifest.layers],
            "manifests": [self._below(entry, depth - 1) for entry in manifest.manifests],
            "referrers": self._referrers(manifest, depth - 1),
        }

    def _below(self, entry: Descriptor, depth: int) -> Node:
        empty: Node = {"layers": [], "manifests": [], "referrers": []}
        if depth <= 0:
            return of_descriptor(entry) | empty
        try:
            return self.node(self._repo.manifest(str(entry.digest)), depth, entry)
        except NotFound:
            # A sparse index lists what the registry does not have.
            return of_descriptor(entry) | empty | {"missing": True}

    def _referrers(self, manifest: Manifest, depth: int) -> list[Node]:
        if not self._with_referrers or depth <= 0:
            return []
        found = self._repo.referrers(str(manifest.digest))
        return [
            self._below(
                Descriptor(
                    one.media_type,
                    one.digest,
                    one.size,
                    annotations=one.annotations,
                    artifact_type=one.artifact_type,
                ),
                depth,
            )
            for one in found
        ]


def _lines(node: Node, first: str, rest: str) -> Iterator[str]:
    name = node["platform"] or node["artifact_type"] or node["media_type"]
    missing = " missing" if node.get("missing") else ""
    yield f"{first}{node['digest'][:DIGITS]} {shown(name)} {size_of(node['size'])}{missing}"
    below = [
        *(
            (f"layer {layer['digest'][:DIGITS]} {size_of(layer['size'])}{_title(layer)}", None)
            for layer in node["layers"]
        ),
        *(("", entry) for entry in node["manifests"]),
        *(("referrer ", entry) for entry in node["referrers"]),
    ]
    for number, (text, entry) in enumerate(below, 1):
        branch, stem = ("└── ", "    ") if number == len(below) else ("├── ", "│   ")
        if entry is None:
            yield f"{rest}{branch}{text}"
        else:
            yield from _lines(entry, f"{rest}{branch}{text}", rest + stem)


def _title(layer: Node) -> str:
    title = layer["annotations"].get("org.opencontainers.image.title")
    return f" {shown(title)}" if title else ""
