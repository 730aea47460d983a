"""Images must be built on an allowed base image.

The lowest layers of an image decide, by the digests of their uncompressed content: an engine does not run an
image that lists wrong ones. The annotations `org.opencontainers.image.base.*` are ignored, because any client
can set them. Content that higher layers add or hide is not checked.

`skopeo inspect --config docker://debian:12 | jq .rootfs.diff_ids` prints the digests of a base image.
"""

from dataclasses import dataclass

from ocilot.hooks import Decision, Deny, Hook, ManifestPush


@dataclass
class AllowedBases(Hook):
    # Base images by name, each with the digests of its layers, lowest first; one entry for each platform.
    bases: dict[str, list[str]]

    def __post_init__(self) -> None:
        for name, layers in self.bases.items():
            if not layers:
                raise ValueError(f"base {name} has no layers: list its diff_ids")

    def admit_manifest(self, push: ManifestPush) -> Decision:
        """Passes an index: each of its images was checked at its own push."""
        if not push.is_image:
            return None
        rootfs = (push.config or {}).get("rootfs")
        layers = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        if not isinstance(layers, list) or len(layers) != len(push.layers):
            return Deny("the image configuration does not list all layers: build it with a current tool")
        if any(layers[: len(base)] == base for base in self.bases.values()):
            return None
        return Deny(f"the image is not built on an allowed base: {', '.join(self.bases)}")
