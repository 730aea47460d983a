"""How Sphinx builds these pages: ./dev docs."""

import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

project = "ocilot"
release = version = _PROJECT["version"]
copyright = "the ocilot authors"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"ocilot {release}"
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
