"""Repositories as a whole: listed, deleted, renamed, and pulled under their old names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ocilot
from ocilot.cli.gc import run_round
from ocilot.errors import Error

from .api import metric
from .clients import Docker, Skopeo
from .conftest import FreshRegistry
from .images import OCI_MANIFEST, Content, layout_files, make_image, to_json, write_layout
from .pages import blocks
from .people import with_tokens
from .programs import ProgramFailed
from .registry import Registry
from .shell import Shell, typed
from .test_account_commands import Commands
from .test_collection import (
    AT_ONCE,
    IN_AN_HOUR,
    assert_pulls,
    collect,
    config_with,
    contents,
    control_of,
    stored,
)

PAGE = Path(__file__).parents[2] / "docs/operate/repositories.md"
MANY = 5000


def catalog(registry: Registry) -> list[str]:
    with registry.connect() as api:
        return list(api("GET", "/v2/_catalog").json["repositories"])


def assert_sound(registry: Registry) -> None:
    report = ocilot.fsck(registry.root)
    assert (report.ok, list(report.problems)) == (True, [])


def test_the_page_is_what_happens(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    with registry.connect() as api:
        api.push_image("team/app", make_image("one"), "v1")
        api.push_image("team/app", make_image("two"), "v2")
        api.push_image("team/web", make_image("web"), "v1")
    env = {"REGISTRY_CONFIGURATION_PATH": str(registry.config)}
    shell = Shell(tmp_path, {}, {**env, "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(registry.root)})
    for block in blocks(PAGE):
        for command, promised in typed(block) if block.language == "console" else ():
            shell.type(command, promised)


def test_a_repository_with_thousands_of_tags_is_deleted_by_one_request(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    image = make_image("many")
    with registry.connect() as api:
        api.push_image("team/many", image)
        for first in range(0, MANY, 50):
            tags = "&".join(f"tag=t{number}" for number in range(first, first + 50))
            target = f"/v2/team/many/manifests/{image.digest}?{tags}"
            assert api("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST}).status == 201
        api.push_image("team/other", image, "kept")
        (row,) = (row for row in commands.data("repo", "ls", "team/many"))
        assert (row["tags"], row["manifests"]) == (MANY, 1)
        ran = commands("repo", "rm", "team/many", "--yes")
        blobs = len(image.blobs)
        assert (ran.code, ran.out) == (0, ""), ran
        assert ran.err == f"deleted team/many: {MANY} tags, 1 manifest and {blobs} blobs\n"
        assert catalog(registry) == ["team/other"]
        assert api("GET", "/v2/team/many/tags/list").codes == ["NAME_UNKNOWN"]
        assert_pulls(api, "team/other", "kept", image)
        assert metric(api, 'ocilot_repository_changes_total{change="delete"}') == 1
        entry = commands.data("audit", "--action", "repository.delete")[0]
        assert (entry["repository"], entry["tags_total"]) == ("team/many", MANY)
        assert entry["tags"][0] == {"name": "t0", "previous": image.digest}
        history = commands.data("history", "team/many:t4999")
        assert [row["digest"] for row in history] == [None, image.digest]
        commands.fine("restore", "team/many:t4999")
        assert len(api("GET", "/v2/team/many/tags/list").json["tags"]) == MANY
        assert_pulls(api, "team/many", "t4999", image)
    assert_sound(registry)


def test_what_was_deleted_with_a_repository_frees_its_space(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(AT_ONCE))
    commands = Commands(registry)
    gone, kept = make_image("gone"), make_image("kept")
    with registry.connect() as api:
        api.push_image("team/gone", gone, "1")
        api.push_image("team/gone", kept, "2")
        api.push_image("team/kept", kept, "2")
    commands.fine("repo", "rm", "team/gone", "--yes")
    collect(registry)
    assert stored(registry) == contents(kept)
    ran = commands("restore", "team/gone:1")
    assert (ran.code, ran.out) == (3, ""), ran
    with registry.connect() as api:
        assert_pulls(api, "team/kept", "2", kept)


def test_a_renamed_repository_has_its_history_and_can_be_restored(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    first, second, deleted = (make_image(seed) for seed in ("first", "second", "deleted"))
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.example",
        "config": first.config.descriptor(),
        "layers": [],
        "subject": second.manifest.descriptor(),
    }
    referrer = Content(OCI_MANIFEST, to_json(document))
    with registry.connect() as api:
        api.push_image("team/app", first, "latest")
        api.push_image("team/app", second, "latest")
        api.push_image("team/app", deleted, "old")
        api.push_manifest("team/app", referrer.digest, referrer)
        assert api("DELETE", f"/v2/team/app/manifests/{deleted.digest}").status == 202
        before = stored(registry)
        commands.fine("repo", "rename", "team/app", "products/web/app")
        assert stored(registry) == before, "no byte moves"
        assert catalog(registry) == ["products/web/app"]
        assert not api.has_manifest("team/app", "latest")
        assert_pulls(api, "products/web/app", "latest", second)
        referrers = api("GET", f"/v2/products/web/app/referrers/{second.digest}").json["manifests"]
        assert [one["digest"] for one in referrers] == [referrer.digest]
        rows = commands.data("history", "products/web/app:latest")
        assert [row["digest"] for row in rows] == [second.digest, first.digest]
        commands.fine("restore", "products/web/app:latest")
        assert_pulls(api, "products/web/app", "latest", first)
        commands.fine("restore", f"products/web/app@{deleted.digest}")
        assert_pulls(api, "products/web/app", "old", deleted)
        api.push_image("team/app", second, "new")
        assert catalog(registry) == ["products/web/app", "team/app"]
    ran = commands("repo", "rename", "team/app", "products/web/app")
    assert (ran.code, ran.out) == (5, ""), ran
    assert "already exists" in ran.err
    for words, code in {("none", "new"): 3, ("team/app", "Not/Valid"): 2}.items():
        assert commands("repo", "rename", *words).code == code, words
    registry.restart()
    assert_sound(registry)


def test_what_a_rename_leaves_to_collect_is_collected(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(AT_ONCE))
    commands = Commands(registry)
    old, new = make_image("old"), make_image("new")
    with registry.connect() as api:
        api.push_image("team/app", old, "latest")
        api.push_image("team/app", new, "latest")
    registry.stop()
    commands.fine("repo", "rename", "team/app", "team/new")
    registry.start()
    collect(registry)
    assert stored(registry) == contents(new)
    with registry.connect() as api:
        assert_pulls(api, "team/new", "latest", new)


def test_clients_pull_by_an_alias_and_cannot_push_to_it(
    docker: Docker, skopeo: Skopeo, fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    image = make_image("aliased", layers=2)
    write_layout(tmp_path / "there", [image], image.manifest, "1")
    new, old = (f"docker://{registry.local}/{name}:1" for name in ("team/new", "team/old"))
    skopeo.copy(f"oci:{tmp_path}/there:1", old)
    commands.fine("repo", "rename", "team/old", "team/new", "--alias")
    skopeo.copy(old, f"oci:{tmp_path}/back:1")
    assert layout_files(tmp_path / "back") == layout_files(tmp_path / "there")
    assert skopeo.tags(f"{registry.local}/team/old") == ["1"]
    docker("pull", f"{registry.local}/team/old:1")
    docker("rmi", f"{registry.local}/team/old:1")
    with pytest.raises(ProgramFailed, match="is an alias, which is for pulls only"):
        skopeo.copy(f"oci:{tmp_path}/there:1", old)
    assert catalog(registry) == ["team/new"]
    with registry.connect() as api:
        assert metric(api, "ocilot_alias_requests_total") > 3
    registry.restart()
    with registry.connect() as api:
        assert_pulls(api, "team/old", "1", image)
    skopeo.copy(f"oci:{tmp_path}/there:1", new)
    commands.fine("repo", "rename", "team/new", "team/old")
    assert (catalog(registry), commands.data("repo", "alias")) == (["team/old"], [])


def test_a_client_with_a_token_pulls_by_an_alias(
    skopeo: Skopeo, fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    rules = """\
  access:
    - repositories: ["new/**"]
      allow: {user:alice: [pull, push]}
    - repositories: ["old/**"]
      allow: {user:alice: [pull], user:bob: [pull]}
