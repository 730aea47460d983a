"""Keep preview tags whose branch is still in the git repository.

The tags of the branch `feature/x` are `preview-feature-x` and those that begin with `preview-feature-x-`.
Case does not matter, and all but letters and digits counts as `-`. Tags without the prefix are left to the
rules. If git fails, or the repository has no branch, everything is kept.

Set `git: https://git.example.com/{repository}.git`, or the URL of one repository for a script of its own.
"""

import os
import re
import subprocess
from dataclasses import dataclass

from ocilot.hooks import Hook, Tag, TagHistory


@dataclass
class GoneBranches(Hook):
    git: str  # URL of the git repository; {repository} is the name in the registry, {name} its last component
    prefix: str = "preview-"  # what preview tags begin with

    def retain(self, history: TagHistory) -> list[Tag]:
        branches = self.branches(history.repository)
        if not branches:
            raise ValueError("the git repository has no branches")
        previews = [tag for tag in history.tags if tag.name.startswith(self.prefix)]
        return [tag for tag in previews if self.belongs(slug(tag.name.removeprefix(self.prefix)), branches)]

    def branches(self, repository: str) -> frozenset[str]:
        url = self.git.replace("{repository}", repository).replace("{name}", repository.rsplit("/", 1)[-1])
        listed = subprocess.run(
            ["git", "ls-remote", "--heads", "--", url],
            check=True,
            timeout=4,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
        names = re.findall(r"\trefs/heads/(.+)$", listed.stdout, re.MULTILINE)
        # CI systems shorten long names, before or after they write them so.
        return frozenset(slug(cut) for name in names for cut in (name, name[:63], slug(name)[:63]))

    @staticmethod
    def belongs(preview: str, branches: frozenset[str]) -> bool:
        ends = [place.start() for place in re.finditer("-", preview)]
        return any(preview[:end] in branches for end in (*ends, len(preview)))


def slug(text: str) -> str:
    """As CI systems write a branch in a tag."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
