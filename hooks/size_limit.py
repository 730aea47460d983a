"""Limit the size of images and of blobs.

The size of a blob is counted. The size of an image is the sum of the layer sizes in its manifest. Set
`ocilot.strictsizes: true` in the configuration to reject manifests with wrong sizes: otherwise a client that
writes smaller numbers can push an image of any size, as long as each blob is within its limit.
"""

from dataclasses import dataclass

from ocilot.hooks import BlobPush, Decision, Deny, Hook, ManifestPush, Size

GB = 1_000_000_000


@dataclass
class SizeLimit(Hook):
    image: Size = Size(10 * GB)  # maximum for all layers together, compressed as pushed
    blob: Size = Size(5 * GB)  # maximum for one blob

    def admit_blob(self, blob: BlobPush) -> Decision:
        """Checks a complete upload or a mount, before the blob is linked to the repository."""
        if blob.size > self.blob:
            return Deny(f"the blob has {shown(blob.size)}, the limit is {shown(self.blob)}")
        return None

    def admit_manifest(self, push: ManifestPush) -> Decision:
        """Passes an index: each of its images was checked at its own push."""
        size = sum(layer.size for layer in push.layers)
        if size > self.image:
            return Deny(f"the layers have {shown(size)} together, the limit is {shown(self.image)}")
        return None


def shown(size: int) -> str:
    return f"{size / GB:.2f} GB" if size >= GB else f"{size / 1_000_000:.2f} MB"
