"""Media types of one family: OCI's or docker's. An image has all of one."""

from __future__ import annotations

from typing import Final

from ocilot.oci import Manifest
from ocilot.oci import media_types as types

_PAIRS: Final = (
    (types.OCI_MANIFEST, types.DOCKER_MANIFEST),
    (types.OCI_INDEX, types.DOCKER_LIST),
    (types.OCI_CONFIG, types.DOCKER_CONFIG),
    (types.OCI_LAYER, types.DOCKER_LAYER),
    (types.OCI_LAYER_GZIP, types.DOCKER_LAYER_GZIP),
    (types.NONDISTRIBUTABLE[0], types.NONDISTRIBUTABLE[1]),
    (f"{types.NONDISTRIBUTABLE[0]}+gzip", f"{types.NONDISTRIBUTABLE[1]}.gzip"),
)
_TO_DOCKER: Final = dict(_PAIRS)
# The type of zstd is an invention of builders; docker's specification has none, and other programs refuse it.
_TO_OCI: Final = {docker: oci for oci, docker in _PAIRS} | {types.DOCKER_LAYER_ZSTD: types.OCI_LAYER_ZSTD}
_OF_COMPRESSION: Final = {
    "none": types.OCI_LAYER,
    "gzip": types.OCI_LAYER_GZIP,
    "zstd": types.OCI_LAYER_ZSTD,
}
LAYERS: Final = frozenset(_OF_COMPRESSION.values()) | {
    types.DOCKER_LAYER,
    types.DOCKER_LAYER_GZIP,
    types.DOCKER_LAYER_ZSTD,
}
"""Types of layers that say nothing but how a tar is compressed."""


def in_family(media_type: str, docker: bool) -> str:
    """The type that means the same in a family; one that neither has stays.

    >>> in_family("application/vnd.oci.image.layer.v1.tar+gzip", docker=True)
    'application/vnd.docker.image.rootfs.diff.tar.gzip'
    """
    return (_TO_DOCKER if docker else _TO_OCI).get(media_type, media_type)


def layer_type(compression: str, docker: bool) -> str:
    """Media type of a layer, by how its bytes are compressed and not by what they are called."""
    return in_family(_OF_COMPRESSION[compression], docker)


def is_docker(manifest: Manifest) -> bool:
    """Whether a manifest or index is of docker's family."""
    return types.is_docker(manifest.media_type)


def is_image(manifest: Manifest) -> bool:
    """Whether a manifest is an image, and not a chart or another artifact."""
    config = manifest.config
    return config is not None and in_family(config.media_type, docker=False) == types.OCI_CONFIG
