"""A hook in a test, without a server. Stable: what is here stays as it is.

from ocilot.hooks import Deny
from ocilot.hooks.testing import Harness, a_push

def test_a_release_is_for_ci():
    hook = Harness("hooks/immutable_releases.py")
    assert hook.admit(a_push(tag="v1.2.3")) == Deny("v1.2.3 is a release: only CI pushes it")
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
    a_login,
    a_push,
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
    "a_login",
    "a_push",
    "a_tag_move",
    "an_access",
]
