"""Verifies signatures of images: those of cosign by public key, and sigstore bundles by identity."""

from ocilot.signatures.keys import load as load_key
from ocilot.signatures.stored import verify_manifest
from ocilot.signatures.verifying import verify

__all__ = ["load_key", "verify", "verify_manifest"]
