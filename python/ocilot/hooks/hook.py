"""The base class of hooks that have options or a state."""

from __future__ import annotations


class Hook:
    """A class of hooks: its methods are named like points, its dataclass fields are its options.

    `start(self)` and `stop(self)`, plain or `async`, are called when a generation of scripts begins and when
    it has answered its last question. A start that raises keeps the generation out of force.
    """
