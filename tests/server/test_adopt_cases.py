"""What old versions of distribution have left is adopted as today's serves it."""

from __future__ import annotations

from pathlib import Path

from .conftest import FreshRegistry
from .images import make_image
from .test_adopt import assert_served, distribution, report


def test_a_manifest_that_is_linked_among_the_layers_is_adopted(
    tmp_path: Path, fresh_registry: FreshRegistry
) -> None:
    """Registry 2.1.0 wrote its links there."""
    root = tmp_path / "data"
    image = make_image("of 2.1.0")
    with distribution(tmp_path, root) as old:
        old.push_image("team/app", image, "v1")
    here = root / "docker/registry/v2/repositories/team/app"
    link = Path("sha256", image.digest.removeprefix("sha256:"))
    (here / "_manifests/revisions" / link).rename(here / "_layers" / link)
    with distribution(tmp_path, root) as old:
        assert_served(old, "team/app", image, "v1")
    code, counts, left = report(root)
    assert (code, left) == (0, [])
    assert (counts["manifests"], counts["tags"]) == (1, 1)
    with fresh_registry(root=root).connect() as api:
        for reference in ("v1", image.digest):
            assert_served(api, "team/app", image, reference)
