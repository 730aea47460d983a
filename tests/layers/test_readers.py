"""One reader for all text files: what a file may begin with, how large it may be, and what is said if not."""

from __future__ import annotations

import ast

from .rules import mentions
from .tree import name, under

CORE = {
    "cpp/blob/filesystem/boot_id.cpp": "a line of the kernel",
    "cpp/blob/filesystem/mounted_at.cpp": "lines of the kernel",
}
"""Files of the core that read text by themselves: `base/read_file.h` does for all others."""

PACKAGE = {
    "python/ocilot/text_file.py": "the reader",
    "python/ocilot/cli/complete_references.py": "its own cache of names",
    "python/ocilot/cli/images/api.py": "the body of a request, of any bytes",
    "python/ocilot/cli/control.py": "bytes of a blob, which are compared with their digest",
    "python/ocilot/cli/main.py": "opens /dev/null in place of a closed stream",
    "python/ocilot/config/host_checks.py": "tries whether a file can be read, and reads nothing",
    "python/ocilot/hooks/running/watchdog.py": "lines of the kernel",
    "python/ocilot/hooks/running/worker.py": "lines of the kernel",
}
"""Files of the package that open files by themselves, each with its reason."""


def opens(text: str) -> list[int]:
    """Lines with `open(...)`, or with a method of paths that reads."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        by_path = called.endswith((".read_text", ".read_bytes")) and not called.startswith("text_file.")
        if called == "open" or by_path:
            found.append(node.lineno)
    return sorted(found)


def test_the_core_reads_text_files_with_its_reader() -> None:
    found = {
        name(path)
        for path in under("cpp", ".h", ".cpp")
        if mentions(path.read_text(), r"\bi?fstream\b(?!>)|\bfilebuf\b|\bf(?:re)?open\s*\(")
    }
    assert found == set(CORE)


def test_the_package_and_its_scripts_read_text_files_with_its_reader() -> None:
    files = [*under("python/ocilot", ".py"), *under("hooks", ".py")]
    found = {name(path) for path in files if opens(path.read_text())}
    assert found == set(PACKAGE)


def test_readers_are_found() -> None:
    text = "with open(a): pass\nread_text(a)\ntext_file.read_text(a)\nPath(a).read_text()\n"
    assert opens(text) == [1, 4]
