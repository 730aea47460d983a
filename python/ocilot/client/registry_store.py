"""One repository of a registry as a store: the distribution protocol, and nothing else.

Requests, credentials, retries and errors are those of the session; uploads and resumed reads have own files.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from ocilot.counting import counted
from ocilot.errors import (
    AuthError,
    CatalogUnsupported,
    IntegrityError,
    InvalidReference,
    NotFound,
    RegistryError,
    Unsupported,
)
from ocilot.oci import Descriptor, Digest, Manifest, digest_of
from ocilot.oci.media_types import ACCEPT, OCI_INDEX, is_index, is_manifest
from ocilot.references import parse_repository, parse_tag

from .calls import RepositoryCalls
from .endpoints import Endpoint, led_to, same_place
from .errors_of import LARGEST_BODY, refuse_html
from .pages import Walk
from .reading import ResumingStream
from .referrers import ReferrersTag
from .session import Call, Session
from .steps import Response, Steps, Stream
from .store import Opener, Outcome, Page, Store
from .tokens import Scopes
from .uploading import Upload

LARGEST_LIST: Final = 32 << 20
PAGE_SIZE: Final = 1000
"""Entries that are asked for in one page."""


class RegistryStore(Store):
    """A repository of a registry.

    `push`: it will be written, so the first token already allows that.
    """

    def __init__(self, session: Session, host: str, repository: str, *, push: bool = False) -> None:
        self.session = session
        self.host = host
        self.repository: str = parse_repository(repository)
        self.location: str = f"{host}/{repository}"
        self._calls = RepositoryCalls(session, host, repository, push)

    # Reading

    def resolve(self, reference: str) -> Steps[Descriptor]:
        """The descriptor of a tag or digest. Raises NotFound.

        By HEAD; where a registry has none, or leaves the digest out, by GET.
        """
        made = self._manifest_call("HEAD", reference, "resolve")
        made.expected = (200, 400, 403, 405, 406, 501)
        response = yield from self.session.request(self.host, made)
        yield from response.body.close()
        found = _described(response, reference) if response.status == 200 else None
        if found is None:
            found = (yield from self.manifest(reference)).descriptor
        return found

    def manifest(self, reference: str) -> Steps[Manifest]:
        """The manifest of a tag or digest, whose digest was checked. Raises NotFound, IntegrityError."""
        made = self._manifest_call("GET", reference, "fetch")
        limit = self.session.limits.manifest
        response, raw = yield from self.session.fetch(self.host, made, limit + 1)
        refuse_html(made.action, response, raw)
        if len(raw) > limit:
            raise IntegrityError(
                f"manifest {self._calls.named(reference)} is larger than the limit of "
                f"{counted(limit, 'byte')}",
                hint="raise Limits(manifest=...) if you trust it",
            )
        wanted = reference if ":" in reference else response.headers.get("docker-content-digest", "")
        algorithm = wanted.partition(":")[0]
        algorithm = algorithm if algorithm in ("sha256", "sha512") else "sha256"
        actual = digest_of(raw, algorithm)
        if wanted and wanted != actual and (":" in reference or _is_digest(wanted)):
            raise IntegrityError(
                f"manifest {self._calls.named(reference)} has digest {actual}, expected {wanted}",
                hint="fetch it again; if that fails too, the registry or a proxy damages it",
            )
        return Manifest(raw, response.headers.get("content-type", ""), algorithm=algorithm)

    def open(self, blob: Descriptor, offset: int = 0, length: int | None = None) -> Steps[Stream]:
        """Bytes of a blob, resumed after interruptions; not verified. Raises NotFound."""
        name = f"blob {self._calls.named(blob.digest)}"

        def ask(headers: Mapping[str, str], expected: Collection[int]) -> Steps[Response]:
            made = self._calls.call("GET", f"blobs/{blob.digest}", f"fetch {name}")
            made.headers, made.expected = headers, expected
            return self.session.request(self.host, made)

        stream = ResumingStream(name, ask, self.session.attempts(), blob, offset, length)
        yield from stream.begin()
        return stream

    def has(self, blob: Descriptor) -> Steps[bool]:
        """Whether it has the blob, or the manifest if the descriptor is of one."""
        kind = "manifests" if is_manifest(blob.media_type) or is_index(blob.media_type) else "blobs"
        made = self._calls.call("HEAD", f"{kind}/{blob.digest}", f"look for {self._calls.named(blob.digest)}")
        made.expected = (200, 404)
        if kind == "manifests":
            made.headers = {"accept": ACCEPT}
        response = yield from self.session.request(self.host, made)
        yield from response.body.close()
        return response.status == 200

    def size(self, digest: Digest) -> Steps[int]:
        """Bytes of a blob, as the registry says. Raises NotFound, IntegrityError if it does not say."""
        made = self._calls.call("HEAD", f"blobs/{digest}", f"look for {self._calls.named(digest)}")
        response = yield from self.session.request(self.host, made)
        yield from response.body.close()
        size = response.headers.get("content-length", "")
        if not size.isdigit():
            raise IntegrityError(f"{self.host} does not say how large {digest} is", hint="pass a descriptor")
        return int(size)

    def tags(self, after: str = "") -> Steps[Page[str]]:
        """Tags in order; `after`: `next` of the page before, as the registry wrote it."""
        path = after or self._calls.path(f"tags/list?n={PAGE_SIZE}")
        made = self._calls.at("GET", path, f"list the tags of {self.location}")
        found, following = yield from listed(self.session, self.host, made, "tags")
        return Page([tag for tag in found if isinstance(tag, str) and _is_tag(tag)], following)

    def referrers(self, digest: Digest, artifact_type: str = "") -> Steps[tuple[Descriptor, ...]]:
        """Descriptors of the manifests whose subject it is: by the API, or else by the fallback tag."""
        if self.host not in self.session.without_referrers:
            found = yield from self._referrers_by_api(digest, artifact_type)
            if found is not None:
                return _of_type(found, artifact_type)
        return _of_type((yield from ReferrersTag(self, digest).read()), artifact_type)

    # Writing

    def put(self, blob: Descriptor, source: Opener, mount_from: str = "") -> Steps[Outcome]:
        """Stores a blob unless it is there; the registry checks its digest."""
        self._calls.push = True
        if (yield from self.has(blob)):
            return Outcome.EXISTED
        return (yield from Upload(self._calls, blob, source).run(mount_from))

    def put_manifest(self, manifest: Manifest, tag: str = "") -> Steps[None]:
        """Stores a manifest, by its digest or under a tag. Raises IntegrityError, RegistryError.

        Of a referrer the fallback tag is kept too, where the registry has no referrers API.
        """
        self._calls.push = True
        reference = parse_tag(tag) if tag else str(manifest.digest)
        made = self._calls.call(
            "PUT", f"manifests/{reference}", f"push the manifest {self._calls.named(reference)}"
        )
        made.headers = {"content-type": manifest.media_type}
        made.body, made.expected = manifest.raw, (200, 201, 202, 204)
        response = yield from self.session.request(self.host, made)
        yield from response.body.close()
        told = response.headers.get("docker-content-digest", "")
        if told.startswith(f"{manifest.digest.algorithm}:") and told != manifest.digest:
            raise IntegrityError(
                f"{self.location} stored the manifest {manifest.digest} as {told}",
                hint="push it again; if that fails too, the registry or a proxy changes manifests",
            )
        if manifest.subject is not None and "oci-subject" not in response.headers:
            yield from self._remember_referrer(manifest, manifest.subject)

    def untag(self, tag: str) -> Steps[None]:
        """Removes a tag only. Raises Unsupported where the registry cannot do that."""
        made = self._calls.call(
            "DELETE", f"manifests/{parse_tag(tag)}", f"remove the tag {self._calls.named(tag)}", "delete"
        )
        try:
            yield from self._deleted(made)
        except RegistryError as problem:
            if problem.status == 405 or (problem.status == 400 and not isinstance(problem, AuthError)):
                raise Unsupported(
                    f"cannot remove the tag {self._calls.named(tag)}: the registry removes no single tags",
                    hint="delete the manifest by its digest, or with --manifest, and with it all of its tags",
                    status=problem.status,
                    url=problem.url,
                    errors=problem.errors,
                ) from None
            raise

    def delete(self, digest: Digest) -> Steps[None]:
        """Removes a manifest, and with it its tags. Raises NotFound, Unsupported where it is switched off."""
        yield from self._deleted(
            self._calls.call("DELETE", f"manifests/{digest}", f"delete {self._calls.named(digest)}", "delete")
        )

    def _manifest_call(self, method: str, reference: str, verb: str) -> Call:
        if not reference:
            raise InvalidReference(f"the tag or digest of an image in {self.location} is missing")
        made = self._calls.call(
            method, f"manifests/{quote(reference, safe=':')}", f"{verb} {self._calls.named(reference)}"
        )
        made.headers = {"accept": ACCEPT}
        made.missing = "" if ":" in reference else f"list the tags: ocilot tags {self.location}"
        return made

    def _named(self, reference: str) -> str:
        return f"{self.location}{'@' if ':' in reference else ':'}{reference}"

    def _referrers_by_api(self, digest: Digest, artifact_type: str) -> Steps[list[Descriptor] | None]:
        """None if the registry has no such API."""
        query = (
            f"?{urlencode({'artifactType': artifact_type}, quote_via=quote, safe='/')}"
            if artifact_type
            else ""
        )
        path, found = self._calls.path(f"referrers/{digest}{query}"), []
        walk = Walk(f"referrers of {self._calls.named(digest)}")
        while path:
            made = self._calls.at("GET", path, f"list the referrers of {self._calls.named(digest)}")
            made.headers, made.expected = {"accept": OCI_INDEX}, (200, 400, 404, 405, 406, 501)
            response, body = yield from self.session.fetch(self.host, made, LARGEST_LIST)
            kind = response.headers.get("content-type", "").partition(";")[0].strip()
            if response.status != 200 or kind != OCI_INDEX:
                # An unknown repository does not tell whether there is the API.
                if b"NAME_UNKNOWN" not in body:
                    self.session.without_referrers.add(self.host)
                return None
            endpoint = yield from self.session.endpoint(self.host)
            entries, following = _entries(made, response, body, "manifests", endpoint)
            page = Page(entries, following)
            walk.begin(page)
            path = walk.go_on(page)
            found += [Descriptor.from_json(entry) for entry in entries]
        return found

    def _remember_referrer(self, manifest: Manifest, subject: Descriptor) -> Steps[None]:
        if self.host not in self.session.without_referrers:
            found = yield from self._referrers_by_api(subject.digest, "")
            if found is not None:
                return
        yield from ReferrersTag(self, subject.digest).add(manifest)

    def _deleted(self, made: Call) -> Steps[None]:
        made.expected = (200, 202, 204)
        try:
            response = yield from self.session.request(self.host, made)
        except AuthError:
            # Some token servers do not know the action "delete", but all know "*".
            made.scopes = (f"repository:{self.repository}:*",)
            response = yield from self.session.request(self.host, made)
        yield from response.body.close()


def listed(session: Session, host: str, made: Call, name: str) -> Steps[tuple[list[Any], str]]:
    """A page of a list, and the path of the next page: empty at the end."""
    response, body = yield from session.fetch(host, made, LARGEST_LIST)
    return _entries(made, response, body, name, (yield from session.endpoint(host)))


def _entries(
    made: Call, response: Response, body: bytes, name: str, endpoint: Endpoint
) -> tuple[list[Any], str]:
    refuse_html(made.action, response, body)
    try:
        entries = json.loads(body)[name]
        if not isinstance(entries, list | None):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RegistryError(
            f'cannot {made.action}: expected JSON with a list "{name}"',
            status=response.status,
            url=response.url,
        ) from None
    following = _next(response.headers, endpoint, response.url)
    return entries or [], "" if following == made.path else following


def ping(session: Session, host: str) -> Steps[None]:
    """Asks whether there is a registry that accepts the credentials. Raises AuthError, NetworkError."""
    made = Call("GET", "/v2/", f"reach the registry {host}")
    response, body = yield from session.fetch(host, made, LARGEST_BODY)
    refuse_html(made.action, response, body)


def catalog(session: Session, host: str, after: str = "") -> Steps[Page[str]]:
    """Names of repositories, page by page. Raises CatalogUnsupported where a registry does not list them."""
    path = after or f"/v2/_catalog?n={PAGE_SIZE}"
    made = Call("GET", path, f"list the repositories of {host}", ("registry:catalog:*",))
    try:
        found, following = yield from listed(session, host, made, "repositories")
    except (AuthError, NotFound, Unsupported) as problem:
        hint = (
            problem.hint
            if isinstance(problem, AuthError) and problem.status == 401
            else "name the repository"
        )
        told = [str(one.get("message")) for one in problem.errors if one.get("message")]
        raise CatalogUnsupported(
            f"{host} does not list its repositories ({': '.join([str(problem.status), *told[:1]])})",
            hint=hint,
            status=problem.status,
            url=problem.url,
            errors=problem.errors,
        ) from None
    return Page([name for name in found if isinstance(name, str) and name], following)


def raw(
    session: Session,
    host: str,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    scopes: Scopes = (),
) -> Steps[Response]:
    """The answer to any request with the session's credentials, whatever its status."""
    made = Call(method, path, f"{method} {path}", scopes, headers=dict(headers or {}), body=body)
    made.expected, made.retried = range(100, 600), method in ("GET", "HEAD")
    return (yield from session.request(host, made))


