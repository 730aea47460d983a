"""Scan pushed images with trivy or grype, and attach the report as a referrer.

Set `caller: robot:NAME` for the script: the robot needs the rights pull and create. The scanner reads from
`source` with credentials of its own. Give the script a deadline that suits it, such as `deadline: 10m`.
"""

import shutil
import subprocess
from dataclasses import dataclass

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
            config = event.registry.manifest(event.digest).parsed.get("config", {})
            if event.subject or config.get("mediaType") not in CONFIGS:
                return
            if event.registry.referrers(event.digest, artifact_type=self.report):
                return
        except NotFound:
            return  # Deleted meanwhile.
        image = f"{self.source}/{event.repository}@{event.digest}"
        words = [self.scanner, "image", "--quiet", "--format", "sarif", image]
        if "grype" in self.scanner:
            words = [self.scanner, f"registry:{image}", "--quiet", "--output", "sarif"]
        scan = subprocess.run(words, capture_output=True, timeout=self.timeout)
        if scan.returncode != 0:
            raise RuntimeError(scan.stderr.decode(errors="replace").strip()[-500:])
        event.registry.attach(event.digest, scan.stdout, artifact_type=self.report)
