"""Checks the answers of hooks: an answer of a wrong type is a failure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ocilot.hooks.decisions import Allow, Deny
from ocilot.hooks.history import Tag
from ocilot.hooks.in_use import is_image_name
from ocilot.hooks.units import Duration
from ocilot.hooks.values import Caller

from .points import Family, Point

_KINDS = ("user", "robot")
_NUMBERS = (int, float, Duration)
_LONGEST = 366 * 24 * 3600
_JOINED = (Family.RETAIN, Family.IN_USE)


class WrongAnswer(Exception):
    """An answer of a type that the hook point does not accept."""


def checked(point: Point, answer: Any) -> Allow | Deny | Caller | tuple[str, ...] | None:
    """The answer; of `retain` the names of the tags, of `images_in_use` the references.

    Raises WrongAnswer.
    """
    if point.family is Family.RETAIN:
        return _kept(answer)
    if point.family is Family.IN_USE:
        return _in_use(answer)
    if answer is None:
        return None
    if point.family is Family.EVENT and not inspect.iscoroutine(answer):
        return None  # Nothing asks for it.
    # Most answers are exactly of these types, and this is asked for every one.
    if type(answer) is Deny:
        if _is_text(answer.reason):
            return answer
        raise WrongAnswer("it answered Deny without a reason that can be shown to the caller")
    if type(answer) is Allow and point.family is not Family.AUTHENTICATE:
        if type(answer.ttl) in _NUMBERS and 0 <= answer.ttl <= _LONGEST:
            return answer
        raise WrongAnswer(f"it answered Allow(ttl={_shown(answer.ttl)}); expected seconds from 0 to a year")
    if type(answer) is Caller and point.family is Family.AUTHENTICATE:
        return _caller(answer)
    _refuse_coroutine(answer)
    expected = ", ".join(kind.__name__ for kind in point.answers)
    raise WrongAnswer(f"it answered {_shown(answer)}; {point.name} takes {expected} or None")


def _kept(answer: Any) -> tuple[str, ...]:
    _refuse_coroutine(answer)
    # None is more often a forgotten `return` than the wish to keep nothing.
    if not isinstance(answer, list | tuple | set | frozenset):
        raise WrongAnswer(
            f"it answered {_shown(answer)}; retain takes the list of tags to keep, which may be empty"
        )
    names = tuple(one.name if isinstance(one, Tag) else one for one in answer)
    for name in names:
        if not _is_text(name):
            raise WrongAnswer(f"it answered a list with {_shown(name)}; retain takes tags, or their names")
    return names


def _in_use(answer: Any) -> tuple[str, ...]:
    _refuse_coroutine(answer)
    if not isinstance(answer, Iterable) or isinstance(answer, str | bytes | Mapping):
        raise WrongAnswer(
            f"it answered {_shown(answer)}; images_in_use takes the list of references, which may be empty"
        )
    references = tuple(answer)
    for one in references:
        if type(one) is not str or not is_image_name(one):
            raise WrongAnswer(
                f"it answered a list with {_shown(one)}; images_in_use takes references such as team/app:v1"
            )
    return references


def _refuse_coroutine(answer: Any) -> None:
    if inspect.iscoroutine(answer):
        answer.close()
        raise WrongAnswer("it answered a coroutine; write `async def`, or `return await ...` in one")


def _caller(caller: Caller) -> Caller:
    if not _is_text(caller.name):
        raise WrongAnswer("it answered a Caller without a name")
    if type(caller.admin) is not bool:
        raise WrongAnswer(f"it answered a Caller with admin={_shown(caller.admin)}; expected True or False")
    if not all(map(_is_text, caller.groups)):
        raise WrongAnswer("it answered a Caller with an invalid group name")
    if caller.kind not in _KINDS:
        raise WrongAnswer(f"it answered a Caller of the kind {_shown(caller.kind)}; expected user or robot")
    return caller


def _is_text(text: object) -> bool:
    """Whether it is text that says something and can be sent."""
    if type(text) is not str or not text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_final(family: Family, answer: object) -> bool:
    """Whether no further hook is asked: admit asks until one denies, retain and images_in_use ask all, the
    others until one answers."""
    if family in _JOINED:
        return False
    return isinstance(answer, Deny) if family is Family.ADMIT else answer is not None


def one_of_all(family: Family, hooks: Sequence[Callable[[], Any]]) -> Any:
    """The joined answer of several hooks, as the table of families says."""
    if family in _JOINED:
        return tuple(dict.fromkeys(name for ask in hooks for name in ask()))
    for ask in hooks:
        answer = ask()
        if is_final(family, answer):
            return answer
    return None


def _shown(answer: object) -> str:
    try:
        text = repr(answer)
    except Exception:
        text = f"a {type(answer).__name__}"  # What it looks like is the script's own making, too.
    return f"{text[:60]}..." if len(text) > 60 else text
