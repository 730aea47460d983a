"""What a page looks like in a real browser, as pixels."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = "chromium"
SCHEMES: Final = {"dark": 0, "light": 1}
"""What a system prefers, as the browser numbers it."""
BORDER: Final = 200
"""Pixels of the window that the browser may keep for itself."""

Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


def screenshot(page: str, size: tuple[int, int], scheme: str, directory: Path) -> Any:
    """An image of a page on a system that prefers light or dark."""
    from PIL import Image

    source, target = directory / f"{scheme}.html", directory / f"{scheme}.png"
    source.write_text(page, encoding="utf-8")
    command = [
        *(PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *("--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"),
        *("--force-device-scale-factor=1", f"--window-size={size[0]},{size[1] + BORDER}"),
        *(
            f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
            f"--user-data-dir={directory / 'data'}",
        ),
        *(f"--screenshot={target}", source.as_uri()),
    ]
    environment = {"HOME": str(directory), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    subprocess.run(command, env=environment, capture_output=True, check=True, timeout=300)
    return Image.open(io.BytesIO(target.read_bytes())).convert("RGB")


def luminance(colour: Colour) -> float:
    """Of WCAG 2.2."""
    linear = [one / 255 / 12.92 if one <= 10 else ((one / 255 + 0.055) / 1.055) ** 2.4 for one in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """Of WCAG 2.2: 4.5 reads well."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def colours(image: Any, box: Box) -> list[tuple[int, Colour]]:
    """Colours of a part, the most frequent one first: the ground."""
    part = image.crop(box)
    found: list[tuple[int, Colour]] = part.getcolors(part.width * part.height)
    return sorted(found, reverse=True)


def ink(image: Any, box: Box) -> int:
    """Pixels of a part that are readable on its ground."""
    found = colours(image, box)
    return sum(count for count, colour in found if contrast(colour, found[0][1]) >= 4.5)