"""
    registry = fresh_registry(with_tokens(tmp_path, rules))
    commands = Commands(registry)
    image = make_image("with a token")
    write_layout(tmp_path / "there", [image], image.manifest, "1")
    alice, bob = (("--src-creds", f"{name}:{name}-password") for name in ("alice", "bob"))
    skopeo.copy(f"oci:{tmp_path}/there:1", f"docker://{registry.local}/new/app:1", "--dest-creds", alice[1])
    commands.fine("repo", "alias", "old/app", "new/app")
    skopeo.copy(f"docker://{registry.local}/old/app:1", f"oci:{tmp_path}/back:1", *alice)
    assert layout_files(tmp_path / "back") == layout_files(tmp_path / "there")
    with pytest.raises(ProgramFailed):
        skopeo.copy(f"docker://{registry.local}/old/app:1", f"oci:{tmp_path}/bob:1", *bob)


def test_a_delete_beside_pushes_leaves_nothing_half(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    images = [make_image(f"beside {number}") for number in range(12)]

    def push(number: int) -> None:
        with registry.connect() as api:
            for blob in images[number].blobs:
                api.push_blob("team/app", blob.data)
            answer = api(
                "PUT",
                f"/v2/team/app/manifests/{number}",
                images[number].manifest.data,
                {"Content-Type": images[number].manifest.media_type},
            )
            # A delete may have come in between its blobs and its manifest.
            assert answer.status == 201 or answer.codes[0] == "MANIFEST_BLOB_UNKNOWN", answer

    def delete() -> str:
        with control_of(registry) as control:
            try:
                control.ask("DELETE", "/api/v1/repositories/team/app")
            except Error as problem:
                return problem.code
        return "deleted"

    with ThreadPoolExecutor(4) as pool:
        pushes = [pool.submit(push, number) for number in range(len(images))]
        deletes = [pool.submit(delete) for _ in range(4)]
        for pushed in pushes:
            pushed.result()
        assert {deleted.result() for deleted in deletes} <= {"deleted", "not_found"}
    with registry.connect() as api:
        left = api("GET", "/v2/team/app/tags/list")
        for tag in left.json["tags"] if left.status == 200 else ():
            assert_pulls(api, "team/app", tag, images[int(tag)])
    # A manifest that was refused because its blobs went has left its bytes to the garbage collection.
    with control_of(registry) as control:
        run_round(control, now=True)
    report = ocilot.fsck(registry.root)
    assert report.ok
    assert not report.problems


def test_a_delete_asks_first(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    with registry.connect() as api:
        api.push_image("team/app", make_image("asked"), "1")
    ran = commands("repo", "rm", "team/app")
    assert (ran.code, ran.out) == (2, ""), "nobody is there to answer"
    assert catalog(registry) == ["team/app"]
    assert commands("repo", "rm", "team/none", "--yes").code == 3


def test_repositories_are_managed_while_the_registry_is_stopped(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    image = make_image("stopped")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
    registry.stop()
    commands.fine("repo", "rename", "team/app", "team/new", "--alias")
    assert [row["name"] for row in commands.data("repo", "ls")] == ["team/new"]
    (alias,) = commands.data("repo", "alias")
    assert (alias["name"], alias["target"]) == ("team/app", "team/new")
    title, line = commands.fine("repo", "ls", "team/").splitlines()
    assert title.split() == ["NAME", "TAGS", "MANIFESTS", "BLOBS", "SIZE", "PUSHED"]
    assert line.split()[:4] == ["team/new", "1", "1", str(len(image.blobs))]
    for words in (["--rm", "team/app", "team/new"], ["team/old"]):
        assert commands("repo", "alias", *words).code == 2, words
    assert commands("repo", "alias", "--rm", "team/none").code == 3
    assert commands("repo", "alias", "team/new", "team/new").code == 5
    registry.start()
    with registry.connect() as api:
        assert_pulls(api, "team/app", "1", image)


def test_repositories_are_sorted_by_size_and_by_last_push(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    with registry.connect() as api:
        for name, size in (("team/medium", 20_000), ("team/large", 50_000), ("other/small", 100)):
            api.push_image(name, make_image(name, layers=1, size=size), "v1")
    commands.fine("jobs", "run", "rank-repositories", "--wait")

    def names(*options: str) -> list[str]:
        return [row["name"] for row in commands.data("repo", "ls", *options)]

    assert names("--sort=-bytes") == ["team/large", "team/medium", "other/small"]
    assert names("--sort", "bytes") == ["other/small", "team/medium", "team/large"]
    assert names("--sort=-pushed") == ["other/small", "team/large", "team/medium"]
    assert names("team/", "--sort", "pushed") == ["team/medium", "team/large"]
    with control_of(registry) as control:
        listed = list(control.ask_all("/api/v1/repositories?sort=-bytes&n=1&prefix=team/", "repositories"))
    assert [row["name"] for row in listed] == ["team/large", "team/medium"]
    assert all(row["pushed_at"] for row in listed)
