"""No blob and no image is larger than it may be.

The bytes of a blob are counted. Those of an image are the sum of what its manifest says about its layers.
`ocilot.strictsizes: true` in the configuration refuses manifests that do not tell the truth. Without it,
whoever writes smaller numbers pushes an image as large as its blobs may be.
"""

from dataclasses import dataclass

from ocilot.hooks import BlobPush, Decision, Deny, Hook, ManifestPush, Size

GB = 1_000_000_000


@dataclass
class SizeLimit(Hook):
    image: Size = Size(10 * GB)  # of all layers together, compressed as they are pushed
    blob: Size = Size(5 * GB)  # of one blob, whatever it is part of

    def admit_blob(self, blob: BlobPush) -> Decision:
        """Asked when the last byte of a blob is there, before it belongs to the repository."""
        if blob.size > self.blob:
            return Deny(f"the blob has {shown(blob.size)}; {shown(self.blob)} are allowed")
        return None

    def admit_manifest(self, push: ManifestPush) -> Decision:
        """The images that an index lists were asked about when they were pushed themselves."""
        size = sum(layer.size for layer in push.layers)
        if size > self.image:
            return Deny(f"the layers have {shown(size)} together; {shown(self.image)} are allowed")
        return None


def shown(size: int) -> str:
    return f"{size / GB:.2f} GB" if size >= GB else f"{size / 1_000_000:.2f} MB"
