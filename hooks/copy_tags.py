"""Copy tags that match a pattern to another registry, with all platforms.

Runs skopeo (`apt install skopeo`). Give the script a deadline that suits the largest image, such as
`deadline: 10m`. What the other registry did not take is copied again later.
"""

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ocilot.hooks import Hook, TagMoved


@dataclass
class CopyTags(Hook):
    target: str  # registry and optional prefix, such as `mirror.example.com/team`
    source: str = "localhost:5000"  # address of this registry
    tags: str = "v*"  # pattern of the tags
    auth_file: Path | None = None  # credentials for both, as `skopeo login --authfile` writes them
    source_tls: bool = True  # whether this registry speaks HTTPS
    target_tls: bool = True  # whether the other one does

    async def on_tag_moved(self, event: TagMoved) -> None:
        """Copies what the tag pointed to at the event: a newer push is an event of its own."""
        if not fnmatchcase(event.tag, self.tags):
            return
        words = ["skopeo", "copy", "--quiet", "--all"]
        words += [
            f"--src-tls-verify={self.source_tls}".lower(),
            f"--dest-tls-verify={self.target_tls}".lower(),
        ]
        words += ["--authfile", str(self.auth_file)] if self.auth_file else []
        words += [f"docker://{self.source}/{event.repository}@{event.digest}"]
        words += [f"docker://{self.target}/{event.repository}:{event.tag}"]
        copy = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            _, errors = await copy.communicate()
        except asyncio.CancelledError:
            copy.kill()
            raise
        if copy.returncode != 0:
            raise RuntimeError(errors.decode(errors="replace").strip()[-500:])
