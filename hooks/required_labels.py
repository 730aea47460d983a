"""Images must have labels, such as their source repository and maintainer.

A label is set by `LABEL` in a Dockerfile, or by an annotation of the manifest with the same name. Only images
need labels: an index, a chart, a signature or an attestation passes (`ManifestPush.is_image`).
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ocilot.hooks import Decision, Deny, Hook, ManifestPush


@dataclass
class RequiredLabels(Hook):
    # Label names, each with a pattern for its value: `"*@example.com"`; `"?*"` is any value but an empty one.
    labels: dict[str, str]

    def admit_manifest(self, push: ManifestPush) -> Decision:
        """Passes an index: each of its images was checked at its own push."""
        if not push.is_image:
            return None
        given = {**push.annotations, **push.labels}
        for name, pattern in self.labels.items():
            if name not in given:
                return Deny(f"the image has no label {name}: add LABEL {name}=... to its Dockerfile")
            if not fnmatchcase(given[name], pattern):
                return Deny(f"invalid value {given[name]!r} of label {name}: expected {pattern!r}")
        return None
