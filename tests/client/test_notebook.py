"""The notebook of the documentation runs, from a start to an end, and shows what it is kept with."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("pandas")

NOTEBOOKS = Path(__file__).parents[2] / "docs/notebooks"
WALK = NOTEBOOKS / "walkthrough.ipynb"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("execute", NOTEBOOKS / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Any) -> list[str]:
    """Kinds of what a cell shows."""
    kinds: set[str] = set()
    for output in cell.outputs:
        kinds |= set(output.get("data", {output.output_type: ""}))
    return sorted(kinds)


# What the kernel leaves open at its end is no matter of the notebook.
@pytest.mark.filterwarnings("ignore")
def test_it_runs_and_shows_what_it_is_kept_with() -> None:
    kept = nbformat.read(WALK, as_version=4)
    ran = script().executed(WALK)
    # Times and ports differ; that each cell shows a table or a picture again does not.
    for before, after in zip(code_cells(kept), code_cells(ran), strict=True):
        assert shown(before) == shown(after), before.source


def test_it_shows_tables_and_pictures_and_nothing_that_runs() -> None:
    kept = nbformat.read(WALK, as_version=4)
    nbformat.validate(kept)
    kinds = {kind for cell in code_cells(kept) for kind in shown(cell)}
    assert {"text/html", "image/svg+xml"} <= kinds
    text = WALK.read_text()
    assert "<script" not in text
    assert not re.search(r"/(work|home|root|tmp)/", text), "no path of the machine that ran it"
    assert not any("Error" in output.get("ename", "") for cell in code_cells(kept) for output in cell.outputs)
