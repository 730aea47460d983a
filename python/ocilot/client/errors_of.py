"""Answers of a registry as errors: the status decides, the body is a detail, and no secret is repeated."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ocilot.errors import AuthError, Conflict, NotFound, RateLimited, RegistryError, Unsupported
from ocilot.references import HUB

from .retries import quota, retry_after, shown_time
from .steps import Response

LARGEST_BODY: Final = 64 * 1024
"""Bytes that are read of the body of an error."""
WITHOUT_ACCOUNTS: Final = "this registry has no accounts"
"""What an ocilot registry says that is administered on its own machine only."""
_SHORT: Final = 80
_TAGS: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SPACE: Final = re.compile(r"\s+")
_KINDS: Final[Mapping[int, type[RegistryError]]] = {
    401: AuthError,
    403: AuthError,
    404: NotFound,
    405: Unsupported,
    409: Conflict,
    412: Conflict,
    423: Conflict,
    429: RateLimited,
}
_NAMES: Final[Mapping[int, str]] = {
    401: "unauthorized",
    403: "denied",
    404: "not found",
    405: "not supported",
    409: "conflict",
    413: "too large",
    429: "too many requests",
    500: "internal error of the registry",
    502: "bad gateway",
    503: "unavailable",
    504: "gateway timed out",
    507: "no space left on the registry",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is an error, and what is known of the request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    host: str
    """Registry as it was named."""
    action: str
    """What was asked for, such as `fetch the manifest of r.example/app:v1`."""
    origin: str = ""
    """Where the credentials came from that were sent; empty: none were."""
    problems: Sequence[str] = ()
    """What went wrong when credentials were looked for."""
    secrets: Sequence[str] = ()
    """What may not be repeated."""
    login: bool = False
    """Whether it is an answer of a token server."""
    missing: str = ""
    """What to do if what was asked for is not there."""


def error_of(failure: Failure) -> RegistryError:
    """The error of an answer: one sentence, and what to do."""
    if failure.status < 400 and is_html(failure.body):
        return _html_error(failure.action, failure.status, failure.url, failure.body)
    errors = errors_in(failure.body)
    kind = _kind(failure.status, errors)
    if failure.login and 400 <= failure.status < 500 and kind is not RateLimited:
        kind = AuthError
    detail = _redacted(_detail(failure, errors), failure.secrets)
    name = _NAMES.get(failure.status, "refused")
    told = f"{name} ({failure.status})" + (f": {detail}" if detail else "")
    message = f"cannot {failure.action}: {told}"
    known: dict[str, Any] = {
        "status": failure.status,
        "url": failure.url.partition("?")[0],
        "errors": [_redacted_error(one, failure.secrets) for one in errors],
        "hint": _hint(failure, errors, kind),
    }
    if kind is RateLimited:
        return RateLimited(message, retry_after=retry_after(failure.headers), **known)
    return kind(message, **known)


def refuse_html(action: str, response: Response, body: bytes) -> None:
    """Raises RegistryError for a web page, such as the login page of a network, in the place of an answer."""
    if is_html(body):
        raise _html_error(action, response.status, response.url, body)


def is_html(body: bytes) -> bool:
    """Whether it is a web page: no answer of a registry begins like that.

    >>> is_html(b"\\n<!DOCTYPE html><title>Log in</title>"), is_html(b"{}")
    (True, False)
    """
    return body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))


def _html_error(action: str, status: int, url: str, body: bytes) -> RegistryError:
    said = plain_text(body)
    return RegistryError(
        f"cannot {action}: the answer is an HTML page, expected JSON of a registry"
        + (f" ({said})" if said else ""),
        hint="check the address and the proxy, and whether this network asks for a login in a browser",
        status=status,
        url=url.partition("?")[0],
    )


def errors_in(body: bytes) -> list[dict[str, Any]]:
    """`errors` of a body as the specification has them; empty for anything else."""
    try:
        found = json.loads(body[:LARGEST_BODY])
    except (ValueError, RecursionError):
        return []
    listed = found.get("errors") if isinstance(found, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def codes_in(body: bytes) -> frozenset[str]:
    """The codes of a body, such as `NAME_UNKNOWN`."""
    return frozenset(str(one.get("code")) for one in errors_in(body))


def plain_text(body: bytes, longest: int = _SHORT) -> str:
    """The text of a page or of anything else, for a message.

    >>> plain_text(b"<html><style>p {}</style><p>Bad <b>gateway</b></p></html>")
    'Bad gateway'
    """
    text = _SPACE.sub(" ", _TAGS.sub(" ", body[:LARGEST_BODY].decode("utf-8", "replace"))).strip()
    text = "".join(c for c in text if c.isprintable())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _kind(status: int, errors: Sequence[Mapping[str, Any]]) -> type[RegistryError]:
    if status in _KINDS:
        return _KINDS[status]
    codes = {one.get("code") for one in errors}
    if status == 400 and "UNSUPPORTED" in codes:
        return Unsupported
    if status == 400 and "DENIED" in codes:
        return AuthError
    return RegistryError


def _detail(failure: Failure, errors: Sequence[Mapping[str, Any]]) -> str:
    if failure.status == 429:
        left = quota(failure.headers)
        wait = retry_after(failure.headers)
        later = f"retry in {shown_time(wait)}" if wait is not None else ""
        return ", ".join(part for part in (later, left) if part) or plain_text(failure.body)
    if not errors:
        try:
            found = json.loads(failure.body)
        except (ValueError, RecursionError):
            return plain_text(failure.body)
        told = (
            found.get("message") or found.get("details") or found.get("error")
            if isinstance(found, dict)
            else ""
        )
        return plain_text(str(told or "").encode())
    parts = []
    for one in errors[:3]:
        code, message = str(one.get("code") or ""), str(one.get("message") or "")
        parts.append(plain_text(f"{code}: {message}".strip(": ").encode(), 200))
    more = f" (and {len(errors) - 3} more)" if len(errors) > 3 else ""
    return "; ".join(parts) + more


def _hint(failure: Failure, errors: Sequence[Mapping[str, Any]], kind: type[RegistryError]) -> str:
    codes = {one.get("code") for one in errors}
    if kind is AuthError:
        broken = f"; {failure.problems[0]}" if failure.problems else ""
        if any(str(one.get("message")).startswith(WITHOUT_ACCOUNTS) for one in errors):
            return "ask it on its own machine, with a command such as `ocilot repo tags`, or enable accounts"
        if not failure.origin:
            return f"log in: ocilot login {failure.host}{broken}"
        if failure.status == 401:
            return f"credentials of {failure.origin} were refused; log in again: ocilot login {failure.host}"
        return f"credentials of {failure.origin} do not allow it"
    if kind is NotFound and "NAME_UNKNOWN" in codes and "upload" in failure.action:
        return "create the repository or its project first, if the registry does not create them by itself"
    if kind is NotFound and "NAME_UNKNOWN" in codes and failure.host != HUB:
        return f"list the repositories: ocilot ls {failure.host}"
    if kind is NotFound:
        return failure.missing
    if kind is RateLimited and not failure.origin:
        return f"log in for a higher limit: ocilot login {failure.host}"
    return ""


def _redacted(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, "***")
    return text


def _redacted_error(error: Mapping[str, Any], secrets: Sequence[str]) -> dict[str, Any]:
    if not any(secret in json.dumps(error, ensure_ascii=False) for secret in secrets if len(secret) > 3):
        return dict(error)
    return {"code": error.get("code"), "message": _redacted(str(error.get("message")), secrets)}
