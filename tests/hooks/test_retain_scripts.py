"""The scripts that decide what retention keeps do what they promise, with the real programs they ask."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
import trustme

from ocilot.hooks import Tag, TagHistory
from ocilot.hooks.problem import Problem
from ocilot.hooks.testing import Harness, a_history, a_tag
from ocilot.references import Reference

from .git_repository import GitRepository
from .kubernetes import Kubernetes, pod

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64

# newest_per_minor


def test_the_newest_versions_of_each_minor_version_stay() -> None:
    hook = Harness("ocilot:newest_per_minor", count=2)
    # As they were pushed: a late patch of 1.3 is no reason to drop one of 1.4.
    history = a_history(tags=["v1.3.10", "v1.4.2", "1.4.10", "v1.4.9", "v1.3.9", "v1.3.2", "v1.4.1"])
    assert hook.retain(history) == ["v1.3.10", "1.4.10", "v1.4.9", "v1.3.9"]


def test_a_version_with_and_without_v_counts_once() -> None:
    hook = Harness("ocilot:newest_per_minor", count=1)
    assert hook.retain(a_history(tags=["v1.0.1", "1.0.1", "1.0.0"])) == ["v1.0.1", "1.0.1"]


def test_a_prerelease_stays_until_its_release() -> None:
    hook = Harness("ocilot:newest_per_minor", count=1)
    history = a_history(tags=["v1.0.2-rc.1", "v1.0.1", "v1.0.1-rc.2", "v1.0.0-rc.1", "v2.0.0-beta"])
    assert hook.retain(history) == ["v1.0.2-rc.1", "v1.0.1", "v2.0.0-beta"]


def test_what_is_no_version_is_left_to_the_rules() -> None:
    hook = Harness("ocilot:newest_per_minor")
    assert hook.retain(a_history(tags=["latest", "v1", "v1.2", "v01.2.3", "v1.2.3.4", "main-1.2.3"])) == []
    with pytest.raises(Problem, match="invalid count 0"):
        Harness("ocilot:newest_per_minor", count=0)


# in_use


def kept(hook: Harness, *histories: TagHistory) -> list[list[str]]:
    """The tags of repositories that stay, as the registry decides it from the images that the hook names."""
    named = [Reference.parse(image, "any.example") for image in hook.images_in_use()]
    used = {(one.repository, key) for one in named for key in (one.tag, str(one.digest)) if key}
    return [
        [
            tag.name
            for tag in history.tags
            for names in [(history.repository, *history.aliases)]
            if any((name, key) in used for name in names for key in (tag.name, tag.digest, *tag.manifests))
        ]
        for history in histories
    ]


@pytest.fixture
def kubernetes(tmp_path: Path) -> Iterator[Kubernetes]:
    api = Kubernetes(tmp_path)
    yield api
    api.stop()


def test_images_of_pods_stay(kubernetes: Kubernetes) -> None:
    kubernetes.pods = [
        pod("registry.example.com:5000/team/app:v1", "registry.example.com:5000/team/init:v9"),
        pod("registry.example.com:5000/team/app:moved", running=f"registry.example.com:5000/team/app@{ONE}"),
        pod("nginx"),
        pod(f"registry.example.com:5000/team/app:pinned@{TWO}"),
        pod("registry.example.com:5000/team/app"),
    ]
    hook = Harness("ocilot:in_use", kubernetes=kubernetes.url, account=str(kubernetes.account))
    tags: list[Tag | str] = [
        "latest",
        "moved",
        "pinned",
        "v1",
        "v2",
        a_tag("old", digest=ONE),
        a_tag("index", manifests=[TWO]),
    ]
    app, init, other = kept(
        hook,
        a_history(tags=tags),
        a_history("team/init", tags=["v9", "v8"]),
        a_history("team/other", tags=["v1"]),
    )
    assert sorted(app) == ["index", "latest", "moved", "old", "pinned", "v1"]
    assert init == ["v9"]
    assert kubernetes.asked == 3, "three pages, once for all repositories"
    assert other == []


def test_pods_that_run_nothing_name_nothing(kubernetes: Kubernetes) -> None:
    """Anyone who may create pods can name anything: that is no reason to stop retention."""
    kubernetes.pods = [
        pod("Team/App:v1"),
        pod("r.example/team/app:v 1", running=""),
        pod("team/app:v1", running=f"docker-pullable://r.example/team/app@{ONE}"),
    ]
    hook = Harness("ocilot:in_use", kubernetes=kubernetes.url, account=str(kubernetes.account))
    assert hook.images_in_use() == [f"r.example/team/app@{ONE}", "team/app:v1"]


def test_images_that_pods_mount_as_volumes_stay(kubernetes: Kubernetes) -> None:
    mounts = pod("team/app:v1")
    mounts["spec"]["volumes"] = [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "image": {"reference": "team/data:v2"}},
    ]
    kubernetes.pods = [mounts]
    hook = Harness("ocilot:in_use", kubernetes=kubernetes.url, account=str(kubernetes.account))
    assert hook.images_in_use() == ["team/app:v1", "team/data:v2"]


def test_without_the_right_to_list_pods_everything_stays(kubernetes: Kubernetes) -> None:
    kubernetes.set_token("another")
    hook = Harness("ocilot:in_use", kubernetes=kubernetes.url, account=str(kubernetes.account))
    with pytest.raises(HTTPError):
        hook.images_in_use()
    kubernetes.set_token("secret-token")
    assert hook.images_in_use() == [], "a token that is renewed is used, and a failure is not kept"


def test_an_api_with_another_certificate_is_not_asked(kubernetes: Kubernetes) -> None:
    trustme.CA().cert_pem.write_to_path(kubernetes.account / "ca.crt")
    hook = Harness("ocilot:in_use", kubernetes=kubernetes.url, account=str(kubernetes.account))
    with pytest.raises(URLError, match="certificate verify failed"):
        hook.images_in_use()


def test_images_of_a_file_stay(tmp_path: Path) -> None:
    file = tmp_path / "used.txt"
    file.write_text(f"# deployed\n\nregistry.example.com/team/app:v1\nteam/app@{TWO}\nlocalhost/team/app\n")
    hook = Harness("ocilot:in_use", base=tmp_path, file="used.txt")
    tags = [a_tag("v1"), a_tag("v2"), a_tag("two", digest=TWO), a_tag("latest")]
    (stay,) = kept(hook, a_history(tags=tags))
    assert sorted(stay) == ["latest", "two", "v1"]
    file.write_text("# none\n")
    assert hook.images_in_use() == []
    file.write_text("\n")
    with pytest.raises(ValueError, match="is empty; if nothing is in use, write # none"):
        hook.images_in_use()
    file.unlink()
    with pytest.raises(Exception, match=r"used\.txt"):
        hook.images_in_use()


def test_an_image_may_be_in_use_under_an_alias_of_its_repository(tmp_path: Path) -> None:
    (tmp_path / "used.txt").write_text("registry.example.com/old/app:v1\nother/app:v2\n")
    hook = Harness("ocilot:in_use", base=tmp_path, file="used.txt")
    history = replace(a_history("team/app", tags=["v1", "v2"]), aliases=("old/app",))
    assert kept(hook, history) == [["v1"]]


# gone_branches


def test_previews_of_gone_branches_go(tmp_path: Path) -> None:
    (tmp_path / "preview").mkdir()
    repository = GitRepository(tmp_path / "preview/app.git")
    repository.branch("feature/Login_Page", "fix-1", "gone")
    hook = Harness("ocilot:gone_branches", git=f"file://{tmp_path}/{{repository}}.git")
    tags = ["preview-feature-login-page", "preview-fix-1-3f2a", "preview-fix-12", "preview-gone", "v1"]
    history = a_history("preview/app", tags=tags)
    assert hook.retain(history) == ["preview-feature-login-page", "preview-fix-1-3f2a", "preview-gone"]
    repository.git("branch", "--delete", "--force", "gone")
    assert hook.retain(history) == ["preview-feature-login-page", "preview-fix-1-3f2a"]


def test_previews_of_branches_with_long_names_stay(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "app")
    ends_in_dash = "x" * 62 + "-rest"
    is_shortened_raw = "a--b/" + "y" * 70
    repository.branch(ends_in_dash, is_shortened_raw)
    hook = Harness("ocilot:gone_branches", git=f"file://{tmp_path}/{{name}}")
    kept = [
        f"preview-{'x' * 62}",
        f"preview-{'x' * 62}-3f2a",
        f"preview-{ends_in_dash}-3f2a",
        f"preview-a--b-{'y' * 58}-3f2a",
        f"preview-a-b-{'y' * 59}",
    ]
    gone = [f"preview-{'x' * 61}", f"preview-{'z' * 63}"]
    assert sorted(hook.retain(a_history("preview/app", tags=[*kept, *gone]))) == sorted(kept)


def test_without_branches_every_preview_stays(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    repository = GitRepository(tmp_path / "app")
    hook = Harness("ocilot:gone_branches", git=f"file://{tmp_path}/{{name}}")
    with pytest.raises(ValueError, match="has no branches"):
        hook.retain(a_history("preview/app"))
    with pytest.raises(subprocess.CalledProcessError):
        hook.retain(a_history("preview/other"))
    repository.branch()
    assert hook.retain(a_history("preview/app", tags=["preview-main", "preview-x"])) == ["preview-main"]
