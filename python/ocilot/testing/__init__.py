"""A registry for the tests of any project: what the fixtures of `ocilot[pytest]` give."""

from ocilot.testing.content import Content
from ocilot.testing.proxy import Recorded
from ocilot.testing.registry import RegistryForTests, User

__all__ = ["Content", "Recorded", "RegistryForTests", "User"]
