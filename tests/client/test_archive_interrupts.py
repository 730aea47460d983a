"""What an interrupted transfer into an archive or a layout leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from ocilot.archives import create_store
from ocilot.client.drive import run
from ocilot.client.steps import call
from ocilot.oci import Descriptor, digest_of

data = bytes(1000) * 3000
blob = Descriptor("", digest_of(data), len(data))

class Half:
    size = len(data)
    def __init__(self): self.at = 0
    def read(self, size):
        if self.at:
            yield from call(os.kill, os.getpid(), signal.SIGINT)
        self.at += 1
        yield from ()
        return data[:1500000]
    def close(self):
        yield from ()

def source(offset):
    yield from ()
    return Half()

store = create_store(sys.argv[1])
try:
    run(store.put(blob, source))
except KeyboardInterrupt:
    run(store.close())
    sys.exit(130)
"""


@pytest.mark.parametrize("location", ["oci:{}/l", "oci-archive:{}/a.tar", "docker-archive:{}/a.tar", "-"])
def test_an_interrupted_transfer_leaves_no_files(tmp_path: Path, location: str) -> None:
    target, temporary = tmp_path / "target", tmp_path / "tmp"
    target.mkdir()
    temporary.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, location.format(target)],
        env=os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr, ran.stdout) == (130, b"", b"")
    left = [path for path in (*target.rglob("*"), *temporary.rglob("*")) if path.is_file()]
    assert [path for path in left if path.name != "oci-layout"] == []


UNREAD = """
import os, sys
from functools import partial
from ocilot.archives import create_store
from ocilot.client.drive import run
from ocilot.client.streams import of_bytes
from ocilot.oci import Descriptor, digest_of

store = create_store("-")
for number in range(3):
    data = bytes([number]) * 1000
    try:
        run(store.put(Descriptor("", digest_of(data), len(data)), partial(of_bytes, data)))
    except BrokenPipeError:
        sys.exit(1)
    print("stored", number, file=sys.stderr, flush=True)
    sys.stdin.read(1)
"""


def test_an_archive_that_nobody_reads_ends_with_the_next_blob(tmp_path: Path) -> None:
    ran = subprocess.Popen(
        [sys.executable, "-c", UNREAD],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert ran.stdout is not None
    assert ran.stderr is not None
    assert ran.stderr.readline() == b"stored 0\n"
    ran.stdout.close()
    ran.stdout = None
    _, said = ran.communicate(b"x", timeout=60)
    assert (ran.returncode, said) == (1, b"")
    assert list(tmp_path.iterdir()) == []
