"""Test kit for hooks, without a server. Its names and parameters are stable.

from ocilot.hooks import Deny
from ocilot.hooks.testing import Harness, a_tag_move

def test_latest_is_rejected():
    hook = Harness("no_latest.py")
    assert isinstance(hook.admit(a_tag_move(tag="latest")), Deny)
"""

from ocilot.hooks.loading.answers import WrongAnswer
from ocilot.hooks.problem import Problem

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
)
from .harness import Harness

__all__ = [
    "CONFIG",
    "INDEX",
    "LAYER",
    "MANIFEST",
    "Harness",
    "Problem",
    "WrongAnswer",
    "a_blob",
    "a_caller",
    "a_deletion",
    "a_history",
    "a_login",
    "a_push",
    "a_tag",
    "a_tag_move",
    "an_access",
]
