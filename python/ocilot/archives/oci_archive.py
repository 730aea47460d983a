"""Reads a tar in the OCI image layout in place."""

from __future__ import annotations

from ocilot.client.steps import Steps, call
from ocilot.errors import NotFound
from ocilot.oci import Descriptor, Digest

from .files import LocalFile
from .kinds import refuse
from .layout_reader import LayoutReader
from .tar_index import TarIndex


class OciArchive(LayoutReader):
    """An OCI archive, such as `skopeo copy … oci-archive:FILE` and `ocilot bundle save` write it."""

    _owns_streams = False

    def __init__(self, tar: TarIndex, kind: str = "oci-archive") -> None:
        """Raises ArchiveError if it is another kind of archive. Closes the tar with itself."""
        if "index.json" not in tar:
            raise refuse(tar.found, "an OCI archive")
        self.location: str = f"{kind}:{tar.path}"
        self._tar = tar

    def _index_bytes(self) -> bytes:
        return self._tar.read("index.json")

    def _blob_bytes(self, digest: Digest) -> bytes | None:
        name = blob_name(digest)
        return self._tar.read(name) if name in self._tar else None

    def _blob_size(self, digest: Digest) -> int | None:
        name = blob_name(digest)
        return self._tar.entry(name).size if name in self._tar else None

    def _open(self, blob: Descriptor) -> tuple[LocalFile, int, int]:
        name = blob_name(blob.digest)
        if name not in self._tar:
            raise NotFound(f"no blob {blob.digest} in {self.location}")
        entry = self._tar.entry(name)
        return self._tar.file, entry.offset, entry.size

    def close(self) -> Steps[None]:
        """Closes the file."""
        yield from call(self._tar.close)


def blob_name(digest: Digest) -> str:
    """Where the image layout has a blob."""
    return f"blobs/{digest.algorithm}/{digest.hex}"
