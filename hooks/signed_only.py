"""An image gets a tag only when it is signed: push it by digest or under a free tag, sign it, then tag it.

A signature is a manifest that refers to the image, as Notation and Cosign make, or Cosign's older tag
`sha256-<hex>.sig`. Only that there is one is looked at, not whether it is valid nor whose it is: this finds
what somebody forgot to sign, and does not keep out whoever pushes something that looks like a signature.
Whoever pulls verifies it, with `cosign verify` or `notation verify`.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ocilot.hooks import Decision, Deny, Hook, TagMove

TAG_OF_A_DIGEST = re.compile(r"(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(\.\w+)?")


@dataclass
class SignedOnly(Hook):
    tags: str = "*"  # tags that need a signature; v* leaves all others free
    signatures: tuple[str, ...] = (  # artifact types that count as one
        "application/vnd.cncf.notary.signature",
        "application/vnd.dev.cosign.artifact.sig.v1+json",
        "application/vnd.dev.sigstore.bundle.*",
    )

    def admit_tag(self, move: TagMove) -> Decision:
        """Tags that stand for a digest are free: signatures are pushed to them."""
        if not fnmatchcase(move.tag, self.tags) or TAG_OF_A_DIGEST.fullmatch(move.tag):
            return None
        if self.is_signed(move):
            return None
        return Deny(f"{move.digest} is not signed; sign it, then give it the tag {move.tag}")

    def is_signed(self, move: TagMove) -> bool:
        if f"{move.digest.replace(':', '-')}.sig" in move.sibling_tags:
            return True
        types = [referrer.artifact_type for referrer in move.referrers]
        return any(fnmatchcase(one, pattern) for one in types for pattern in self.signatures)
