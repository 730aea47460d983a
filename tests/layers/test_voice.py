"""Texts that users read have the field's words: messages, help, reference and documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from .tree import ROOT, name, under
from .voice import Text, of_cpp, of_page, of_python, wrong_words

Texts = Callable[[str], Iterator[Text]]

ALLOWED: Final = {
    ("docs/adr/0006-facts-in-memory.md", "fact"): "defines the word for the code of meta",
    ("docs/adr/0006-facts-in-memory.md", "facts"): "defines the word for the code of meta",
    ("docs/glossary.md", "fact"): "defines the word for the code of meta",
    ("docs/hooks/scripts.md", "people"): "a directory's own name in LDAP",
}
"""Words that stay, and why. A line that nothing needs is an error: this list only shrinks."""

OLD: Final[dict[str, int]] = {}
"""Files whose texts are still to be rewritten, with the most words that may be left: only shrinks."""


def _public() -> Iterator[tuple[Path, Texts]]:
    for path in under("cpp", ".cpp", ".h"):
        yield path, of_cpp
    for path in under("python/ocilot", ".py"):
        yield path, of_python
    for path in [*under("docs", ".md"), ROOT / "README.md"]:
        yield path, of_page


def test_public_texts_have_the_words_of_the_field() -> None:
    wrong: dict[str, list[str]] = {}
    used = set()
    for path, texts in _public():
        source, file = path.read_text(encoding="utf-8"), name(path)
        for line, word, instead in wrong_words(source, texts(source)):
            if (file, word) in ALLOWED:
                used.add((file, word))
            else:
                wrong.setdefault(file, []).append(f'{file}:{line}: "{word}"; instead: {instead}')
    assert [line for file, lines in wrong.items() if len(lines) > OLD.get(file, 0) for line in lines] == []
    assert set(ALLOWED) == used, "remove what nothing needs"


@pytest.mark.parametrize(
    ("texts", "source", "found"),
    [
        (
            of_cpp,
            'auto x = "wait";\nreturn Error{Errc::io, "storage is full; tell "\n  "whoever runs it"};',
            2,
        ),
        (of_cpp, "// whoever reads this\nauto const sql = R\"(SELECT 'for ever')\";\n", 0),
        (of_cpp, 'log.info("removed {} uploads", {{"peer", "192.0.2.1"}});', 0),
        (of_python, '"""Whoever reads this."""\nx = f"a {y} is no duration"\n', 1),
        (of_python, '@app.command()\ndef add():\n    """Make an account for people."""\n', 1),
        (of_python, 'def helper():\n    """What somebody wants."""\n', 0),
        (of_python, 'class A:\n    """Of people."""\n    limit: int = 0\n    """0: for ever."""\n', 1),
        (of_page, "| key | how long a token is good |\n", 1),
        (of_page, "The text `nobody`, [a link](facts.md) and a word that is no longer used.\n", 0),
    ],
)
def test_a_word_is_found_in_what_users_read_and_nowhere_else(texts: Texts, source: str, found: int) -> None:
    assert Counter(line > 0 for line, _, _ in wrong_words(source, texts(source)))[True] == found


def test_a_word_is_found_on_its_line() -> None:
    source = 'x = """A text\nfor ever"""\n'
    assert [line for line, _, _ in wrong_words(source, of_python(source))] == [2]
