"""Values of the client as JSON has them: the keys are an API, which tests/data/cli_images.json lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ocilot.oci import Config, Descriptor, Manifest

VERSION = 1
"""`version` of every document; a key that is renamed or removed changes it, a new key does not."""


def document(kind: str, **members: Any) -> dict[str, Any]:
    """A document: one thing, not a row of a list."""
    return {"version": VERSION, "kind": kind, **members}


def of_descriptor(found: Descriptor) -> dict[str, Any]:
    """A descriptor."""
    return {
        "digest": str(found.digest),
        "media_type": found.media_type,
        "size": found.size,
        "platform": None if found.platform is None else str(found.platform),
        "artifact_type": found.artifact_type or None,
        "annotations": dict(found.annotations),
    }


def of_config(config: Config) -> dict[str, Any]:
    """What runs, and how it was made."""
    return {
        "created": config.created or None,
        "author": config.author or None,
        "env": dict(config.env),
        "entrypoint": list(config.entrypoint),
        "cmd": list(config.cmd),
        "user": config.user,
        "working_dir": config.working_dir,
        "stop_signal": config.stop_signal or None,
        "ports": list(config.ports),
        "volumes": list(config.volumes),
        "labels": dict(config.labels),
        "history": [
            {
                "created": entry.created or None,
                "created_by": entry.created_by,
                "comment": entry.comment,
                "empty_layer": entry.empty_layer,
            }
            for entry in config.history
        ],
    }


def of_layers(manifest: Manifest, config: Config | None = None) -> list[dict[str, Any]]:
    """The layers, the lowest first, each with the step that made it."""
    steps = [] if config is None else [entry for entry in config.history if not entry.empty_layer]
    diff_ids = () if config is None else config.diff_ids
    # A history that does not fit the layers says nothing about them.
    fits = len(steps) == len(manifest.layers)
    return [
        {
            "digest": str(layer.digest),
            "media_type": layer.media_type,
            "size": layer.size,
            "diff_id": str(diff_ids[number]) if number < len(diff_ids) else None,
            "created_by": steps[number].created_by if fits else None,
            "annotations": dict(layer.annotations),
        }
        for number, layer in enumerate(manifest.layers)
    ]


def is_image(manifest: Manifest) -> bool:
    """Whether its config is that of an image; other manifests are artifacts."""
    from ocilot.oci.media_types import DOCKER_CONFIG, OCI_CONFIG

    return manifest.config is not None and manifest.config.media_type in (OCI_CONFIG, DOCKER_CONFIG)


def titles(manifest: Manifest) -> Iterator[tuple[str, Descriptor]]:
    """The files of an artifact."""
    for layer in manifest.layers:
        yield layer.annotations.get("org.opencontainers.image.title", ""), layer
