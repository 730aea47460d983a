"""What caches between the registry and its clients may keep: public content, and nothing of anybody's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .guarded import Guarded, guarded

LASTING, MUTABLE = "max-age=31536000, immutable", "no-cache"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("caches")) as made:
        yield made


def kept(there: Guarded, who: str, target: str, method: str = "GET") -> str:
    answer = there.ask(who, method, target)
    assert answer.status == 200, answer
    return answer["Cache-Control"]


@pytest.mark.parametrize(
    ("who", "repository", "before"),
    [
        ("nobody", "public/app", ""),
        ("alice", "public/app", "private, "),
        ("alice", "team/app", "private, "),
        ("token alice repository:team/app:pull", "team/app", "private, "),
    ],
    ids=["public", "of-a-user", "private", "private-by-token"],
)
def test_shared_caches_keep_what_anybody_may_pull(
    there: Guarded, who: str, repository: str, before: str
) -> None:
    image = there.image
    for method in ("GET", "HEAD"):
        for target, lasts in (
            (f"blobs/{image.layers[0].digest}", True),
            (f"manifests/{image.digest}", True),
            ("manifests/latest", False),
            ("tags/list", False),
            (f"referrers/{image.digest}", False),
        ):
            if method == "HEAD" and not target.startswith(("blobs", "manifests")):
                continue
            wanted = before + (LASTING if lasts else MUTABLE)
            assert kept(there, who, f"/v2/{repository}/{target}", method) == wanted, target


def test_nobody_keeps_the_list_of_repositories_or_the_administration(there: Guarded) -> None:
    assert kept(there, "alice", "/v2/_catalog") == "private, no-cache"
    for target in ("accounts", "tokens", "keys", "jobs", "audit"):
        assert kept(there, "carol", f"/api/v1/{target}") == "no-store", target
    assert kept(there, "alice", "/token") == "no-store"
