"""Requests that must fail, and do no harm."""

from __future__ import annotations

from collections.abc import Mapping

from .api import Answer, Api, Body
from .images import OCI_MANIFEST, digest_of


def refused(
    api: Api,
    method: str,
    target: str,
    status: int,
    *codes: str,
    body: Body = None,
    headers: Mapping[str, str] | None = None,
    chunked: bool = False,
) -> Answer:
    """One request that must fail in this way; the connection is still good then, or was said to be over."""
    api("GET", "/v2/")
    connection = api.local_port
    answer = api(method, target, body, headers or {}, chunked=chunked)
    assert answer.status == status, answer
    if method != "HEAD":
        assert answer.codes == list(codes), answer
    assert api("GET", "/v2/").status == 200
    assert api.local_port == connection or answer["Connection"] == "close"
    return answer


def put_manifest(
    api: Api, name: str, body: bytes, status: int, *codes: str, media_type: str = OCI_MANIFEST
) -> Answer:
    target = f"/v2/{name}/manifests/bad"
    answer = refused(api, "PUT", target, status, *codes, body=body, headers={"Content-Type": media_type})
    assert not api.has_manifest(name, "bad")
    assert not api.has_manifest(name, digest_of(body))
    return answer
