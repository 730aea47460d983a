"""What the modules of the package import from each other, wherever the import stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from .tree import ROOT, under

PACKAGE = ROOT / "python"


def module_name(path: Path) -> str:
    """`ocilot.hooks.loading.loader`; a package is called like its folder."""
    words = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


def modules() -> dict[str, Path]:
    """Every module of the package; the compiled one as its stub shows it."""
    return {module_name(path): path for path in under("python/ocilot", ".py", ".pyi")}


def imports_of(path: Path, known: Mapping[str, Path]) -> set[str]:
    """The modules that a file imports: at its top, in functions and for type checkers alike."""
    found = set()
    for name in _imported_names(path):
        while name and name not in known:
            name = name.rpartition(".")[0]
        if name:
            found.add(name)
    return found - {module_name(path)}


def graph() -> dict[str, set[str]]:
    """Every module with those that it imports."""
    known = modules()
    return {name: imports_of(path, known) for name, path in known.items()}


def _imported_names(path: Path) -> Iterator[str]:
    """Full dotted names, of modules or of what is in them."""
    package = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            words = [*base, *([node.module] if node.module else [])]
            yield from (".".join([*words, alias.name]) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            yield from (str(word.value) for word in node.args if isinstance(word, ast.Constant))


def cycles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """The sets of modules that reach each other (Tarjan's strongly connected components), largest first."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for seen in sorted(edges.get(node, ())):
            if seen not in index:
                visit(seen)
                low[node] = min(low[node], low[seen])
            elif seen in stack:
                low[node] = min(low[node], index[seen])
        if low[node] == index[node]:
            at = stack.index(node)
            together = sorted(stack[at:])
            del stack[at:]
            if len(together) > 1:
                found.append(together)

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return sorted(found, key=len, reverse=True)
