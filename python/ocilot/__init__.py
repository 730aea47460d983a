"""ocilot: a container and OCI artifact registry, and the client of any other.

>>> with ocilot.Server() as server, ocilot.connect(server.url) as registry:
...     registry.repositories().all()
[]
"""

# As type checkers know it. Loading `typing` for it would take longer than all else that is done here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocilot import errors
    from ocilot.adoption import adopt_distribution
    from ocilot.async_verbs import AsyncRegistry, aconnect, acopy, aopen
    from ocilot.backups import backup, restore_backup, verify_backup
    from ocilot.build import Built
    from ocilot.building import (
        aappend,
        aimport_rootfs,
        amake_index,
        amutate,
        append,
        arebase,
        import_rootfs,
        make_index,
        mutate,
        rebase,
    )
    from ocilot.bundling import (
        adescribe_bundle,
        aload_bundle,
        asave_bundle,
        averify_bundle,
        describe_bundle,
        load_bundle,
        save_bundle,
        verify_bundle,
    )
    from ocilot.client.aio import AsyncImage, AsyncIndex, AsyncListing, AsyncPlan, AsyncRepository
    from ocilot.client.copying import BlobResult, CopyResult
    from ocilot.client.credentials import ANONYMOUS, Token
    from ocilot.client.image import Image, Index
    from ocilot.client.listing import Listing
    from ocilot.client.options import Limits
    from ocilot.client.plan import Plan
    from ocilot.client.repository import Repository
    from ocilot.client.retries import Retry
    from ocilot.client.tags import Tag
    from ocilot.client.tls import TLS
    from ocilot.compare import ImageDiff
    from ocilot.comparing import adiff, diff
    from ocilot.errors import ConfigError, Error
    from ocilot.integrity import fsck
    from ocilot.oci import Config, Descriptor, Digest, Manifest, Platform
    from ocilot.references import Location, Reference
    from ocilot.server import Server
    from ocilot.verbs import Registry, connect, copy, open

__version__ = "0.1.0"

_MODULES = {
    "adoption": ("adopt_distribution",),
    "async_verbs": ("AsyncRegistry", "aconnect", "acopy", "aopen"),
    "backups": ("backup", "restore_backup", "verify_backup"),
    "build": ("Built",),
    "building": (
        *("aappend", "aimport_rootfs", "amake_index", "amutate", "append", "arebase"),
        *("import_rootfs", "make_index", "mutate", "rebase"),
    ),
    "bundling": (
        *("adescribe_bundle", "aload_bundle", "asave_bundle", "averify_bundle"),
        *("describe_bundle", "load_bundle", "save_bundle", "verify_bundle"),
    ),
    "client.aio": ("AsyncImage", "AsyncIndex", "AsyncListing", "AsyncPlan", "AsyncRepository"),
    "client.copying": ("BlobResult", "CopyResult"),
    "client.credentials": ("ANONYMOUS", "Token"),
    "client.image": ("Image", "Index"),
    "client.listing": ("Listing",),
    "client.options": ("Limits",),
    "client.plan": ("Plan",),
    "client.repository": ("Repository",),
    "client.retries": ("Retry",),
    "client.tags": ("Tag",),
    "client.tls": ("TLS",),
    "compare": ("ImageDiff",),
    "comparing": ("adiff", "diff"),
    "errors": ("ConfigError", "Error"),
    "integrity": ("fsck",),
    "oci": ("Config", "Descriptor", "Digest", "Manifest", "Platform"),
    "references": ("Location", "Reference"),
    "server": ("Server",),
    "verbs": ("Registry", "connect", "copy", "open"),
}
"""Modules and what they have for users. Each is loaded when a name of it is asked for."""

__all__ = [
    "ANONYMOUS",
    "TLS",
    "AsyncImage",
    "AsyncIndex",
    "AsyncListing",
    "AsyncPlan",
    "AsyncRegistry",
    "AsyncRepository",
    "BlobResult",
    "Built",
    "Config",
    "ConfigError",
    "CopyResult",
    "Descriptor",
    "Digest",
    "Error",
    "Image",
    "ImageDiff",
    "Index",
    "Limits",
    "Listing",
    "Location",
    "Manifest",
    "Plan",
    "Platform",
    "Reference",
    "Registry",
    "Repository",
    "Retry",
    "Server",
    "Tag",
    "Token",
    "__version__",
    "aappend",
    "aconnect",
    "acopy",
    "adescribe_bundle",
    "adiff",
    "adopt_distribution",
    "aimport_rootfs",
    "aload_bundle",
    "amake_index",
    "amutate",
    "aopen",
    "append",
    "arebase",
    "asave_bundle",
    "averify_bundle",
    "backup",
    "connect",
    "copy",
    "describe_bundle",
    "diff",
    "errors",
    "fsck",
    "import_rootfs",
    "load_bundle",
    "make_index",
    "mutate",
    "open",
    "rebase",
    "restore_backup",
    "save_bundle",
    "verify_backup",
    "verify_bundle",
]


def __getattr__(name: str) -> object:
    # Loaded when it is asked for: most programs need one of them, and `ocilot --help` none.
    import importlib

    if name == "errors":
        return importlib.import_module("ocilot.errors")
    for module, names in _MODULES.items():
        if name in names:
            found = getattr(importlib.import_module(f"ocilot.{module}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
