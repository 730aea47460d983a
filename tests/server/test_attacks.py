"""What was once done to registries, and must come to nothing here: the table of past security problems.

`SECTION` has its rows in its order, each with the tests that prove it; `SENT` is what this file sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .guarded import HIDDEN, MISSING, Guarded, guarded, push
from .images import OCI_MANIFEST, digest_of, make_image, to_json
from .people import basic, bearer

HERE = Path(__file__).parent

SECTION: dict[str, tuple[str, ...]] = {
    "CVE-2023-2253 a page of 2147483647": (
        "test_past_mistakes.py::test_a_page_of_two_thousand_million_takes_no_memory",
    ),
    "CVE-2017-11468 a manifest of 1 GB": (
        "test_past_mistakes.py::test_a_manifest_of_a_gigabyte_takes_no_memory",
    ),
    "CVE-2021-41190 layers and manifests, another mediaType": (
        "test_bad_manifests.py::test_manifests_that_contradict_themselves",
        "test_bad_manifests.py::test_a_content_type_that_is_not_that_of_the_manifest",
        "test_past_mistakes.py::test_one_digest_is_never_served_under_two_types",
    ),
    "CVE-2025-24976 a jwk under a trusted kid": ("test_forged_tokens.py::test_a_forged_token_is_refused",),
    "CVE-2026-41888 deletes that are off are off for tags": (
        "test_deletes.py::test_deletes_that_are_switched_off_are_off_for_all",
    ),
    "CVE-2026-35172 a blob deleted here and read there": (
        "test_deletes.py::test_a_blob_goes_from_one_repository_only",
    ),
    "CVE-2026-33540 credentials for a realm of the upstream's choice": (
        "test_foreign_issuers.py::test_nothing_is_fetched_from_where_keys_are_said_to_have_moved",
    ),
    "CVE-2026-31801 who may only create moves no tag": ("test_attacks.py::test_an_attack_comes_to_nothing",),
    "CVE-2025-23208 a group that was taken away": (
        "test_attacks.py::test_a_group_that_was_taken_away_is_gone_at_once",
    ),
    "CVE-2026-32589 an upload of somebody else": (
        "test_forged_tokens.py::test_an_upload_of_another_caller_is_unknown",
    ),
    "PROJQUAY-10504 what is immutable cannot be deleted either": (
        "test_hook_scripts.py::test_a_release_is_neither_moved_nor_deleted_nor_anything_it_needs",
    ),
    "CVE-2026-2376 addresses behind redirects": (
        "test_foreign_issuers.py::test_nothing_is_fetched_from_where_keys_are_said_to_have_moved",
        "test_foreign_issuers.py::test_keys_elsewhere_are_not_fetched_without_tls",
        "test_webhook_receivers.py::test_a_redirect_to_the_metadata_of_a_cloud_is_not_followed",
        "test_webhook_receivers.py::test_addresses_of_this_machine_and_of_clouds_are_denied_unless_allowed",
    ),
    "CVE-2020-15157 urls of descriptors": (
        "test_past_mistakes.py::test_what_a_descriptor_says_is_elsewhere_is_never_fetched",
    ),
    "CVE-2022-31667 ids of others": ("test_attacks.py::test_an_attack_comes_to_nothing",),
    "CVE-2024-22278 every role at every endpoint": ("test_roles.py::test_a_role_may_what_its_row_says",),
    "CVE-2022-46463 what anonymous callers see": (
        "test_attacks.py::test_lists_show_only_what_the_caller_may_pull",
        "test_attacks.py::test_an_attack_comes_to_nothing",
    ),
    "CVE-2019-16097 members nobody asked for": (
        "test_attacks.py::test_an_attack_comes_to_nothing",
        "test_attacks.py::test_nobody_asks_himself_into_administration",
    ),
    "CVE-2020-13788 secrets compared, redirects after a login": (
        "test_equal_work.py::test_who_is_unknown_costs_what_a_wrong_password_costs",
        "test_attacks.py::test_a_login_leads_nowhere",
    ),
    "CVE-2017-14992 a layer that would be large": ("test_past_mistakes.py::test_a_layer_is_never_unpacked",),
    "CVE-2023-44487 HTTP/2 is not offered": (
        "test_tls.py::test_http_2_is_not_offered",
        "test_bad_http.py::test_requests_that_are_none_are_answered_and_the_connection_ends",
    ),
    "CVE-2025-30204 a megabyte of dots": (
        "test_forged_tokens.py::test_a_megabyte_of_dots_costs_no_more_than_any_long_head",
    ),
    "CVE-2024-3727 digests that climb": (
        "test_bad_input.py::test_digests_out_of_the_grammar",
        "test_hostile.py::test_a_refusal_is_cheap_and_leaves_nothing",
    ),
    "CORS-1 INPUT-2 TLS-1": (
        "test_cors.py::test_credentials_are_never_for_every_page",
        "test_roles.py::test_no_endpoint_keeps_a_body_that_is_too_large",
        "test_foreign_issuers.py::test_keys_are_not_taken_from_a_server_nobody_vouches_for",
    ),
    "ReDoS": ("test_hostile.py::test_a_refusal_is_cheap_and_leaves_nothing",),
    "digest confusion": (
        "test_bad_input.py::test_digests_out_of_the_grammar",
        "test_uploads.py::test_a_blob_under_both_algorithms_is_two_blobs",
        "test_uploads.py::test_a_wrong_digest_stores_nothing_under_either_name",
    ),
    "HTTP smuggling": (
        "test_bad_http.py::test_requests_that_are_none_are_answered_and_the_connection_ends",
        "test_bad_http.py::test_a_chunk_size_that_is_none_adds_nothing",
    ),
    "upload-state tampering": (
        "test_past_mistakes.py::test_a_session_takes_no_word_of_a_client_for_its_state",
    ),
    "path traversal": (
        "test_bad_input.py::test_paths_that_climb",
        "test_hostile.py::test_a_refusal_is_cheap_and_leaves_nothing",
    ),
    "timing and enumeration": (
        "test_attacks.py::test_private_and_missing_answer_alike",
        "test_equal_work.py::test_who_is_unknown_costs_what_a_wrong_password_costs",
    ),
}
"""Row -> where it is proven. CVE-2026-12566 is a lesson for clients. There is no mirror yet: what its
rows say of fetching is proven of the keys of foreign issuers and of webhooks."""


def test_every_row_is_proven_by_tests_that_are_there() -> None:
    for row, tests in SECTION.items():
        for test in tests:
            file, _, function = test.partition("::")
            assert f"\ndef {function}(" in (HERE / file).read_text(), f"{row}: {test} is not there"


OTHER = make_image("another").manifest
JSON = {"Content-Type": "application/json"}
EVE = {"name": "eve", "password": "eve-password"}


@dataclass(frozen=True)
class Sent:
    """`{secret}` is the id of the robot's secret, `{blob}` a layer of the image that is everywhere."""

    who: str
    line: str
    status: int
    code: str = "DENIED"
    body: bytes | None = None
    headers: dict[str, str] | None = None


