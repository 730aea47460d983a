"""`./dev soak`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from ..kill_harness import memory_directory
from .harness import Soak


def main() -> int:
    options = argparse.ArgumentParser(prog="./dev soak", description=sys.modules[__package__].__doc__)
    options.add_argument("--minutes", type=float, default=10, help="duration (default: 10)")
    options.add_argument("--seed", type=int, default=1, help="seed of the traffic and the kills (default: 1)")
    chosen = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="ocilot-soak-", dir=memory_directory()))
    soak = Soak(home, chosen.seed)
    begin = time.monotonic()
    try:
        soak.run(seconds=chosen.minutes * 60)
    except Exception:
        traceback.print_exc()
        print(f"seed {chosen.seed}: broken after {soak.count['kills']} kills")
        print(f"{home} has the data directory, the log and the requests of each client (trace-N.log)")
        return 1
    shutil.rmtree(home)
    print(f"seed {chosen.seed}: {soak} in {time.monotonic() - begin:.0f} s")
    for message, times in soak.warnings.items():
        print(f"warning in the log, {times} times: {message}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
