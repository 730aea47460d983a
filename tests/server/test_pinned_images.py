"""Images that are deployed by digest: lists of what is in use keep them without a tag."""

from __future__ import annotations

from pathlib import Path

from .conftest import FreshRegistry
from .garbage import forget_questions
from .images import make_image, make_index
from .test_account_commands import Commands
from .test_collection import AT_ONCE, assert_pulls, collect, config_with, contents, stored


def test_a_digest_in_use_stays_without_a_tag(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    """G17: what a list names by digest pulls after its tag has moved, until the list does not name it."""
    used = tmp_path / "deployed.txt"
    used.write_text("# none\n")
    policy = f"{{name: p, repositories: ['team/**'], keep: [{{in-use: 'file:{used}'}}]}}"
    registry = fresh_registry(config_with(f"{AT_ONCE}, retention: {{policies: [{policy}]}}"))
    commands = Commands(registry)
    deployed = [make_image(architecture, architecture=architecture) for architecture in ("amd64", "arm64")]
    index, other = make_index(deployed), make_image("other")
    used.write_text(f"registry.example.com/team/app@{index.digest}\nelse/app@{index.digest}\n")
    commands.fine("jobs", "run", "pin-images", "--wait")
    with registry.connect() as api:
        for name in ("team/app", "else/app"):
            for image in deployed:
                api.push_image(name, image)
            api.push_manifest(name, "stable", index)
            api.push_image(name, other, "stable")
    forget_questions(registry)
    collect(registry)
    with registry.connect() as api:
        for image in deployed:
            assert_pulls(api, "team/app", image.digest, image)
        assert api("GET", f"/v2/team/app/manifests/{index.digest}").body == index.data
        assert api("GET", f"/v2/else/app/manifests/{index.digest}").status == 404, "no policy is for it"
    assert "named by a list or a hook as in use" in commands.fine("gc", "why", index.digest)
    ran = commands("gc", "purge", f"team/app@{index.digest}", "--yes")
    assert (ran.code, "a list of images in use names it" in ran.err) == (5, True), ran
    for unreadable in ("", "team/app@sha256:no\n"):
        used.write_text(unreadable)
        assert commands("jobs", "run", "pin-images", "--wait").code == 1
        forget_questions(registry)
        collect(registry)
        with registry.connect() as api:
            assert api.has_manifest("team/app", index.digest)
    used.write_text("# none\n")
    forget_questions(registry)
    commands.fine("jobs", "run", "pin-images", "--wait")
    collect(registry)
    assert stored(registry) == contents(other)
