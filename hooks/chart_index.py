"""Maintain a Helm repository index of the charts in the registry.

The file is JSON, which Helm reads as `index.yaml`: serve it with any web server, and add it with
`helm repo add`. Set `caller: robot:NAME` for the script: the robot needs the right pull.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocilot.hooks import Hook, NotFound, TagDeleted, TagMoved, read_text

CHART = "application/vnd.cncf.helm.config.v1+json"


@dataclass
class ChartIndex(Hook):
    file: Path  # such as /srv/charts/index.yaml; its directory must exist and be writable
    registry: str = "localhost:5000"  # this registry, as Helm reaches it

    def on_tag_moved(self, event: TagMoved) -> None:
        """Adds a chart, or removes one whose tag points to something else now."""
        chart = None
        try:
            manifest = event.registry.manifest(event.digest).parsed
            if manifest.get("config", {}).get("mediaType") == CHART:
                chart = json.loads(event.registry.blob(manifest["config"]["digest"]))
                chart["digest"] = manifest["layers"][0]["digest"].removeprefix("sha256:")
                chart["created"] = event.time.isoformat()
                if not all(chart[key] and isinstance(chart[key], str) for key in ("name", "version")):
                    chart = None
        except (NotFound, LookupError, TypeError, ValueError):
            chart = None  # Deleted meanwhile, or it only claims to be a chart.
        self._set(f"oci://{self.registry}/{event.repository}:{event.tag}", chart)

    def on_tag_deleted(self, event: TagDeleted) -> None:
        """Removes a chart."""
        self._set(f"oci://{self.registry}/{event.repository}:{event.tag}", None)

    def _set(self, url: str, chart: dict[str, Any] | None) -> None:
        before = json.loads(read_text(self.file))["entries"] if self.file.exists() else {}
        after = {name: [one for one in charts if one["urls"] != [url]] for name, charts in before.items()}
        if chart is not None:
            after.setdefault(chart["name"], []).insert(0, {**chart, "urls": [url]})
        after = {name: charts for name, charts in after.items() if charts}
        if after == before:
            return
        # A reader sees the old file or the new one.
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps({"apiVersion": "v1", "entries": after}, indent=2, sort_keys=True))
        fresh.replace(self.file)
