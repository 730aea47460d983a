"""Values of the OCI image specification: plain data, frozen, without any I/O."""

from ocilot.oci.config import Config, HistoryEntry
from ocilot.oci.descriptor import Descriptor
from ocilot.oci.digest import Digest, Hasher, digest_of, parse_digest
from ocilot.oci.manifest import Manifest
from ocilot.oci.platform import Platform, choose

__all__ = [
    "Config",
    "Descriptor",
    "Digest",
    "Hasher",
    "HistoryEntry",
    "Manifest",
    "Platform",
    "choose",
    "digest_of",
    "parse_digest",
]
