"""What scripts import: the values that hooks get, and the decisions that they return.

A script is a Python file. A function, or a method of a Hook, with the name of a hook point is a hook:

    from ocilot.hooks import Decision, Deny, TagMove

    def admit_tag(move: TagMove) -> Decision:
        if move.previous and move.previous != move.digest:
            return Deny(f"{move.tag} exists; push another tag")
        return None
"""

from ocilot.text_file import read_text

from .decisions import Allow, Decision, Deny
from .events import (
    BlobPushed,
    Collected,
    Event,
    ManifestDeleted,
    ManifestPushed,
    Mounted,
    Pulled,
    QuotaExceeded,
    QuotaWarning,
    Refused,
    RepositoryCreated,
    RepositoryDeleted,
    RepositoryRenamed,
    Request,
    RetentionWaiting,
    TagDeleted,
    TagMoved,
)
from .history import Tag, TagHistory
from .hook import Hook, asked_once
from .in_use import InUseQuery, is_image_name
from .passwords import check_password
from .registry import Manifest, NotFound, Registry, RegistryError
from .units import Duration, Size
from .values import (
    Access,
    Action,
    BlobPush,
    Caller,
    Deletion,
    Descriptor,
    Kind,
    Login,
    ManifestPush,
    Referrer,
    TagMove,
)

__all__ = [
    "Access",
    "Action",
    "Allow",
    "BlobPush",
    "BlobPushed",
    "Caller",
    "Collected",
    "Decision",
    "Deletion",
    "Deny",
    "Descriptor",
    "Duration",
    "Event",
    "Hook",
    "InUseQuery",
    "Kind",
    "Login",
    "Manifest",
    "ManifestDeleted",
    "ManifestPush",
    "ManifestPushed",
    "Mounted",
    "NotFound",
    "Pulled",
    "QuotaExceeded",
    "QuotaWarning",
    "Referrer",
    "Refused",
    "Registry",
    "RegistryError",
    "RepositoryCreated",
    "RepositoryDeleted",
    "RepositoryRenamed",
    "Request",
    "RetentionWaiting",
    "Size",
    "Tag",
    "TagDeleted",
    "TagHistory",
    "TagMove",
    "TagMoved",
    "asked_once",
    "check_password",
    "is_image_name",
    "read_text",
]
