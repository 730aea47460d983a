"""Makes images without Docker, as operations over stores: see `ocilot.import_rootfs`, `ocilot.append` and
others.

built = run(import_rootfs("rootfs.tar.gz", store, "1", changes=Changes(cmd=["/bin/sh"])))
"""

from ocilot.build.changing import mutate
from ocilot.build.configs import Changes
from ocilot.build.draft import Built
from ocilot.build.indexing import index
from ocilot.build.making import append, import_rootfs
from ocilot.build.rebasing import rebase

__all__ = ["Built", "Changes", "append", "import_rootfs", "index", "mutate", "rebase"]
