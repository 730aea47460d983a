"""Tag images whose Cosign signature was made with a known key.

Verifies signatures as `ocilot verify --key` does: those that `cosign sign --key` of Cosign 3 attaches to an
image, and those that Cosign 2 stores as tags `sha256-<hex>.sig`. Needs `pip install 'ocilot[verify]'`.
Set `caller: robot:NAME` for the script: the robot needs the rights pull and push.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ocilot.errors import SignatureError
from ocilot.hooks import Hook, ManifestPushed, NotFound, TagMoved
from ocilot.signatures import load_key, verify_manifest

SIGNATURES = re.compile(r"sha256-([0-9a-f]{64})\.sig")


@dataclass
class VerifyCosign(Hook):
    key: Path  # public key, as `cosign generate-key-pair` writes it to cosign.pub
    tag: str = "verified-{hex}"  # tag of an image that passes; `{hex}` are the first digits of its digest

    def start(self) -> None:
        """Refuses to load without a key: no image would be tagged."""
        load_key(self.key)

    def on_manifest_pushed(self, event: ManifestPushed) -> None:
        """Looks at what is attached to an image: an image is pushed before it is signed."""
        if event.subject:
            self._tag_if_signed(event, event.subject)

    def on_tag_moved(self, event: TagMoved) -> None:
        """Looks at tags of signatures."""
        if signed := SIGNATURES.fullmatch(event.tag):
            self._tag_if_signed(event, f"sha256:{signed[1]}")

    def _tag_if_signed(self, event: ManifestPushed | TagMoved, image: str) -> None:
        try:
            signature = event.registry.manifest(event.digest).content
            verify_manifest(signature, image, event.registry.blob, key=self.key)
            event.registry.tag(image, self.tag.format(hex=image.partition(":")[2][:12]))
        except SignatureError:
            return  # Made by another key, or no signature at all.
        except NotFound:
            return  # Deleted meanwhile.
