"""Scan pushed images with trivy or grype, and attach the report as a referrer.

Set `caller: robot:NAME` for the script: the robot needs the rights pull and create. The scanner reads from
`source` with credentials of its own. Its settings are environment variables, such as `TRIVY_USERNAME` and
`TRIVY_DB_REPOSITORY`. Give the script a deadline that suits it, such as `deadline: 10m`, and
`isolation: process` with these variables in `environment`, so that a scan under way ends with the registry.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocilot.hooks import Hook, ManifestPushed, NotFound

CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)


@dataclass
class ScanImages(Hook):
    scanner: str = "trivy"  # `trivy` or `grype`, or the path of one of them
    source: str = "localhost:5000"  # address of this registry
    report: str = "application/sarif+json"  # artifact type of the report
    timeout: float = 590.0  # seconds for a scan

    def start(self) -> None:
        """Refuses to load without a scanner: no image would be scanned."""
        if shutil.which(self.scanner) is None:
            raise RuntimeError(f"{self.scanner} is not installed; install it, or set the option scanner")

    def on_manifest_pushed(self, event: ManifestPushed) -> None:
        """Scans an image once: an event may come again, and an index has images of its own."""
        try:
            if event.subject or not has_files(event.registry.manifest(event.digest).parsed):
                return
            if event.registry.referrers(event.digest, artifact_type=self.report):
                return
        except NotFound:
            return  # Deleted meanwhile.
        image = f"{self.source}/{event.repository}@{event.digest}"
        words = [self.scanner, "image", "--quiet", "--image-src", "remote", "--format", "sarif", image]
        if "grype" in Path(self.scanner).name:
            words = [self.scanner, f"registry:{image}", "--output", "sarif"]
        plain = {**os.environ, "NO_COLOR": "1"}
        scan = subprocess.run(words, env=plain, capture_output=True, timeout=self.timeout)
        if scan.returncode != 0:
            raise RuntimeError(scan.stderr.decode(errors="replace").strip()[-300:])
        event.registry.attach(event.digest, scan.stdout, artifact_type=self.report)


def has_files(manifest: dict[str, Any]) -> bool:
    """Whether a scanner can read it: attestations and signatures have the configuration of an image, too."""
    layers = [str(layer.get("mediaType", "")) for layer in manifest.get("layers", [])]
    is_image = manifest.get("config", {}).get("mediaType") in CONFIGS
    return is_image and bool(layers) and all(".tar" in media_type for media_type in layers)
