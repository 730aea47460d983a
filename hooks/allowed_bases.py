"""Images are built on the bases of the house, and on nothing else.

What counts are the lowest layers of an image, by the digests of their uncompressed content: no engine runs
an image that lies about those. The annotations `org.opencontainers.image.base.*` are only somebody's word,
and are not looked at. What the layers above add to the base, or hide of it, is not seen here.

`skopeo inspect --config docker://debian:12 | jq .rootfs.diff_ids` prints what to write for a base.
"""

from dataclasses import dataclass

from ocilot.hooks import Decision, Deny, Hook, ManifestPush


@dataclass
class AllowedBases(Hook):
    # Names of bases with the digests of their layers, the lowest first; each platform is a base of its own.
    bases: dict[str, list[str]]

    def __post_init__(self) -> None:
        for name, layers in self.bases.items():
            if not layers:
                raise ValueError(f"the base {name} has no layers; list its diff_ids")

    def admit_manifest(self, push: ManifestPush) -> Decision:
        """The images that an index lists were asked about when they were pushed themselves."""
        if not push.is_image:
            return None
        rootfs = (push.config or {}).get("rootfs")
        layers = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        if not isinstance(layers, list) or len(layers) != len(push.layers):
            return Deny("the image's configuration does not list its layers; build it with a current tool")
        if any(layers[: len(base)] == base for base in self.bases.values()):
            return None
        return Deny(f"the image is built on none of the bases that are allowed: {', '.join(self.bases)}")
