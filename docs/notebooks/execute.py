"""Runs the notebooks of this folder and keeps what they show: python docs/notebooks/execute.py"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

SECONDS = 120
"""For one cell, on a busy machine."""


def executed(path: Path) -> Any:
    """A notebook with what it shows, run by this Python. Raises CellExecutionError if a cell fails."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", record_timing=False).execute()
    return notebook


def main() -> None:
    """Runs all of them."""
    import nbformat

    for path in sorted(Path(__file__).parent.glob("*.ipynb")):
        notebook = executed(path)
        for cell in notebook.cells:
            # Numbers of runs say nothing.
            cell.pop("execution_count", None)
            if cell.cell_type == "code":
                cell.execution_count = None
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
        print(path, file=sys.stderr)


if __name__ == "__main__":
    main()
