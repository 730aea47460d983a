"""Arguments in the wrong order, which would otherwise end in an error about a file or a host."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ocilot.cli.output import shown
from ocilot.errors import InvalidReference


def check_files_first(command: str, files: Iterable[str], reference: str) -> None:
    """Raises InvalidReference if the reference is a file, and none of the files is there."""
    first, *rest = files
    if _exists(reference) and not any(_exists(file) for file in (first, *rest)):
        raise _swapped(command, reference, first)


def check_new_file_first(command: str, file: str, reference: str) -> None:
    """Raises InvalidReference if a file to be written is called as an image, in a directory that is none."""
    from ocilot.references import names_registry

    if names_registry(file) and not names_registry(reference) and not Path(file).parent.is_dir():
        raise _swapped(command, reference, file)


def check_image_first(command: str, reference: str, path: str) -> None:
    """Raises InvalidReference if the reference is a path in an image, and the path is none."""
    if reference.startswith("/") and path and not path.startswith("/"):
        raise InvalidReference(
            f'invalid reference "{shown(reference)}": expected the image first, then the path',
            hint=f"write ocilot {command} {shown(path)} {shown(reference)}",
        )


def _swapped(command: str, file: str, reference: str) -> InvalidReference:
    return InvalidReference(
        f'invalid file "{shown(reference)}": expected the file first, then the reference',
        hint=f"write ocilot {command} {shown(file)} {shown(reference)}",
    )


def _exists(text: str) -> bool:
    try:
        return text == "-" or Path(text).exists()
    except OSError:
        return False
