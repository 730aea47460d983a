"""How many questions a second one thread of Python answers, on a core of its own.

`python -P uncached.py DIRECTORY SECONDS [SCRIPT]` with the directory of `_askers`; prints JSON. Without a
script each question is answered `allow` by a bare loop, else by the hooks of the script as a registry runs
them.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocilot import _core

HOOK_CPU, ASKER_CPU = 0, 1
TOGETHER = 64


def bare(box: _core.HookBox) -> None:
    while not box.closed:
        question = box.take(1.0)
        if question is not None:
            box.allow(question[0])


def begin(box: _core.HookBox, script: Path | None) -> Callable[[], object]:
    """Begins to answer; what it gives back ends that after the box is closed."""
    if script is None:
        thread = threading.Thread(target=bare, args=(box,))
        thread.start()
        return thread.join
    from ocilot.hooks.service import Hooks
    from ocilot.hooks.spec import Spec

    hooks = Hooks(lambda: [Spec(path=str(script))])
    hooks.attach(box)
    return hooks.stop


def measure(directory: Path, seconds: float, script: Path | None) -> dict[str, Any]:
    sys.path.insert(0, str(directory))
    import _askers  # type: ignore[import-not-found]

    os.sched_setaffinity(0, {HOOK_CPU})
    askers = _askers.Askers()
    end = begin(askers.box, script)
    os.sched_setaffinity(0, {ASKER_CPU})  # This thread alone; it asks without the interpreter.
    askers.ask(5_000, TOGETHER)
    rates = []
    until = time.monotonic() + seconds
    asked = 0
    while time.monotonic() < until:
        took = askers.ask(10_000, TOGETHER)
        asked += 10_000
        rates.append(10_000 / took)
    askers.close()
    end()
    return {"requests": asked, "errors": 0, "rate": sorted(rates)[len(rates) // 2], "best": max(rates)}


if __name__ == "__main__":
    print(
        json.dumps(
            measure(Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
        )
    )
