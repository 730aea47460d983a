"""Every image says where it comes from: it has the labels that the house asks for.

A label is what `LABEL` in a Dockerfile sets, or an annotation of the manifest with the same name. Signatures,
charts and whatever else no engine runs need none.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ocilot.hooks import Decision, Deny, Hook, ManifestPush


@dataclass
class RequiredLabels(Hook):
    # Names, each with what its value looks like: `"*@example.com"`; `"?*"` is any but an empty one.
    labels: dict[str, str]

    def admit_manifest(self, push: ManifestPush) -> Decision:
        """The images that an index lists were asked about when they were pushed themselves."""
        if not push.is_image:
            return None
        given = {**push.annotations, **push.labels}
        for name, pattern in self.labels.items():
            if name not in given:
                return Deny(f"the image has no label {name}; add LABEL {name}=... to its Dockerfile")
            if not fnmatchcase(given[name], pattern):
                return Deny(f"the image's label {name} is {given[name]!r}; it has to look like {pattern!r}")
        return None
