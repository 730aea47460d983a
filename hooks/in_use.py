"""Keep images that pods of a Kubernetes cluster use, or that a file lists.

Pods are read over the API, with a service account that may list pods in all namespaces. The file has an image
per line, such as `team/app:v1`, or a comment, such as `# none`. Hosts of images are ignored. What runs by its
digest stays if its tag moves. If one of the two cannot be read, nothing is deleted. To list thousands of pods
may take longer than the `deadline` of the script allows.
"""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib import parse, request

from ocilot.hooks import Hook, InUseQuery, is_image_name, read_text

KINDS = ("container", "initContainer", "ephemeralContainer")


@dataclass
class InUse(Hook):
    kubernetes: str = ""  # URL of the API, https://kubernetes.default.svc in a pod; empty: no pods are read
    account: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount")  # directory with token and ca.crt
    file: Path | None = None  # list of images

    def start(self) -> None:
        if not self.kubernetes and self.file is None:
            raise ValueError("there is nothing to read: set kubernetes or file")

    def images_in_use(self, query: InUseQuery) -> list[str]:
        lines = read_text(self.file, "list of images").splitlines() if self.file else []
        if self.file and not any(line.strip() for line in lines):
            raise ValueError(f"{self.file} is empty; if nothing is in use, write # none")
        listed = [line.strip() for line in lines if line.strip() and line.strip()[0] != "#"]
        # The kubelet cannot run what is no name, and says where an image is from: docker-pullable://...
        pods = [image.rpartition("://")[2] for image in self.pods()]
        return sorted({*listed, *filter(is_image_name, pods)})

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
                volumes = pod["spec"].get("volumes", ())
                yield from (one["image"]["reference"] for one in volumes if "image" in one)
                for kind in KINDS:
                    yield from (one["image"] for one in pod["spec"].get(f"{kind}s", ()))
                    yield from (one["imageID"] for one in pod["status"].get(f"{kind}Statuses", ()))
            more = page["metadata"].get("continue") or None
