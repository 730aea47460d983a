"""How many questions a second one thread of Python answers, on a core of its own.

`python -P uncached.py DIRECTORY SECONDS [SCRIPT]` with the directory of `_askers`; prints JSON. Without a
script each question is answered `allow` by a bare loop, else by the hooks of the script as a registry runs
them. The CPU is that of whoever answers.
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
AT_ONCE, TOGETHER = 10_000, 64


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
    from ocilot.hooks.loading.spec import Spec
    from ocilot.hooks.running.service import Hooks

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
    askers.ask(AT_ONCE, TOGETHER)
    asked, took = 0, 0.0
    cpu = time.process_time() - time.thread_time()
    while took < seconds:
        took += askers.ask(AT_ONCE, TOGETHER)
        asked += AT_ONCE
    cpu = time.process_time() - time.thread_time() - cpu
    askers.close()
    end()
    return {
        "requests": asked,
        "errors": 0,
        "seconds": took,
        "rate": asked / took,
        "cpu_us": cpu * 1e6 / asked,
    }


if __name__ == "__main__":
    print(
        json.dumps(
            measure(Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
        )
    )
