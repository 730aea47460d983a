"""Test kit for hooks, without a server. Its names and parameters are stable.

from ocilot.hooks import Deny
from ocilot.hooks.testing import Harness, a_tag_move

def test_latest_is_rejected():
    hook = Harness("no_latest.py")
    assert isinstance(hook.admit(a_tag_move(tag="latest")), Deny)
"""

from ocilot.hooks.loading.answers import WrongAnswer
from ocilot.hooks.problem import Problem

from .example_events import (
    a_blob_pushed,
    a_collected,
    a_manifest_deleted,
    a_manifest_pushed,
    a_mounted,
    a_pulled,
    a_quota_exceeded,
    a_quota_warning,
    a_refused,
    a_repository_created,
    a_repository_deleted,
    a_repository_renamed,
    a_retention_waiting,
    a_tag_deleted,
    a_tag_moved,
)
from .examples import (
    CONFIG,
    INDEX,
    LAYER,
    MANIFEST,
    a_blob,
    a_caller,
    a_deletion,
    a_history,
    a_login,
    a_push,
    a_tag,
    a_tag_move,
    an_access,
    an_in_use_query,
)
from .fake_registry import FakeRegistry
from .harness import Harness

__all__ = [
    "CONFIG",
    "INDEX",
    "LAYER",
    "MANIFEST",
    "FakeRegistry",
    "Harness",
    "Problem",
    "WrongAnswer",
    "a_blob",
    "a_blob_pushed",
    "a_caller",
    "a_collected",
    "a_deletion",
    "a_history",
    "a_login",
    "a_manifest_deleted",
    "a_manifest_pushed",
    "a_mounted",
    "a_pulled",
    "a_push",
    "a_quota_exceeded",
    "a_quota_warning",
    "a_refused",
    "a_repository_created",
    "a_repository_deleted",
    "a_repository_renamed",
    "a_retention_waiting",
    "a_tag",
    "a_tag_deleted",
    "a_tag_move",
    "a_tag_moved",
    "an_access",
    "an_in_use_query",
]
