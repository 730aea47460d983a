"""`ocilot inspect`: one image, index or artifact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ocilot.oci import Config, Manifest

from .connection import Connection
from .printing import Printing, Size, write_bytes
from .shared import PlatformOption, ReferenceArgument, image_command
from .values import document, is_image, of_config, of_descriptor, of_layers

Line = tuple[str, Any]


@image_command
def inspect(
    at: Connection,
    out: Printing,
    reference: ReferenceArgument,
    platform: PlatformOption = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the bytes of the manifest or index as they are.")
    ] = False,
    raw_config: Annotated[
        bool, typer.Option("--raw-config", help="Print the bytes of the configuration as they are.")
    ] = False,
) -> None:
    """Show an image or index: platforms, layers, configuration and labels.

    An index lists its platforms; with --platform, the image of that platform is shown.
    """
    if raw and raw_config:
        raise typer.BadParameter("excludes --raw-config", param_hint="--raw")
    repo, name = at.opened(reference)
    full, manifest = at.name_of(reference), repo.manifest(name)
    if manifest.is_index and (platform is not None or raw_config):
        manifest = repo.get(name, platform=platform).manifest
    if raw:
        write_bytes(manifest.raw)
        return
    if manifest.is_index:
        out.document(_index(full, manifest), _index_lines(manifest))
        return
    found = Config(repo.blob(manifest.config)) if is_image(manifest) and manifest.config else None
    if raw_config:
        if found is None:
            raise typer.BadParameter(
                "expected an image: an artifact has no configuration", param_hint="--raw-config"
            )
        write_bytes(found.raw)
    elif found is not None:
        out.document(_image(full, manifest, found), _image_lines(manifest, found))
    else:
        out.document(_artifact(full, manifest), _artifact_lines(manifest))


def _common(kind: str, reference: str, manifest: Manifest) -> dict[str, Any]:
    return document(
        kind,
        reference=reference,
        digest=str(manifest.digest),
        media_type=manifest.media_type,
        artifact_type=None if kind == "image" else manifest.artifact_type or None,
        annotations=dict(manifest.annotations),
        subject=None if manifest.subject is None else str(manifest.subject.digest),
    )


def _index(reference: str, manifest: Manifest) -> dict[str, Any]:
    return _common("index", reference, manifest) | {
        "manifests": [of_descriptor(entry) for entry in manifest.manifests]
    }


def _image(reference: str, manifest: Manifest, config: Config) -> dict[str, Any]:
    return (
        _common("image", reference, manifest)
        | {"platform": str(config.platform), "size": _size(manifest), "config": str(config.digest)}
        | of_config(config)
        | {"layers": of_layers(manifest, config)}
    )


def _artifact(reference: str, manifest: Manifest) -> dict[str, Any]:
    return _common("artifact", reference, manifest) | {"size": _size(manifest), "layers": of_layers(manifest)}


def _size(manifest: Manifest) -> int:
    return sum(blob.size for blob in manifest.blobs())


def _head(manifest: Manifest) -> Iterator[Line]:
    yield "Digest", manifest.digest
    yield "Media type", manifest.media_type
    if manifest.subject is not None:
        yield "Subject", manifest.subject.digest


def _index_lines(manifest: Manifest) -> Iterator[Line]:
    yield from _head(manifest)
    for entry in manifest.manifests:
        name = str(entry.platform or entry.artifact_type or "manifest")
        yield "Manifest", (entry.digest, name)
    yield from _pairs("Annotation", manifest.annotations)


def _image_lines(manifest: Manifest, config: Config) -> Iterator[Line]:
    yield from _head(manifest)
    yield "Platform", config.platform
    yield "Created", config.created
    yield "Size", Size(_size(manifest))
    yield "Config", config.digest
    for name, value in (
        ("Entrypoint", config.entrypoint),
        ("Command", config.cmd),
        ("User", config.user),
        ("Working dir", config.working_dir),
        ("Ports", config.ports),
        ("Volumes", config.volumes),
    ):
        if value:
            yield name, value if isinstance(value, str) else " ".join(value)
    yield from _pairs("Env", config.env)
    yield from _pairs("Label", config.labels)
    yield from _pairs("Annotation", manifest.annotations)
    for layer in manifest.layers:
        yield "Layer", (layer.digest, Size(layer.size))


def _artifact_lines(manifest: Manifest) -> Iterator[Line]:
    yield from _head(manifest)
    yield "Artifact type", manifest.artifact_type
    yield "Size", Size(_size(manifest))
    yield from _pairs("Annotation", manifest.annotations)
    for layer in manifest.layers:
        title = layer.annotations.get("org.opencontainers.image.title", layer.media_type)
        yield "File", (layer.digest, Size(layer.size), title)


def _pairs(name: str, pairs: Any) -> Iterator[Line]:
    for key, value in pairs.items():
        yield name, f"{key}={value}"