def _next(headers: Mapping[str, str], endpoint: Endpoint, asked: str) -> str:
    """The next page of a `Link` header: path and query, as they are."""
    for part in headers.get("link", "").split(","):
        target, _, parameters = part.strip().partition(">")
        if not target.startswith("<") or "next" not in parameters.replace('"', "").replace(" ", ""):
            continue
        url = led_to(endpoint, asked, target[1:])
        if same_place(endpoint, url):
            parts = urlsplit(url)
            return parts.path + (f"?{parts.query}" if parts.query else "")
    return ""


def _described(response: Response, reference: str) -> Descriptor | None:
    """The descriptor that the head of an answer tells; None if it tells too little."""
    digest = response.headers.get("docker-content-digest", "") or (reference if ":" in reference else "")
    size = response.headers.get("content-length", "")
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    if not _is_digest(digest) or not size.isdigit() or not (is_manifest(kind) or is_index(kind)):
        return None
    if ":" in reference and digest != reference:
        raise IntegrityError(f"asked for {reference}, the registry answered for {digest}")
    return Descriptor(kind, Digest(digest), int(size))


def _of_type(found: list[Descriptor], artifact_type: str) -> tuple[Descriptor, ...]:
    return tuple(one for one in found if not artifact_type or one.artifact_type == artifact_type)


def _is_digest(text: str) -> bool:
    try:
        Digest(text)
    except ValueError:
        return False
    return True


def _is_tag(text: str) -> bool:
    try:
        parse_tag(text)
    except ValueError:
        return False
    return True
