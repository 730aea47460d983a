"""A tour through the administration API: each answer is as the OpenAPI document declares it."""

from __future__ import annotations

from typing import Any

from .api import Answer
from .guarded import Guarded, push
from .images import OCI_INDEX, to_json
from .openapi import Document
from .programs import wait_until

JSON = {"Content-Type": "application/json"}
POLICY = {"name": "old", "repositories": ["team/**"], "delete": [{"tags": "old*"}]}
DIGEST = "sha256:" + 64 * "0"


class Tour:
    """Everything there is to ask, with success, and the errors of what is not there."""

    def __init__(self, there: Guarded, document: Document) -> None:
        self.there, self.document = there, document
        self.seen: set[str] = set()

    def ask(self, method: str, target: str, members: Any = None, *, status: int = 200) -> Answer:
        body = b"{}" if members is None else to_json(members)
        headers = {"Ocilot-Request": "1"} if members is None else JSON
        answer = self.there.ask("carol", method, target, None if method == "GET" else body, headers)
        operation = self.document.operation_of(method, target)
        assert answer.status == status, f"{method} {target}: {answer}"
        self.document.check(operation, answer)
        if status < 400:
            self.seen.add(operation.id)
        return answer

    def go(self) -> None:
        self.ask("GET", "/api/v1/openapi.json")
        self.accounts()
        self.state()
        self.content()
        self.repositories()
        self.policies()
        self.retention()
        self.webhooks()
        self.errors()

    def accounts(self) -> None:
        self.ask(
            "POST", "/api/v1/accounts", {"name": "eve", "password": "secret", "groups": ["x"]}, status=201
        )
        self.ask("POST", "/api/v1/accounts", {"name": "eve"}, status=409)
        self.ask("POST", "/api/v1/accounts", {"name": "ci", "kind": "robot"}, status=201)
        assert self.ask("GET", "/api/v1/accounts?n=1")["Link"]
        self.ask("GET", "/api/v1/accounts/eve")
        self.ask("PATCH", "/api/v1/accounts/eve", {"disabled": True, "password": None})
        made = self.ask(
            "POST", "/api/v1/tokens", {"account": "eve", "note": "x", "expires_in": 60}, status=201
        )
        self.ask("GET", "/api/v1/tokens?account=eve&refresh=true&n=1")
        self.ask("DELETE", f"/api/v1/tokens/{made.json['id']}", status=204)
        self.ask("DELETE", "/api/v1/accounts/eve", status=204)

    def state(self) -> None:
        for user in ("", "user=bob&", "user=z&kind=robot&groups=a,b&", "user=carol&"):
            for action in ("pull", "push", "admin"):
                self.ask("GET", f"/api/v1/access?{user}action={action}&repository=team/app")
        self.ask("GET", "/api/v1/keys")
        self.ask("POST", "/api/v1/keys", status=201)
        self.ask("GET", "/api/v1/hooks")
        self.ask("POST", "/api/v1/hooks/reload")
        wait_until(lambda: self.ask("GET", "/api/v1/hooks").json["scripts"][0]["events"], "a place")
        self.ask("GET", "/api/v1/hooks/parked?script=hook.py&n=1")
        self.ask("POST", "/api/v1/hooks/parked?script=hook.py&change=4711")
        self.ask("DELETE", "/api/v1/hooks/parked?script=hook.py")
        begun = self.ask("POST", "/api/v1/jobs/scrub", status=202).json["round"]
        wait_until(lambda: self.ask("GET", "/api/v1/jobs/scrub").json["rounds"] >= begun, "a round")
        self.ask("GET", "/api/v1/jobs")
        self.ask("DELETE", "/api/v1/jobs/scrub")

    def content(self) -> None:
        there = self.there
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [there.image.manifest.descriptor()]}
        for tag, content, media_type in (
            ("old", there.image.manifest.data, there.image.manifest.media_type),
            ("all", to_json(index), OCI_INDEX),
        ):
            answer = there.ask(
                "carol", "PUT", f"/v2/team/app/manifests/{tag}", content, {"Content-Type": media_type}
            )
            assert answer.status == 201, answer
        place = there.api.path(there.ask("carol", "POST", "/v2/team/app/blobs/uploads/")["Location"])
        assert there.ask("carol", "PATCH", place, b"bytes").status == 202
        (upload,) = self.ask("GET", "/api/v1/uploads?repository=team/app&n=5").json["uploads"]
        self.ask("DELETE", f"/api/v1/uploads/{upload['id']}", status=204)
        assert there.ask("carol", "DELETE", "/v2/team/app/manifests/all").status == 202
        for query in ("", "?n=1", "?repository=team/app", "?repository=team/app&tag=1", "?by=caller"):
            self.ask("GET", f"/api/v1/usage{query}")
        self.ask("GET", "/api/v1/gc")
        self.ask("GET", "/api/v1/gc/plan?n=5")
        self.ask("GET", "/api/v1/gc/plan?now=true")
        for digest in (there.image.digest, there.image.config.digest, DIGEST):
            self.ask("GET", f"/api/v1/gc/why?digest={digest}")
        self.ask("POST", "/api/v1/gc/run", status=202)
        self.ask("POST", "/api/v1/restore", {"repository": "team/app", "tag": "all"})
        gone = index | {"annotations": {"purged": "yes"}}
        answer = there.ask(
            "carol", "PUT", "/v2/team/app/manifests/gone", to_json(gone), {"Content-Type": OCI_INDEX}
        )
        purged = {"repository": "team/app", "digest": answer["Docker-Content-Digest"]}
        self.ask("POST", "/api/v1/gc/purge", purged, status=409)
        assert there.ask("carol", "DELETE", "/v2/team/app/manifests/gone").status == 202
        self.ask("POST", "/api/v1/gc/purge", purged, status=202)
        self.ask("POST", "/api/v1/gc/purge", purged, status=404)
        self.ask("GET", "/api/v1/audit?n=1000")
        self.ask("GET", "/api/v1/events?action=*&n=1000")
        self.ask("GET", "/api/v1/events?after=0&repository=team/*&tag=1&tag=l*&action=tag.*&n=1")
        self.ask("GET", "/api/v1/audit?action=tag.&refused=false&since=2020-01-01&n=1")

    def repositories(self) -> None:
        assert self.ask("GET", "/api/v1/repositories?prefix=team&n=1").json["repositories"]
        for order in ("name", "bytes", "-bytes", "pushed", "-pushed"):
            assert self.ask("GET", f"/api/v1/repositories?sort={order}&n=1").json["repositories"]
        self.ask("GET", "/api/v1/repositories/team/app/")
        for query in ("?n=1", "?sort=-size&n=1", "?sort=-pulled&match=*", "?sort=semver", "?sort=name&n=0"):
            self.ask("GET", f"/api/v1/repositories/team/app/tags{query}")
        self.ask("GET", "/api/v1/repositories/team/app/tags/all/history?n=1")
        for query in ("?n=1", "?repositories=team/**&match=*", "?n=0"):
            self.ask("GET", f"/api/v1/tags{query}")
        push(self.there, "team/extra", self.there.image, "1")
        self.ask("PUT", "/api/v1/aliases/team/alias", {"target": "team/app"})
        self.ask("PATCH", "/api/v1/repositories/team/extra/", {"name": "team/moved", "alias": True})
        self.ask("GET", "/api/v1/aliases?n=1")
        for name in ("team/alias", "team/extra"):
            self.ask("DELETE", f"/api/v1/aliases/{name}", status=204)
        self.ask("DELETE", "/api/v1/repositories/team/moved/")

    def policies(self) -> None:
        place = "/api/v1/retention/policies"
        policy = {**POLICY, "name": "later", "at": "02:00", "fuse": {"share": "50%", "tags": 9}}
        self.ask("PUT", f"{place}/later", policy, status=201)
        self.ask("PUT", f"{place}/later", policy)
        self.ask("GET", place)
        self.ask("GET", "/api/v1/retention")
        self.ask("GET", f"{place}/later")
        self.ask("PUT", f"{place}/later", {"keep": []}, status=400)
        self.ask("DELETE", f"{place}/later", status=204)
        self.ask("DELETE", f"{place}/later", status=404)

    def retention(self) -> None:
        self.ask("GET", "/api/v1/retention")
        plan = self.ask("POST", "/api/v1/retention/plan", {"policies": [POLICY]}, status=201).json["id"]
        self.ask("POST", "/api/v1/retention/matches", {"policies": [POLICY]})
        self.ask("POST", "/api/v1/retention/matches", {})
        self.ask("GET", "/api/v1/retention/plans?n=1")
        self.ask("GET", f"/api/v1/retention/plans/{plan}?verdict=delete")
        self.ask("GET", "/api/v1/retention/explain?repository=team/app&tag=1")
        done = self.ask("POST", "/api/v1/retention/apply", {"plan": plan, "exact": True}, status=202).json
        name = "/api/v1/jobs/apply-retention"
        wait_until(lambda: self.ask("GET", name).json["rounds"] >= done["round"], "the plan is applied")
        assert self.ask("GET", f"/api/v1/retention/plans/{plan}").json["applied"]["tags"] == 1

    def webhooks(self) -> None:
        place = "/api/v1/webhooks/parked/ci"
        wait_until(lambda: len(self.ask("GET", place).json["parked"]) > 1, "changes are parked")
        parked = self.ask("GET", f"{place}?n=1&after=1").json["parked"][0]["change"]
        self.ask("GET", "/api/v1/webhooks")
        self.ask("POST", "/api/v1/webhooks/test/ci")
        self.ask("GET", "/api/v1/webhooks/ci")
        self.ask("POST", f"/api/v1/webhooks/replay/ci?change={parked}", status=202)
        self.ask("DELETE", place)

    def errors(self) -> None:
        self.ask("GET", "/api/v1/accounts/none", status=404)
        self.ask("GET", "/api/v1/repositories/team/none/tags", status=404)
        self.ask("GET", "/api/v1/repositories/team/app/tags/-/history", status=400)
        self.ask("DELETE", "/api/v1/uploads/x", status=404)
        self.ask("GET", "/api/v1/webhooks/parked/none", status=404)
        self.ask("POST", "/api/v1/hooks/parked?script=none", status=404)
        self.ask("GET", "/api/v1/events?after=987654321", status=410)
        self.ask("POST", "/api/v1/retention/apply", {"plan": 4711}, status=404)
        self.ask("PATCH", "/api/v1/accounts/none", {"password": " " * 70_000}, status=413)
