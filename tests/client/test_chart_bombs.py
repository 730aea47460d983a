"""A chart that is hostile takes neither memory nor time."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

from .peaks import printed

SCRIPT = """
import sys
from ocilot.client.charts import _read
from ocilot.errors import ArchiveError
before = peak()
try:
    _read(sys.argv[1])
except ArchiveError:
    print(peak() - before)
"""


def test_a_chart_whose_header_claims_a_gibibyte_takes_little_memory(tmp_path: Path) -> None:
    """D5: the extension header of a small file is not read whole into memory."""
    path = tmp_path / "web-1.0.0.tgz"
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 28
    with gzip.open(path, "wb", 1) as packed:
        packed.write(info.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(256):
            packed.write(bytes(1 << 20))
    assert printed(SCRIPT, str(path)) < 32 << 10, "KiB"
