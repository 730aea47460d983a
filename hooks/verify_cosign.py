"""Tag images whose Cosign signature was made with a known key.

Reads signatures that `cosign sign --key` stores as tags `sha256-<hex>.sig`, and verifies them with openssl.
Set `caller: robot:NAME` for the script: the robot needs the rights pull and push.
"""

import base64
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ocilot.hooks import Hook, NotFound, TagMoved

SIGNATURES = re.compile(r"sha256-([0-9a-f]{64})\.sig")
SIGNATURE = "dev.cosignproject.cosign/signature"


@dataclass
class VerifyCosign(Hook):
    key: Path  # public key, as `cosign generate-key-pair` writes it to cosign.pub
    tag: str = "verified-{hex}"  # tag of an image that passes; `{hex}` are the first digits of its digest

    def on_tag_moved(self, event: TagMoved) -> None:
        """Looks at signatures when they arrive: an image is pushed before it is signed."""
        if (signed := SIGNATURES.fullmatch(event.tag)) is None:
            return
        digest = f"sha256:{signed[1]}"
        try:
            for layer in event.registry.manifest(event.digest).parsed.get("layers", ()):
                payload = event.registry.blob(layer["digest"])
                signature = base64.b64decode(layer.get("annotations", {}).get(SIGNATURE, ""))
                if self.is_signed(payload, signature) and image_of(payload) == digest:
                    event.registry.tag(digest, self.tag.format(hex=signed[1][:12]))
                    return
        except NotFound:
            return  # Deleted meanwhile.

    def is_signed(self, payload: bytes, signature: bytes) -> bool:
        """Whether the key made the signature."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(signature)
            file.flush()
            words = ["openssl", "dgst", "-sha256", "-verify", str(self.key), "-signature", file.name]
            return subprocess.run(words, input=payload, capture_output=True).returncode == 0


def image_of(payload: bytes) -> str:
    """Digest of the image that a signed payload is about."""
    return str(json.loads(payload)["critical"]["image"]["docker-manifest-digest"])
