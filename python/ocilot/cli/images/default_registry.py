"""The registry of references that name none: `OCILOT_REGISTRY`, or that of `ocilot login --default`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from ocilot.errors import StorageError
from ocilot.text_file import read_json, shown

VARIABLE: Final = "OCILOT_REGISTRY"
HUB: Final = "docker.io"
_KEY: Final = "default_registry"


def settings_path() -> Path:
    """The file of settings of the client."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "ocilot" / "client.json"


def chosen() -> str:
    """The registry that was chosen; empty if none was."""
    return os.environ.get(VARIABLE) or _read().get(_KEY, "")


def named() -> str:
    """The registry of a command that names none, which is said: what was meant may be another one."""
    host = chosen()
    if host:
        print(f"the default registry is {host}", file=sys.stderr)
        return host
    how = f"choose another with `ocilot login REGISTRY --default` or {VARIABLE}"
    print(f"the default registry is {HUB}; {how}", file=sys.stderr)
    return HUB


def choose(host: str) -> Path:
    """Makes it the registry of references that name none, `""` for docker.io again. Answers the file."""
    settings, path = _read(), settings_path()
    settings.pop(_KEY, None)
    if host:
        settings[_KEY] = host
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=".client-")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(json.dumps(settings, indent=2) + "\n")
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise StorageError(f"cannot write {shown(path)}: {problem.strerror or problem}") from None
    return path


def _read() -> dict[str, Any]:
    path = settings_path()
    if not path.exists():
        return {}
    found = read_json(path, "settings of the client", regular=True)
    return found if isinstance(found, dict) else {}