def moved(who: str, reference: str) -> Sent:
    """Another image under a tag that is taken."""
    return Sent(who, f"PUT /v2/team/app/manifests/{reference}", 403, body=OTHER.data, headers=MANIFEST)


def account(status: int, code: str, **members: object) -> Sent:
    return Sent("carol", "POST /api/v1/accounts", status, code, to_json({**EVE, **members}), JSON)


MANIFEST = {"Content-Type": OCI_MANIFEST}
CHANGE = to_json({"admin": True})
SENT = {
    "create: a tag is moved": moved("ci", "1"),
    "create: latest is moved": moved("ci", "latest"),
    "create: a tag is moved by ?tag=": moved("ci", f"{OTHER.digest}?tag=1"),
    "create: a tag is moved beside a new one": moved("ci", f"{OTHER.digest}?tag=new&tag=latest"),
    "create: a tag is deleted": Sent("ci", "DELETE /v2/team/app/manifests/1", 403),
    "create by secret: a tag is moved": moved("narrow", "1"),
    "create by token: a tag is moved": Sent(
        "token ci repository:team/app:pull,push",
        "PUT /v2/team/app/manifests/1",
        403,
        body=OTHER.data,
        headers=MANIFEST,
    ),
    "ids: another account": Sent("alice", "GET /api/v1/accounts/bob", 403),
    "ids: the own account": Sent("alice", "GET /api/v1/accounts/alice", 403),
    "ids: an account that is not there": Sent("alice", "GET /api/v1/accounts/nobody", 403),
    "ids: the own account is changed": Sent(
        "alice", "PATCH /api/v1/accounts/alice", 403, body=CHANGE, headers=JSON
    ),
    "ids: an account is removed": Sent("alice", "DELETE /api/v1/accounts/bob", 403),
    "ids: a secret of a robot": Sent("alice", "GET /api/v1/tokens?account=ci", 403),
    "ids: a secret is made": Sent(
        "alice", "POST /api/v1/tokens", 403, body=to_json({"account": "carol"}), headers=JSON
    ),
    "ids: a secret is removed": Sent("alice", "DELETE /api/v1/tokens/{secret}", 403),
    "ids: a secret that is not there": Sent("alice", "DELETE /api/v1/tokens/0123456789abcdef", 403),
    "ids: by nobody": Sent("nobody", "GET /api/v1/accounts/bob", 401, "UNAUTHORIZED"),
    "ids: by an administrator's narrow secret": Sent("root", "GET /api/v1/accounts", 403),
    "ids: by a token that says nothing of it": Sent(
        "token carol repository:team/app:pull", "GET /api/v1/accounts", 401, "UNAUTHORIZED"
    ),
    "ids: the journal": Sent("alice", "GET /api/v1/audit", 403),
    "ids: keys are rotated": Sent("alice", "POST /api/v1/keys", 403),
    "anonymous: the catalog": Sent("nobody", "GET /v2/_catalog", 401, "UNAUTHORIZED"),
    "anonymous: tags of what is private": Sent("nobody", f"GET /v2/{HIDDEN}/tags/list", 401, "UNAUTHORIZED"),
    "anonymous: a layer of what is private": Sent(
        "nobody", f"GET /v2/{HIDDEN}/blobs/{{blob}}", 401, "UNAUTHORIZED"
    ),
    "anonymous: a push to what is public": Sent(
        "nobody", "POST /v2/public/app/blobs/uploads/", 401, "UNAUTHORIZED"
    ),
    "anonymous: a token for a push": Sent(
        "token nobody repository:public/app:pull,push",
        "POST /v2/public/app/blobs/uploads/",
        401,
        "UNAUTHORIZED",
    ),
    "reader: a push": Sent("bob", "POST /v2/team/app/blobs/uploads/", 403),
    "reader: a delete": Sent("bob", "DELETE /v2/team/app/manifests/1", 403),
    "reader: a layer is deleted": Sent("bob", "DELETE /v2/team/app/blobs/{blob}", 403),
    "members: is_admin": account(400, "UNSUPPORTED", is_admin=True),
    "members: has_admin_role": account(400, "UNSUPPORTED", has_admin_role=True),
    "members: role": account(400, "UNSUPPORTED", role="admin"),
    "members: a hash": account(400, "UNSUPPORTED", password_hash="$2y$05$abc"),
    "members: admin twice": Sent(
        "carol",
        "POST /api/v1/accounts",
        400,
        "UNSUPPORTED",
        b'{"name":"eve","admin":false,"admin":true}',
        JSON,
    ),
    "members: admin as text": account(400, "UNSUPPORTED", admin="true"),
    "members: a name that climbs": account(400, "UNSUPPORTED", name="../../etc/passwd"),
    "members: a name with a line in it": account(400, "UNSUPPORTED", name="eve\nadmin"),
    "members: a form": Sent(
        "carol",
        "POST /api/v1/accounts",
        403,
        "DENIED",
        b"name=eve&admin=true",
        {"Content-Type": "text/plain"},
    ),
}
"""What somebody sends -> the answer; then nothing has changed, the server lives, the log has no secret."""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("attacks")) as made:
        made.robots["{secret}"] = made.add_robot("ci")
        made.add_robot("narrow", "repository:team/**:pull,create", groups=["team"])
        made.add_robot("root", "repository:**:pull", admin=True)
        push(made, "team/app", make_image("another"))
        yield made


