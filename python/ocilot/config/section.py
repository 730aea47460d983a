"""Sections of a configuration: what keys each has, and how what was written becomes values.

No library for this: one that could do it takes longer to load than the registry may take to start, and more
memory than the registry itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Never, Self

from ocilot.counting import counted

from .tree import Scalar
from .values import Ignored, InvalidValue, Kind, Raw, Refused, expected

Path = tuple[str, ...]

OTHERS = "x-"
"""How keys begin that are for others, such as places for YAML's anchors."""


class Problem(NamedTuple):
    """What is wrong with the value at a path, or with the key itself."""

    path: Path
    unfit: InvalidValue | None
    """None: the key is unknown."""


class Invalid(Exception):
    """A configuration that cannot be used, with everything that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(counted(len(problems), "problem"))
        self.problems = problems


class Field(NamedTuple):
    """What a section says about one of its keys: either there is a section below it, or it is marked."""

    default: Any
    below: type[Section] | None
    mark: Kind | Refused | Ignored | None
    is_optional: bool
    """`| None`: it says nothing unless it is there."""
    items: type[Section] | None = None
    """What each item of a list is, if it is a list of sections."""


def _is_empty(raw: Raw) -> bool:
    """Nothing, or an empty text, which asks for nothing either."""
    return isinstance(raw, Scalar) and (raw.value is None or raw.text == "")


def _field(annotation: Any, default: Any) -> Field:
    if getattr(annotation, "__origin__", None) is list and issubclass(annotation.__args__[0], Section):
        return Field(default, None, None, False, annotation.__args__[0])
    is_marked = hasattr(annotation, "__metadata__")
    options = (annotation,) if is_marked else getattr(annotation, "__args__", (annotation,))
    for option in options:
        if isinstance(option, type) and issubclass(option, Section):
            return Field(default, option, None, len(options) > 1)
        for mark in getattr(option, "__metadata__", ()):
            if isinstance(mark, Kind | Refused | Ignored):
                return Field(default, None, mark, len(options) > 1)
    raise TypeError(f"{annotation} says neither what section it is nor what kind of value")


class Section:
    """A mapping in the file; its subclasses annotate each key. A key with an empty value counts as not there.

    Does not change once it is made. Names that begin with `_` are not keys.
    """

    known_keys: ClassVar[Mapping[str, Field]] = {}
    given_keys: frozenset[str]
    """The keys that were there; all others have their defaults."""

    def __init_subclass__(cls) -> None:
        cls.known_keys = {
            name: _field(annotation, cls.__dict__[name])
            for name, annotation in cls.__annotations__.items()
            if not name.startswith("_")
        }

    def __init__(self, **values: Any) -> None:
        defaults = {name: field.default for name, field in self.known_keys.items()}
        self.__dict__.update(defaults | values, given_keys=frozenset(values))

    def __setattr__(self, name: str, value: Any) -> Never:
        raise AttributeError(f"{type(self).__name__}.{name} does not change: make another with with_values()")

    def with_values(self, **values: Any) -> Self:
        """The same with other values, which are not checked."""
        given = {name: getattr(self, name) for name in self.given_keys}
        return type(self)(**given | values)

    def anchored(self, base: str) -> Self:
        """The same with its relative paths taken from a directory."""
        changed: dict[str, Any] = {}
        for name, field in self.known_keys.items():
            value = getattr(self, name)
            if isinstance(value, Section):
                changed[name] = value.anchored(base)
            elif field.items is not None and value:
                changed[name] = [item.anchored(base) for item in value]
            elif isinstance(field.mark, Kind) and field.mark.anchored is not None and value:
                changed[name] = field.mark.anchored(value, base)
        return self.with_values(**changed)

    @classmethod
    def of_raw(cls, raw: Raw) -> Self:
        """The section that was written. Raises Invalid with every problem found."""
        problems: list[Problem] = []
        made = cls._made(raw, (), problems)
        if made is None:
            raise Invalid(problems)
        return made

    @classmethod
    def _made(cls, raw: Raw, path: Path, problems: list[Problem]) -> Self | None:
        """None if there are more problems afterwards than before."""
        before = len(problems)
        try:
            values = dict(cls._checked(cls._present(cls._prepared(raw)), path, problems))
            if len(problems) > before:
                return None
            made = cls(**values)
            made._check_whole()
        except InvalidValue as unfit:
            problems.append(Problem((*path, *unfit.at), unfit))
            return None
        return made

    @classmethod
    def _present(cls, raw: Raw) -> dict[str, Raw]:
        if _is_empty(raw):
            return {}
        if not isinstance(raw, dict):
            raise expected("a section with keys such as " + ", ".join(list(cls.known_keys)[:3]))
        return {
            key: value
            for key, value in raw.items()
            if not (_is_empty(value) and key not in cls._kept()) and not key.startswith(OTHERS)
        }

    @classmethod
    def _checked(
        cls, present: dict[str, Raw], path: Path, problems: list[Problem]
    ) -> Iterator[tuple[str, Any]]:
        for name, raw in present.items():
            here, field = (*path, name), cls.known_keys.get(name)
            if field is None:
                problems.append(Problem(here, None))
            elif field.below is not None:
                yield name, field.below._made(raw, here, problems)
            elif field.items is not None:
                yield name, cls._listed(raw, field.items, here, problems)
            elif field.mark is not None:
                try:
                    yield name, field.mark.check(raw)
                except InvalidValue as unfit:
                    problems.append(Problem((*here, *unfit.at), unfit))

    @classmethod
    def _listed(cls, raw: Raw, items: type[Section], path: Path, problems: list[Problem]) -> list[Any]:
        if not isinstance(raw, list):
            problems.append(Problem(path, expected("a list of sections")))
            return []
        return [items._made(item, (*path, str(at)), problems) for at, item in enumerate(raw)]

    @classmethod
    def _kept(cls) -> tuple[str, ...]:
        """Keys that say something even without a value."""
        return ()

    @classmethod
    def _prepared(cls, raw: Raw) -> Raw:
        """What was meant by what was written, where there is a short way to write it."""
        return raw

    def _check_whole(self) -> None:
        """Raises InvalidValue if values, each good, do not go together."""
