"""Images in files: OCI layouts, OCI archives and docker archives, each a `Store` as a registry is one."""

from ocilot.archives.archive_writer import ArchiveWriter
from ocilot.archives.docker_archive import DockerArchive
from ocilot.archives.layout import LayoutStore
from ocilot.archives.oci_archive import OciArchive
from ocilot.archives.opening import create_store, open_file, open_store

__all__ = [
    "ArchiveWriter",
    "DockerArchive",
    "LayoutStore",
    "OciArchive",
    "create_store",
    "open_file",
    "open_store",
]
