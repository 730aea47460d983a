"""The section `storage`."""

from typing import TYPE_CHECKING, Annotated

from . import in_use
from .section import Section
from .tree import NOTHING, Scalar
from .values import DURATION, FILE, FLAG, Ignored, Raw, Refused, expected, read_flag

if TYPE_CHECKING:
    from ocilot import _core

Path = Annotated[str, FILE]
Flag = Annotated[bool, FLAG]
Duration = Annotated[int, DURATION]

DRIVERS = ("filesystem", "inmemory", "s3", "azure", "gcs", "swift", "oss")


class Filesystem(Section):
    rootdirectory: Path = "/var/lib/registry"
    """Directory of blobs and metadata."""
    maxthreads: Annotated[object, Ignored("the number of threads adapts to the load")] = None


class InMemory(Section):
    """Storage in memory, for tests: all data is lost when the registry stops."""


class Delete(Section):
    enabled: Flag = False
    """Whether clients may delete. Default without a configuration file: true."""


class UploadPurging(Section):
    enabled: Flag = True
    """Whether expired uploads are removed."""
    age: Duration = 168 * 3600
    """Time without new data after which an unfinished upload expires."""
    interval: Duration = 24 * 3600
    """Interval between two purges."""
    dryrun: Annotated[
        object, Refused("dry runs are not supported; set enabled: false to keep expired uploads")
    ] = None

    @classmethod
    def _prepared(cls, raw: Raw) -> Raw:
        # What is not done is not done without effect either.
        if isinstance(raw, dict) and read_flag(raw.get("enabled")) is False:
            return {key: value for key, value in raw.items() if key != "dryrun"}
        return raw


class ReadOnly(Section):
    enabled: Annotated[
        object, Refused("read-only mode is not supported yet; no maintenance task needs it")
    ] = None


class Maintenance(Section):
    uploadpurging: UploadPurging = UploadPurging()
    readonly: ReadOnly = ReadOnly()


_NO_BUCKET = "only storage.filesystem and storage.inmemory are supported yet"


class Storage(Section):
    filesystem: Filesystem | None = None
    inmemory: InMemory | None = None
    delete: Delete = Delete()
    maintenance: Maintenance = Maintenance()
    cache: Annotated[object, Ignored("descriptors are stored in the metadata and need no cache")] = None
    tag: Annotated[object, Ignored("tags are looked up in an index")] = None
    redirect: Annotated[object, Ignored("blobs on a file system are never redirected")] = None
    s3: Annotated[object, Refused(_NO_BUCKET, in_use.always)] = None
    azure: Annotated[object, Refused(_NO_BUCKET, in_use.always)] = None
    gcs: Annotated[object, Refused(_NO_BUCKET, in_use.always)] = None
    swift: Annotated[object, Refused(_NO_BUCKET, in_use.always)] = None
    oss: Annotated[object, Refused(_NO_BUCKET, in_use.always)] = None

    @classmethod
    def _kept(cls) -> tuple[str, ...]:
        return DRIVERS

    @classmethod
    def _prepared(cls, raw: Raw) -> Raw:
        if isinstance(raw, Scalar) and isinstance(raw.value, str):
            raw = {raw.value: NOTHING}
        if not isinstance(raw, dict) or any(key in raw for key in DRIVERS):
            return raw
        return {**raw, "filesystem": {"rootdirectory": Scalar("ocilot-data", "ocilot-data")}}

    def _check_whole(self) -> None:
        if self.filesystem is not None and self.inmemory is not None:
            raise expected("either filesystem or inmemory")

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        if self.filesystem is not None:
            settings.root = self.filesystem.rootdirectory
        settings.in_memory = self.inmemory is not None
        settings.deletes = self.delete.enabled
        purging = self.maintenance.uploadpurging
        settings.purge_uploads = purging.enabled
        settings.upload_age, settings.purge_interval = purging.age, purging.interval
