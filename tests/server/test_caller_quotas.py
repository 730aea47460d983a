"""What callers have pushed is known at once, and none has pushed more than it may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ocilot.errors import Error

from .api import Answer, Api, Body, with_digest
from .conftest import FreshRegistry
from .images import MIB, digest_of, make_image, noise
from .people import basic, write_users
from .programs import wait_until
from .registry import Registry
from .test_account_commands import Commands
from .test_collection import control_of
from .test_quotas import size_of

ALICE, BOB, CAROL = "user:alice", "user:bob", "user:carol"


class As(Api):
    """A connection of somebody with a password."""

    def __init__(self, registry: Registry, name: str) -> None:
        super().__init__("127.0.0.1", registry.port)
        self._credentials = basic(name)

    def __call__(
        self,
        method: str,
        target: str,
        body: Body = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        *,
        chunked: bool = False,
    ) -> Answer:
        return super().__call__(method, target, body, {**self._credentials, **dict(headers)}, chunked=chunked)


def config_of(directory: Path, *quotas: str) -> str:
    lines = "".join(f"    - {quota}\n" for quota in quotas)
    return f"""\
version: 0.1
storage: {{delete: {{enabled: true}}}}
auth: {{htpasswd: {{realm: test, path: "{write_users(directory)}"}}}}
ocilot:
  gc: {{enabled: false}}
  groups: {{interns: [bob]}}
  metrics: {{readers: [anonymous]}}
  access: [{{repositories: ["**"], allow: {{everyone: [pull, push, delete]}}}}]
{f"  quotas:{chr(10)}{lines}" if quotas else ""}"""


def usage(registry: Registry) -> dict[str, dict[str, Any]]:
    """By caller."""
    rows: list[dict[str, Any]] = Commands(registry).data("usage", "--by", "caller")
    return {row["caller"]: row for row in rows}


def test_usage_of_callers_follows_each_push_and_each_delete(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    """Q1, Q2, Q6 of callers."""
    registry = fresh_registry(config_of(tmp_path, "{callers: [everyone], bytes: 1GiB}"))
    one, two = make_image("one"), make_image("two")
    with As(registry, "alice") as alice, As(registry, "bob") as bob:
        alice.push_image("team/a", one, "1")
        assert usage(registry)[ALICE]["bytes"] == size_of(one)
        bob.push_image("team/a", one, "1", "2")
        assert usage(registry)[BOB]["bytes"] == 0, "it was there"
        assert usage(registry)[BOB]["tags"] == 1
        bob.push_image("team/b", one, "1")
        bob.push_image("team/a", two, "3")
        before = usage(registry)
        assert before[ALICE]["bytes"] == size_of(one)
        assert before[BOB]["bytes"] == size_of(one) + size_of(one, two) - size_of(one)
        assert bob("DELETE", f"/v2/team/a/manifests/{one.manifest.digest}").status == 202
        assert usage(registry)[ALICE]["bytes"] == size_of(one) - len(one.manifest.data), "whoever deletes it"
        assert bob("DELETE", f"/v2/team/a/blobs/{one.blobs[0].digest}").status == 202
    after = usage(registry)
    assert after[ALICE]["bytes"] == size_of(one) - len(one.manifest.data) - len(one.blobs[0].data)
    registry.restart()
    assert usage(registry) == after
    Commands(registry).fine("repo", "rm", "team/a", "--yes")
    assert ALICE not in usage(registry)


def test_a_caller_over_the_quota_is_refused_everywhere_and_leaves_nothing(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    """Q1, Q4, Q5 of callers."""
    image = make_image("fits")
    registry = fresh_registry(
        config_of(
            tmp_path,
            f"{{callers: ['user:*'], bytes: {size_of(image)}}}",
            "{callers: [group:interns], tags: 0}",
        )
    )
    commands = Commands(registry)
    with As(registry, "alice") as alice, As(registry, "bob") as bob:
        alice.push_image("team/app", image, "1")
        blob = noise(1000, "more")
        for repository in ("team/app", "elsewhere"):
            answer = alice("PUT", with_digest(alice.start_upload(repository), digest_of(blob)), blob)
            assert (answer.status, answer.codes) == (403, ["DENIED"]), answer
            message = answer.json["errors"][0]["message"]
            assert f"the quota of user alice is {size_of(image)} bytes" in message
            assert "1000 more" in message
            assert "delete tags and manifests of user alice" in message
        bob.push_blob("elsewhere", blob)
        mount = alice("POST", f"/v2/team/app/blobs/uploads/?mount={digest_of(blob)}&from=elsewhere")
        assert (mount.status, mount.codes) == (403, ["DENIED"])
        manifest = {"Content-Type": image.manifest.media_type}
        answer = alice("PUT", "/v2/team/app/manifests/2", image.manifest.data + b"\n", manifest)
        assert (answer.status, answer.codes) == (403, ["DENIED"])
        answer = bob("PUT", "/v2/team/app/manifests/2", image.manifest.data, manifest)
        assert "the quota of user bob is 0 tags" in answer.json["errors"][0]["message"]
        assert alice.tags("team/app") == ["1"]
        assert usage(registry)[ALICE]["bytes"] == size_of(image)

        def refused() -> set[str]:
            return {entry["by"]["name"] for entry in commands.data("audit", "--action", "admit")}

        wait_until(lambda: refused() == {"alice", "bob"}, "both refusals in the audit log")
        assert [row["caller"] for row in commands.data("quota", "--by", "caller")] == [ALICE, BOB]
        assert alice("DELETE", f"/v2/team/app/manifests/{image.manifest.digest}").status == 202
        assert alice("DELETE", f"/v2/team/app/blobs/{image.blobs[0].digest}").status == 202
        alice.push_blob("elsewhere", image.blobs[0].data)
        metrics = alice("GET", "/metrics")
    assert "ocilot_quota_refusals_total 5" in metrics.body.decode(), metrics


def test_an_upload_of_a_caller_ends_where_its_quota_does(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry(config_of(tmp_path, "{callers: [everyone], bytes: 1MiB}"))

    def too_much() -> Iterator[bytes]:
        for _ in range(64):
            yield noise(64 * 1024, "piece")

    with As(registry, "alice") as alice:
        upload = alice.start_upload("team/app")
        answer = alice("PATCH", upload, too_much(), chunked=True)
        assert (answer.status, answer.codes) == (403, ["DENIED"]), answer
    with As(registry, "alice") as alice:
        assert alice("GET", upload).status == 404, "the upload has ended"
    assert Commands(registry).data("upload", "ls") == []
    assert usage(registry) == {}


def test_pushes_at_the_same_moment_cannot_exceed_the_quota_together(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry(config_of(tmp_path, "{callers: [everyone], bytes: 3MiB}"))

    def push(number: int) -> int:
        data = noise(MIB, f"beside {number}")
        with As(registry, "alice") as alice:
            upload = with_digest(alice.start_upload(f"team/{number}"), digest_of(data))
            return alice("PUT", upload, data).status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(push, range(8)))
    assert statuses == [201] * 3 + [403] * 5
    assert usage(registry)[ALICE]["bytes"] == 3 * MIB


def test_a_quota_follows_a_group_without_a_restart(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(config_of(tmp_path, "{callers: [group:interns], tags: 0}"))
    with As(registry, "alice") as alice:
        alice.push_image("team/app", make_image("one"), "1")
        text = registry.config.read_text()
        registry.config.write_text(text.replace("interns: [bob]", "interns: [alice]"))
        registry.wait_for_line("access rules reloaded")
        image = make_image("two")
        for blob in image.blobs:
            alice.push_blob("team/app", blob.data)
        headers = {"Content-Type": image.manifest.media_type}
        refused = alice("PUT", "/v2/team/app/manifests/2", image.manifest.data, headers)
    assert (refused.status, refused.codes) == (403, ["DENIED"]), refused


def test_anonymous_callers_share_a_quota(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry("version: 0.1\nocilot:\n  quotas:\n    - {callers: [anonymous], bytes: 1500}\n")
    with registry.connect() as api:
        api.push_blob("a", noise(1000, "one"))
        data = noise(1000, "two")
        answer = api("PUT", with_digest(api.start_upload("b"), digest_of(data)), data)
        assert answer.status == 403
        assert "the quota of anonymous callers is 1500 bytes" in answer.json["errors"][0]["message"]
    row = usage(registry)["anonymous"]
    assert (row["bytes"], row["quota_bytes"], row["quota_tags"]) == (1000, 1500, None)


def test_counting_begins_with_what_was_pushed_before_the_setting(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry(config_of(tmp_path))
    commands = Commands(registry)
    image = make_image("before")
    with As(registry, "alice") as alice:
        alice.push_image("team/app", image, "1")
    ran = commands("usage", "--by", "caller")
    assert ran.code == 0, ran
    assert "callers are counted only while a quota in ocilot.quotas has `callers`" in ran.err
    registry.stop()
    assert registry.config is not None
    registry.config.write_text(config_of(tmp_path, "{callers: [user:carol], tags: 1}"))
    registry.start()
    assert usage(registry)[ALICE]["bytes"] == size_of(image)
    assert usage(registry)[ALICE]["quota_bytes"] is None
    assert "counting usage of callers" in registry.process.output()
    assert commands.data("quota", "--by", "caller") == [], "it is of another caller"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("usage", "team/app", "--by", "caller"), "--by caller covers all repositories"),
        (("usage", "--by", "moon"), "moon"),
    ],
)
def test_usage_by_caller_is_of_all_repositories(
    fresh_registry: FreshRegistry, words: tuple[str, ...], expected: str
) -> None:
    ran = Commands(fresh_registry("version: 0.1\n"))(*words)
    assert ran.code == 2, ran
    assert expected in ran.err


def test_a_page_of_callers_leads_to_the_next(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(config_of(tmp_path, "{callers: [everyone], tags: 9}"))
    for name in ("alice", "bob", "carol"):
        with As(registry, name) as api:
            api.push_blob(f"of/{name}", noise(100, name))
    with control_of(registry) as control:
        path = "/api/v1/usage?by=caller&n=2"
        page = control.ask("GET", path)
        assert page["counted"] is True
        assert [row["caller"] for row in page["callers"]] == [ALICE, BOB]
        assert [row["caller"] for row in control.ask_all(path, "callers")] == [ALICE, BOB, CAROL]
        for wrong in ("by=moon", "by=caller&repository=a"):
            with pytest.raises(Error) as refused:
                control.ask("GET", f"/api/v1/usage?{wrong}")
            assert "caller" in str(refused.value)
