"""The rules of access: who may do what where, and who is in which group."""

from __future__ import annotations

import re
from typing import Final

from .tree import Scalar
from .values import InvalidValue, Kind, Raw, expected, is_pattern

Groups = dict[str, list[str]]
Rules = list[tuple[list[str], dict[str, list[str]]]]
"""Repository patterns, and the rights of each subject."""

RIGHTS: Final = ("pull", "create", "push", "delete", "admin")
_SUBJECT: Final = re.compile(r"anonymous|everyone|(?:user|group|robot|federated|certificate):.+")
_SUBJECT_WORDS: Final = (
    "anonymous, everyone, user:NAME, group:NAME, robot:NAME, federated:PATTERN or certificate:PATTERN"
)
_MEMBER: Final = re.compile(r"[^:]+|(?:user|robot|federated|certificate):.+")


def text_of(raw: Raw) -> str | None:
    """A single value as text; None for anything else."""
    return raw.text if isinstance(raw, Scalar) and raw.value is not None else None


def texts_of(raw: Raw, what: str, *at: str) -> list[str]:
    """A list of texts, or one. Raises InvalidValue at the place of what is none."""
    items = raw if isinstance(raw, list) else [raw]
    texts = [text_of(item) for item in items]
    for number, text in enumerate(texts):
        if not text:
            raise expected(what, *at, *([str(number)] if isinstance(raw, list) else []))
    return [text for text in texts if text]


def section_of(raw: Raw, what: str, *at: str) -> dict[str, Raw]:
    """A mapping. Raises InvalidValue for anything else."""
    if not isinstance(raw, dict):
        raise expected(what, *at)
    return raw


def _read_groups(raw: Raw) -> Groups:
    groups = {}
    for name, members in section_of(raw, "a section of groups, each with a list of names").items():
        groups[name] = texts_of(members, "a list of names such as [alice, robot:ci]", name)
        for member in groups[name]:
            if not _MEMBER.fullmatch(member):
                raise expected("names, or robot:NAME, federated:PATTERN and certificate:PATTERN", name)
    return groups


def _read_rules(raw: Raw) -> Rules:
    if not isinstance(raw, list):
        raise expected("a list of rules, each with repositories and allow")
    return [_rule(item, str(number)) for number, item in enumerate(raw)]


def _rule(raw: Raw, at: str) -> tuple[list[str], dict[str, list[str]]]:
    rule = section_of(raw, "a rule with repositories and allow", at)
    for key in rule:
        if key not in ("repositories", "allow"):
            raise expected(f"a rule with repositories and allow, not {key}", at, key)
    if "repositories" not in rule or "allow" not in rule:
        raise expected("a rule with both repositories and allow", at)
    patterns = texts_of(rule["repositories"], "a list of patterns such as ['team/**']", at, "repositories")
    for number, pattern in enumerate(patterns):
        if not is_pattern(pattern):
            raise expected(
                "a repository pattern such as team/app, mirror/* or **", at, "repositories", str(number)
            )
    subjects = section_of(rule["allow"], "a section of subjects with their rights", at, "allow")
    return patterns, {subject: _rights(subject, given, at) for subject, given in subjects.items()}


def _rights(subject: str, raw: Raw, at: str) -> list[str]:
    place = (at, "allow", subject)
    if not _SUBJECT.fullmatch(subject):
        raise expected(f"rights of {_SUBJECT_WORDS}, not of {subject}", *place)
    rights = texts_of(raw, "a list of rights such as [pull, push]", *place)
    for number, right in enumerate(rights):
        if right not in RIGHTS:
            raise _no_right(*place, str(number))
    return rights


def pushes_without_pull(rules: Rules) -> list[str]:
    """A sentence for each rule that allows push without pull, which no client can use."""
    notes = []
    for number, (patterns, allow) in enumerate(rules):
        given = {right for rights in allow.values() for right in rights}
        if given & {"push", "create"} and not given & {"pull", "admin"}:
            notes.append(
                f"ocilot.access.{number} ({', '.join(patterns)}) allows push without pull, but clients such "
                "as "
                "docker read the repository before they push; add the right to pull"
            )
    return notes


def _read_subjects(raw: Raw) -> list[str]:
    subjects = texts_of(raw, "a list of subjects such as [robot:prometheus]")
    for number, subject in enumerate(subjects):
        if not _SUBJECT.fullmatch(subject):
            raise expected(_SUBJECT_WORDS, str(number))
    return subjects


def _no_right(*at: str) -> InvalidValue:
    return expected("a list of pull, create, push, delete or admin", *at)


SUBJECTS: Final = Kind(
    "subjects", "a list of subjects such as [robot:prometheus]", _read_subjects, text_depth=1
)
GROUPS: Final = Kind("groups", "a section of groups, each with a list of names", _read_groups, text_depth=2)
RULES: Final = Kind(
    "rules",
    "a list of rules, each with repositories and allow",
    _read_rules,
    lambda rules: [{"repositories": patterns, "allow": allow} for patterns, allow in rules],
    text_depth=None,
)
