"""How much memory a process of its own has had."""

from __future__ import annotations

import subprocess
import sys

PEAK = '''
def peak():
    """KiB at most. `ru_maxrss` would begin with the peak of the process that started this one."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
'''


def printed(script: str, *arguments: str) -> int:
    """The number that a script prints, which knows `peak()`."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK + script, *arguments],
        capture_output=True,
        check=True,
        text=True,
        timeout=600,
    )
    return int(done.stdout)
