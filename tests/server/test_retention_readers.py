"""Callers in `ocilot.retention.readers` see what retention would delete, and delete nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .guarded import RULES, Guarded, guarded
from .images import to_json
from .people import with_tokens

JSON = {"Content-Type": "application/json"}
RETENTION = """\
  retention:
    readers: ["group:release"]
    policies:
      - {name: old, repositories: ["**"], floor: 0, delete: [{tags: "1"}]}
"""


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Guarded]:
    with guarded(tmp_path, with_tokens(tmp_path, RULES + RETENTION)) as made:
        made.add_account("planner", groups=["release"])
        yield made


def test_a_planner_sees_what_is_deleted_and_deletes_nothing(there: Guarded) -> None:
    with there.harmless():
        plan = there.ask("planner", "POST", "/api/v1/retention/plan", b"{}", JSON)
        assert plan.status == 201, plan
        assert plan.json["delete"]["tags"] == 3
        rows = there.ask("planner", "GET", f"/api/v1/retention/plans/{plan.json['id']}")
        assert {row["tag"] for row in rows.json["rows"]} >= {"1"}
        explained = there.ask("planner", "GET", "/api/v1/retention/explain?repository=team/app&tag=1")
        assert explained.json["verdict"] == "delete"
        apply = to_json({"plan": plan.json["id"]})
        for method, path, body in (
            ("POST", "apply", apply),
            ("GET", "policies", None),
            ("PUT", "policies/mine", to_json({"repositories": ["**"], "delete": [{"tags": "x"}]})),
        ):
            answer = there.ask("planner", method, f"/api/v1/retention/{path}", body, JSON)
            assert (answer.status, answer.codes) == (403, ["DENIED"]), answer
        assert there.ask("bob", "POST", "/api/v1/retention/plan", b"{}", JSON).status == 403


def test_a_planner_tries_policies_and_has_nothing_fetched(there: Guarded) -> None:
    def tried(rule: dict[str, str]) -> bytes:
        policy = {"name": "p", "repositories": ["team/**"], "keep": [rule], "delete": [{"tags": "?"}]}
        return to_json({"policies": [policy]})

    answer = there.ask("planner", "POST", "/api/v1/retention/matches", tried({"tags": "latest"}), JSON)
    assert answer.status == 200, answer
    used = tried({"in-use": "https://inventory.example.com/used"})
    for what in ("plan", "matches"):
        answer = there.ask("planner", "POST", f"/api/v1/retention/{what}", used, JSON)
        assert answer.status == 403, answer
        assert "only administrators may try policies with in-use" in answer.json["errors"][0]["message"]
