"""The garbage collection says what it would remove, and of each object why it is kept or when it goes."""

from __future__ import annotations

from .conftest import FreshRegistry
from .images import make_image
from .test_account_commands import Commands
from .test_collection import AT_ONCE, IN_AN_HOUR, collect_all, config_with, contents, stored


def test_a_plan_is_what_the_next_round_removes(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    kept, deleted = make_image("kept"), make_image("deleted")
    with registry.connect() as api:
        api.push_image("team/app", kept, "1")
        api.push_image("team/app", deleted, "2")
        assert commands.data("gc", "plan", "--now") == {"removals": [], "bytes": 0, "more": False}
        assert api("DELETE", f"/v2/team/app/manifests/{deleted.manifest.digest}").status == 202
    assert commands.data("gc", "plan")["removals"] == [], "its grace period is not over"
    plan = commands.data("gc", "plan", "--now")
    # Blobs were pushed within the time for pushes under way; their manifest names them.
    goes = contents(deleted) - contents(kept)
    assert {one["digest"] for one in plan["removals"] if one["kind"] == "bytes"} == goes
    assert {(one["kind"], one["repository"]) for one in plan["removals"]} == {
        ("manifest", "team/app"),
        ("blob", "team/app"),
        ("bytes", None),
    }
    assert commands.data("gc", "plan", "--now") == plan, "nothing has changed"
    assert commands.data("gc", "plan", "--now", "-n", "1")["more"] is True
    ran = commands("gc", "plan", "--now")
    assert ran.err.startswith(f"{len(plan['removals'])} removals, "), ran
    assert commands("garbage-collect", "--dry-run").code == 0
    assert stored(registry) == contents(kept, deleted)
    ran = commands("gc", "run", "--now", "--yes", "--wait")
    assert ran.code == 0, ran
    assert stored(registry) == contents(kept)
    assert commands.data("gc", "plan", "--now")["removals"] == []


def test_each_object_says_why_it_is_kept_or_when_it_goes(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    image = make_image("asked")

    def why(digest: str) -> dict[str, object]:
        holdings = commands.data("gc", "why", digest)["repositories"]
        assert len(holdings) == 1
        found: dict[str, object] = holdings[0]
        return found

    with registry.connect() as api:
        digest = api.push_image("team/app", image, "v1")
        alone = api.push_blob("team/app", b"alone")
        assert (why(digest)["held_by"], why(digest)["holder"]) == ("tag", "v1")
        layer = image.blobs[0].digest
        assert (why(layer)["held_by"], why(layer)["holder"]) == ("manifest", digest)
        commands.fine("gc", "run", "--wait")
        assert why(alone)["held_by"] == "nothing"
        assert str(why(alone)["due_at"]) > str(why(alone)["released_at"])
        assert api("DELETE", "/v2/team/app/manifests/v1").status == 202
        commands.fine("gc", "run", "--wait")
        assert why(digest)["due_at"] is not None
        assert api("DELETE", f"/v2/team/app/manifests/{digest}").status == 202
    assert why(digest)["deleted_at"] is not None
    assert (why(layer)["held_by"], why(layer)["holder"]) == ("removed_manifest", digest)
    table = commands("gc", "why", layer)
    assert "which was deleted and can be restored" in table.out
    unknown = commands("gc", "why", f"sha256:{'0' * 64}")
    assert (unknown.code, unknown.out) == (3, "")
    assert "is unknown" in unknown.err


def test_signature_tags_go_with_their_image(fresh_registry: FreshRegistry) -> None:
    """G21, G22."""
    registry = fresh_registry(config_with(AT_ONCE))
    image, kept = make_image("signed"), make_image("kept")
    signed = [(image, "v1", make_image("signature")), (kept, "v2", make_image("another signature"))]
    with registry.connect() as api:
        for made, tag, signature in signed:
            digest = api.push_image("team/app", made, tag)
            api.push_image("team/app", signature, f"{digest.replace(':', '-')}.sig")
        assert api("DELETE", f"/v2/team/app/manifests/{image.manifest.digest}").status == 202
        commands = Commands(registry)
        commands.fine("gc", "run", "--now", "--yes", "--wait")
        collect_all(registry)
        assert api.tags("team/app") == [f"{kept.manifest.digest.replace(':', '-')}.sig", "v2"]
    assert stored(registry) == contents(kept, signed[1][2])
    entry = commands.data("audit", "--action", "tag.delete")[0]
    assert entry["by"]["kind"] == "system"