@pytest.mark.parametrize("attack", SENT)
def test_an_attack_comes_to_nothing(there: Guarded, attack: str) -> None:
    sent = SENT[attack]
    line = sent.line.replace("{secret}", there.robots["{secret}"])
    method, target = line.replace("{blob}", there.image.layers[0].digest).split(" ")
    with there.harmless():
        answer = there.ask(sent.who, method, target, sent.body, sent.headers)
        assert (answer.status, answer.codes) == (sent.status, [sent.code]), answer
        there.assert_no_secret(str(answer), "the answer")


def test_ids_of_others_look_like_ids_of_nobody(there: Guarded) -> None:
    for path, one, another in (
        ("/api/v1/accounts/", "bob", "xyz"),
        ("/api/v1/tokens/", there.robots["{secret}"], "0123456789abcdef"),
    ):
        for method in ("GET", "PATCH", "DELETE") if "accounts" in path else ("DELETE",):
            answers = [there.ask("alice", method, path + item, b"{}", JSON) for item in (one, another)]
            assert answers[0].status == answers[1].status == 403
            assert answers[0].body == answers[1].body


def test_who_may_create_creates(there: Guarded) -> None:
    """Otherwise its rows above would prove nothing."""
    for who, tag in (("ci", "by-rule"), ("narrow", "by-secret")):
        target = f"/v2/team/app/manifests/{tag}"
        assert there.ask(who, "PUT", target, OTHER.data, MANIFEST).status == 201
        assert there.ask("carol", "DELETE", target).status == 202


