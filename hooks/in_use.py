"""Keep images that pods of a Kubernetes cluster use, or that a file lists.

Pods are read over the API, with a service account that may list pods in all namespaces. The file has an image
per line, such as `team/app:v1`. Hosts of images are ignored. If one cannot be read, everything is kept.
"""

import json
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib import parse, request

from ocilot.hooks import Hook, Tag, TagHistory, read_text

IMAGE = re.compile(r"(?:[\w-]+://)?(?:localhost/|[^/]*[.:][^/]*/)?([^:@]+)(?::([^@]+))?(?:@(.+))?")
KINDS = ("container", "initContainer", "ephemeralContainer")


@dataclass
class InUse(Hook):
    kubernetes: str = ""  # URL of the API, https://kubernetes.default.svc in a pod; empty: no pods are read
    account: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount")  # directory with token and ca.crt
    file: Path | None = None  # list of images
    fresh: int = 60  # seconds for which what was read is used for further repositories
    _read: tuple[float, frozenset[str]] = field(default=(0.0, frozenset()), init=False, repr=False)

    def retain(self, history: TagHistory) -> list[Tag]:
        if time.monotonic() >= self._read[0]:
            lines = read_text(self.file, "list of images").splitlines() if self.file else []
            images = [*(line.strip() for line in lines if line[:1] != "#"), *self.pods()]
            self._read = (time.monotonic() + self.fresh, frozenset(one for at in images for one in names(at)))
        return [tag for tag in history.tags if not self._read[1].isdisjoint(needs(history, tag))]

    def pods(self) -> Iterator[str]:
        """The images that pods name, and those that run: a tag may have moved since the start."""
        more = "" if self.kubernetes else None
        while more is not None:
            url = f"{self.kubernetes.rstrip('/')}/api/v1/pods?limit=500&continue={parse.quote(more)}"
            bearer = {"Authorization": f"Bearer {read_text(self.account / 'token').strip()}"}
            tls = ssl.create_default_context(cafile=self.account / "ca.crt")
            with request.urlopen(request.Request(url, headers=bearer), timeout=3, context=tls) as answer:
                page = json.load(answer)
            for pod in page["items"]:
                for kind in KINDS:
                    yield from (one["image"] for one in pod["spec"].get(f"{kind}s", ()))
                    yield from (one["imageID"] for one in pod["status"].get(f"{kind}Statuses", ()))
            more = page["metadata"].get("continue") or None


def names(image: str) -> list[str]:
    """`team/app@v1` and `team/app@sha256:...`, what the image has of it, without the host."""
    name, tag, digest = found.groups() if (found := IMAGE.fullmatch(image)) else ("", None, None)
    return [f"{name}@{tag or 'latest'}"] * (not digest or bool(tag)) + [f"{name}@{digest}"] * bool(digest)


def needs(at: TagHistory, t: Tag) -> list[str]:
    return [f"{name}@{n}" for name in (at.repository, *at.aliases) for n in (t.name, t.digest, *t.manifests)]
