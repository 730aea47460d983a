"""What users of other registries report about undoing mistakes, and what is right in each case."""

from __future__ import annotations

from pathlib import Path

from .conftest import FreshRegistry
from .garbage import collecting, delete, forget_questions, push_signature
from .guarded import guarded
from .images import make_image, make_index
from .people import with_tokens
from .programs import wait_until
from .test_account_commands import Commands
from .test_collection import IN_AN_HOUR, assert_pulls, config_with, contents, stored

RULES = """\
  access:
    - repositories: ["team/**"]
      allow: {robot:cleaner: [pull, delete]}
    - repositories: ["**"]
      allow: {user:carol: [admin]}
"""


def test_it_is_known_who_deleted_a_tag_and_the_tag_returns(tmp_path: Path) -> None:
    """U1: the history has the robot, the time and the digest, the audit log an address; it is undone."""
    with guarded(tmp_path, with_tokens(tmp_path, RULES)) as there:
        secret = there.add_robot("cleaner")
        assert there.ask("cleaner", "DELETE", "/v2/team/app/manifests/1").status == 202
        assert there.ask("carol", "GET", "/v2/team/app/manifests/1").status == 404
        history = "/api/v1/repositories/team/app/tags/1/history"
        last, first = there.ask("carol", "GET", history).json["entries"]
        assert (last["by"], last["digest"]) == ("cleaner", None)
        assert (first["by"], first["digest"]) == ("carol", there.image.digest)
        (entry,) = there.ask("carol", "GET", "/api/v1/audit?action=tag.delete").json["entries"]
        cleaner = {"name": "cleaner", "kind": "robot", "address": "127.0.0.1", "token_id": secret}
        assert entry["by"] == cleaner
        assert entry["tags"] == [{"name": "1", "previous": there.image.digest}]
        assert entry["at"] == last["at"]
        done = there.administer("POST", "/api/v1/restore", {"repository": "team/app", "tag": "1"}).json
        assert done["digest"] == there.image.digest
        answer = there.ask("carol", "GET", "/v2/team/app/manifests/1")
        assert answer.body == there.image.manifest.data


def test_a_tag_goes_back_in_time_and_the_history_says_so(fresh_registry: FreshRegistry) -> None:
    """U3: no tags made by hand to be able to go back: one command, which is a change like any other."""
    commands = Commands(fresh_registry(config_with(IN_AN_HOUR)))
    images = [make_image(f"build {number}") for number in range(3)]
    with commands.registry.connect() as api:
        for image in images:
            api.push_image("team/app", image, "ci")
        before_the_last = commands.data("history", "team/app:ci")[1]["at"]
        commands.fine("restore", "team/app:ci", "--at", before_the_last)
        assert_pulls(api, "team/app", "ci", images[1])
        row = commands.data("history", "team/app:ci")[0]
        assert (row["previous"], row["digest"]) == (images[2].digest, images[1].digest)
        (entry,) = commands.data("audit", "--action", "tag.restore")
        assert entry["digest"] == images[1].digest
        assert entry["tags"] == [{"name": "ci", "previous": images[2].digest}]
        assert_pulls(api, "team/app", images[2].digest, images[2])


def test_a_signed_index_returns_whole(fresh_registry: FreshRegistry) -> None:
    """U2: what is deleted piece by piece comes back with one command, and nothing of it was freed."""
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    images = [make_image(name, architecture=name) for name in ("amd64", "arm64")]
    index = make_index(images)
    with registry.connect() as api:
        for image in images:
            api.push_image("team/app", image)
        api.push_manifest("team/app", "1", index)
        signature = push_signature(api, "team/app", index)
        everything = stored(registry)
        delete(api, "team/app", signature.digest, *(image.digest for image in images), index.digest)
        assert api("GET", "/v2/_catalog").json == {"repositories": []}
        commands.fine("gc", "run", "--wait")
        ran = commands("restore", "team/app:1")
        assert ran.err == f"restored team/app@{index.digest}; manifests: 4; tags: 1\n", ran
        assert api("GET", "/v2/team/app/manifests/1").body == index.data
        for image in images:
            assert_pulls(api, "team/app", image.digest, image)
        referrers = api("GET", f"/v2/team/app/referrers/{index.digest}").json["manifests"]
        assert [one["digest"] for one in referrers] == [signature.digest]
    assert stored(registry) == everything >= contents(*images)


def test_changes_since_a_time_are_listed_without_polling_all_tags(fresh_registry: FreshRegistry) -> None:
    """U5: of one repository, in order, each with the digest before and the digest after it."""
    commands = Commands(fresh_registry(config_with(IN_AN_HOUR)))
    images = [make_image(f"build {number}") for number in range(5)]
    with commands.registry.connect() as api:
        for image in images[:2]:
            api.push_image("team/app", image, "ci")
        seen = commands.data("audit", "--action", "tag.move", "--repository", "team/app")[0]
        for image in images[2:]:
            api.push_image("team/app", image, "ci")
            api.push_image("team/other", image, "ci")
    query = ("--since", seen["at"], "--repository", "team/app", "--action", "tag.move")
    new = [entry for entry in commands.data("audit", *query) if entry["id"] > seen["id"]]
    digests = [image.digest for image in images]
    assert [(entry["from"], entry["to"]) for entry in reversed(new)] == [
        (digests[1], digests[2]),
        (digests[2], digests[3]),
        (digests[3], digests[4]),
    ]
    assert {entry["subject"] for entry in new} == {"ci"}