def test_lists_show_only_what_the_caller_may_pull(there: Guarded) -> None:
    for who, seen in (
        ("token nobody registry:catalog:*", ["public/app"]),
        ("bob", ["public/app", "team/app"]),
        ("token bob registry:catalog:*", ["public/app", "team/app"]),
        ("carol", ["public/app", HIDDEN, "team/app"]),
    ):
        assert there.ask(who, "GET", "/v2/_catalog").json["repositories"] == seen, who
        first = there.ask(who, "GET", "/v2/_catalog?n=1&last=public/app")
        assert first.json["repositories"] == seen[1:2], who
        for last in (HIDDEN, MISSING):
            answer = there.ask(who, "GET", f"/v2/_catalog?last={last}")
            assert answer.json["repositories"] == [name for name in seen if name > last], who


WAYS = {
    "manifest": "GET /v2/{}/manifests/1",
    "head": "HEAD /v2/{}/manifests/1",
    "tags": "GET /v2/{}/tags/list",
    "blob": "GET /v2/{}/blobs/{blob}",
    "referrers": "GET /v2/{}/referrers/{blob}",
    "upload": "POST /v2/{}/blobs/uploads/",
    "session": "GET /v2/{}/blobs/uploads/01234567-89ab-cdef-0123-456789abcdef",
    "delete": "DELETE /v2/{}/manifests/1",
    "put": "PUT /v2/{}/manifests/1",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("who", ["nobody", "bob", "token nobody", "token bob repository:secret/app:pull"])
def test_private_and_missing_answer_alike(there: Guarded, who: str, way: str) -> None:
    said = set()
    for repository in (HIDDEN, MISSING):
        line = WAYS[way].replace("{}", repository).replace("{blob}", there.image.layers[0].digest)
        method, target = line.split(" ")
        headers = there.headers(who.replace(HIDDEN, repository))
        answer = there.api(method, target, b"{}" if method in ("PUT", "POST") else None, headers)
        assert answer.status in (401, 403), answer
        told = re.sub(r"(?m)^(Date|X-Request-Id): .*$", "", str(answer))
        said.add(told.replace(repository, "NAME"))
    assert len(said) == 1, said


def test_a_mount_of_what_is_private_is_a_mount_of_nothing(there: Guarded) -> None:
    """Neither the status nor the answer tells that a layer, or a repository, is there."""
    hidden, nothing = make_image("hidden"), digest_of(b"nothing")
    push(there, HIDDEN, hidden)
    said = set()
    for source in (HIDDEN, MISSING):
        for digest in (hidden.layers[0].digest, nothing):
            target = f"/v2/team/app/blobs/uploads/?mount={digest}&from={source}"
            answer = there.ask("alice", "POST", target)
            assert there.ask("alice", "DELETE", there.api.path(answer["Location"])).status == 204
            said.add((answer.status, answer["Range"], answer.body))
    assert said == {(202, "0-0", b"")}
    assert there.ask("alice", "HEAD", f"/v2/team/app/blobs/{hidden.layers[0].digest}").status == 404


def test_a_group_that_was_taken_away_is_gone_at_once(there: Guarded) -> None:
    """For passwords and for tokens that were given out while it was there."""
    there.add_account("dave", groups=["team"])
    token = "token dave repository:team/app:pull,push"
    kept = bearer(there.token("dave", "repository:team/app:pull,push"))
    target = "/v2/team/app/tags/list"
    assert there.ask("dave", "GET", target).status == there.api("GET", target, headers=kept).status == 200
    there.administer("PATCH", "/api/v1/accounts/dave", {"groups": []})
    for answer in (there.ask("dave", "GET", target), there.ask(token, "GET", target)):
        assert answer.status in (401, 403), answer
    assert there.api("GET", target, headers=kept).status == 403, "nobody waits for a token to end"
    there.administer("PATCH", "/api/v1/accounts/dave", {"groups": ["team"]})
    assert there.api("GET", target, headers=kept).status == 200
    there.administer("PATCH", "/api/v1/accounts/dave", {"disabled": True})
    for headers in (kept, basic("dave")):
        assert there.api("GET", target, headers=headers).status == 401
    there.administer("DELETE", "/api/v1/accounts/dave")
    for headers in (kept, basic("dave")):
        assert there.api("GET", target, headers=headers).status == 401


def test_nobody_asks_himself_into_administration(there: Guarded) -> None:
    more = "admin=true&is_admin=true&groups=admins&group=admins&sub=carol&account=carol&kind=local"
    form = f"grant_type=password&username=bob&password=bob-password&scope=repository:team/app:*&{more}"
    with there.harmless():
        given = [
            there.api("POST", "/token", form.encode(), {"Content-Type": "application/x-www-form-urlencoded"}),
            there.ask("bob", "GET", f"/token?scope=repository:team/app:*&scope=registry:api:*&{more}"),
        ]
        for answer in given:
            assert answer.status == 200, answer
            mine = bearer(answer.json["token"])
            assert there.api("GET", "/v2/team/app/tags/list", headers=mine).status == 200
            for method, target in (
                ("GET", "/api/v1/accounts"),
                ("POST", "/v2/team/app/blobs/uploads/"),
                ("DELETE", "/v2/team/app/manifests/1"),
                ("GET", f"/v2/{HIDDEN}/tags/list"),
            ):
                assert there.api(method, target, headers=mine).status in (401, 403)


def test_a_login_leads_nowhere(there: Guarded) -> None:
    """No parameter and no header makes an answer send a client, or its credentials, to somebody else."""
    evil = "https://evil.test/"
    for name in ("redirect_uri", "redirect", "next", "return_to", "realm", "service"):
        for who in ("alice", "nobody"):
            answer = there.ask(who, "GET", f"/token?{name}={evil}", headers={"Referer": evil})
            assert answer.status == 200, answer
            assert "evil.test" not in str(answer.headers)
            assert answer.headers["Location"] is None
    for header in ("X-Original-URL", "X-Rewrite-URL", "Referer", "Origin"):
        answer = there.api("GET", "/v2/", headers={header: evil})
        assert answer["WWW-Authenticate"] == f'Bearer realm="{there.registry.url}/token",service="ocilot"'
