"""The value of `images_in_use`, and what its answer is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ocilot import _core


@dataclass(frozen=True)
class InUseQuery:
    """The question which images deployments use: the value of `images_in_use`."""

    at: datetime
    """When it is asked, by the clock of the registry."""


def is_image_name(text: str) -> bool:
    """Whether `images_in_use` may answer this text: a reference such as `team/app:v1` or
    `registry.example.com/team/app@sha256:...`."""
    return text.isascii() and _core.is_image_name(text)
