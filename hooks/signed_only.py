"""Tags can be set on signed images only: push by digest or under another tag, sign, then set the tag.

A signature is a referrer of the image, as Notation and Cosign push it, or the older Cosign tag
`sha256-<hex>.sig`. The script checks that a signature exists, not who made it or whether it is valid: it
finds images that are not signed by mistake, and does not stop a client that pushes a false signature. Verify
signatures where images are pulled, with `cosign verify` or `notation verify`.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ocilot.hooks import Decision, Deny, Hook, TagMove

TAG_OF_A_DIGEST = re.compile(r"(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(\.\w+)?")


@dataclass
class SignedOnly(Hook):
    tags: str = "*"  # pattern of tags that need a signature, such as v*
    signatures: tuple[str, ...] = (  # artifact types of signatures
        "application/vnd.cncf.notary.signature",
        "application/vnd.dev.cosign.artifact.sig.v1+json",
        "application/vnd.dev.sigstore.bundle.*",
    )

    def admit_tag(self, move: TagMove) -> Decision:
        """Passes tags that name a digest: signatures are pushed under them."""
        if not fnmatchcase(move.tag, self.tags) or TAG_OF_A_DIGEST.fullmatch(move.tag):
            return None
        if self.is_signed(move):
            return None
        return Deny(f"{move.digest} is not signed: sign it, then set the tag {move.tag}")

    def is_signed(self, move: TagMove) -> bool:
        if f"{move.digest.replace(':', '-')}.sig" in move.sibling_tags:
            return True
        types = [referrer.artifact_type for referrer in move.referrers]
        return any(fnmatchcase(one, pattern) for one in types for pattern in self.signatures)
