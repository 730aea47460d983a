"""Bundles: images, charts, signatures and SBOMs in one file, for places without a network.

A bundle is an OCI archive, so that other programs read it too. These are operations over stores: see
`ocilot.bundle` for what people call.
"""

from ocilot.bundle.contents import Item
from ocilot.bundle.loading import Loaded, load
from ocilot.bundle.looking import BundleEntry, Description, VerifiedBundle, describe, verify
from ocilot.bundle.saving import Saved, save

__all__ = [
    "BundleEntry",
    "Description",
    "Item",
    "Loaded",
    "Saved",
    "VerifiedBundle",
    "describe",
    "load",
    "save",
    "verify",
]
