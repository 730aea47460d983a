"""Maintain a JSON index of the Helm charts in the registry.

The file lists each chart by repository and tag, with the members of its Chart.yaml. Set
`caller: robot:NAME` for the script: the robot needs the right pull.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocilot.hooks import Hook, NotFound, TagDeleted, TagMoved, read_text

CHART = "application/vnd.cncf.helm.config.v1+json"


@dataclass
class ChartIndex(Hook):
    file: Path  # the index; its directory must exist and be writable

    def on_tag_moved(self, event: TagMoved) -> None:
        """Adds a chart, or removes one whose tag points to something else now."""
        try:
            config = event.registry.manifest(event.digest).parsed.get("config", {})
            is_chart = config.get("mediaType") == CHART
            chart = json.loads(event.registry.blob(config["digest"])) if is_chart else None
        except NotFound:
            chart = None  # Deleted meanwhile.
        self._set(event.repository, event.tag, chart and {**chart, "digest": event.digest})

    def on_tag_deleted(self, event: TagDeleted) -> None:
        """Removes a chart."""
        self._set(event.repository, event.tag, None)

    def _set(self, repository: str, tag: str, chart: dict[str, Any] | None) -> None:
        index = json.loads(read_text(self.file)) if self.file.exists() else {}
        tags = index.setdefault(repository, {})
        if tags.get(tag) == chart:
            return
        tags.pop(tag, None)
        if chart is not None:
            tags[tag] = chart
        if not tags:
            del index[repository]
        # A reader sees the old file or the new one.
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(index, indent=2, sort_keys=True))
        fresh.replace(self.file)
