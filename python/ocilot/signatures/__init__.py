"""Verifies signatures of images: those of cosign by public key, and sigstore bundles by identity."""

from ocilot.signatures.verifying import verify

__all__ = ["verify"]