def test_the_entry_of_a_restored_tag_has_both_digests(fresh_registry: FreshRegistry) -> None:
    """U3: as docs/reference/api.md says of tag.restore: "also as the members from and to"."""
    commands = Commands(fresh_registry(config_with(IN_AN_HOUR)))
    first, second = make_image("first"), make_image("second")
    with commands.registry.connect() as api:
        for image in (first, second):
            api.push_image("team/app", image, "ci")
        commands.fine("restore", "team/app:ci")
    (entry,) = commands.data("audit", "--action", "tag.restore")
    assert (entry["from"], entry["to"]) == (second.digest, first.digest)


def test_space_is_free_at_once_by_a_right_of_its_own(tmp_path: Path) -> None:
    """U4: the end of the grace period is for administrators; who may delete leaves it to be restored."""
    with guarded(tmp_path, with_tokens(tmp_path, f"  gc: {{grace: 24h, pending: 1s}}\n{RULES}")) as there:
        there.add_robot("cleaner")
        for name in ("public/app", "secret/app"):
            there.ask("carol", "DELETE", f"/v2/{name}/manifests/{there.image.digest}")
        digest = there.image.digest
        assert there.ask("cleaner", "DELETE", f"/v2/team/app/manifests/{digest}").status == 202
        run = "/api/v1/gc/run?now=true"
        headers = {"Content-Type": "application/json"}
        assert there.ask("cleaner", "POST", run, b"", headers).status == 403
        assert stored(there.registry) == contents(there.image)

        def is_free() -> bool:
            assert there.ask("carol", "POST", run, b"", headers).status == 202
            return not stored(there.registry)

        wait_until(is_free, "the end of the bytes, after the pending time", 60)
        restore = b'{"repository": "team/app", "digest": "%s"}' % digest.encode()
        assert there.ask("carol", "POST", "/api/v1/restore", restore, headers).status == 404
        assert there.ask("carol", "GET", "/api/v1/audit?action=manifest.delete").json["entries"]


def test_a_purge_frees_a_deleted_image_at_once(fresh_registry: FreshRegistry) -> None:
    """U4: for good, although the grace period lasts; never something that is needed."""
    registry = collecting(fresh_registry, IN_AN_HOUR)
    commands = Commands(registry)
    secret, other = make_image("secret"), make_image("other")
    name = f"team/app@{secret.digest}"
    with registry.connect() as api:
        api.push_image("team/app", secret, "leak")
        api.push_image("team/app", other, "1")
        ran = commands("gc", "purge", name, "--yes")
        assert (ran.code, "tag leak points to it" in ran.err) == (5, True), ran
        assert_pulls(api, "team/app", "leak", secret)
        delete(api, "team/app", "leak")
    assert commands("gc", "purge", name).code == 2, "without a terminal it needs --yes"
    assert commands("gc", "purge", "team/app:leak", "--yes").code == 2
    forget_questions(registry)
    ran = commands("gc", "purge", name, "--yes", "--wait")
    assert (ran.code, ran.out) == (0, ""), ran
    assert ran.err.startswith(f"purged {name}: 1 manifest, 3 links and 4 blobs removed, "), ran
    assert stored(registry) == contents(other)
    for command in (("restore", name), ("gc", "purge", name, "--yes")):
        assert commands(*command).code == 3
    (entry,) = commands.data("audit", "--action", "manifest.purge")
    assert (entry["by"]["kind"], entry["repository"], entry["subject"]) == (
        "local",
        "team/app",
        secret.digest,
    )
    registry.wait_for_line("image purged")
    with registry.connect() as api:
        assert_pulls(api, "team/app", "1", other)


def test_a_purge_takes_all_of_an_image(fresh_registry: FreshRegistry) -> None:
    """U4: platforms, attestations and signatures go with an index, and none of them before it."""
    registry = collecting(fresh_registry, IN_AN_HOUR)
    commands = Commands(registry)
    images = [make_image(architecture, architecture=architecture) for architecture in ("amd64", "arm64")]
    index, kept = make_index(images), make_image("kept")
    with registry.connect() as api:
        for image in images:
            api.push_image("team/app", image)
        api.push_manifest("team/app", "1", index)
        push_signature(api, "team/app", index)
        api.push_image("team/app", kept, "2")
        delete(api, "team/app", index.digest)
    part = f"team/app@{images[0].digest}"
    ran = commands("gc", "purge", part, "--yes")
    assert (ran.code, f"manifest {index.digest}, which lists it, can be restored" in ran.err) == (5, True), (
        ran
    )
    forget_questions(registry)
    commands.fine("gc", "purge", f"team/app@{index.digest}", "--yes", "--wait")
    assert stored(registry) == contents(kept)
