"""Numbers of things in sentences."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """A number with its thing, as English writes it.

    >>> counted(1, "image"), counted(2, "image"), counted(0, "repository")
    ('1 image', '2 images', '0 repositories')
    """
    return f"{number} {noun(number, thing)}"


def noun(number: int, thing: str) -> str:
    """A thing, or several of it.

    >>> noun(1, "policy"), noun(2, "policy"), noun(2, "access rule")
    ('policy', 'policies', 'access rules')
    """
    if number == 1:
        return thing
    return f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
