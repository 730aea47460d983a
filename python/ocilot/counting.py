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

    >>> noun(1, "policy"), noun(2, "policy"), noun(2, "access rule"), noun(2, "key")
    ('policy', 'policies', 'access rules', 'keys')
    """
    if number == 1:
        return thing
    is_regular = not thing.endswith("y") or thing[-2:-1] in set("aeiou")
    return f"{thing}s" if is_regular else f"{thing[:-1]}ies"
