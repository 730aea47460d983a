"""What an image is made of: a path, standard input, or a URL, whose bytes wait in a file under TMPDIR."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from ocilot.archives.files import PIECE, LocalFile, explained
from ocilot.client.steps import Drop, Request, Response, Steps, call, send
from ocilot.client.transport import Transport
from ocilot.counting import counted
from ocilot.errors import NetworkError, NotFound, RegistryError

from .layer_file import LayerFile, LayerOptions, make_layer

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_REDIRECT_LIMIT: Final = 10


def layer_of(source: str | Path, options: LayerOptions, transport: Any = None) -> Steps[LayerFile]:
    """The layer of a path, `-` for standard input, or an http(s) URL. `transport`: carries out requests."""
    text = str(source)
    try:
        if isinstance(source, str) and source.startswith(("http://", "https://")):
            file = yield from fetched(source, transport)
            try:
                return (yield from call(make_layer, file, shown(source), options))
            finally:
                file.close()
        path = None if text == "-" else Path(text).expanduser()
        return (yield from call(make_layer, path, "standard input" if path is None else text, options))
    except BaseException:
        # A thread that still works on it ends.
        options.stopped.set()
        raise


def fetched(url: str, transport: Any) -> Steps[LocalFile]:
    """The bytes of a URL in a file without a name. Raises NotFound, RegistryError, NetworkError."""
    if transport is None:
        own = Transport()
        try:
            return (yield from fetched(url, own))
        finally:
            yield Drop(own)
    response = yield from _answer(url, transport)
    expected = response.headers.get("content-length", "")
    with explained("write", tempfile.gettempdir()):
        file = LocalFile(tempfile.TemporaryFile(prefix="ocilot-"), tempfile.gettempdir())  # noqa: SIM115
    try:
        size = 0
        while data := (yield from response.body.read(PIECE)):
            yield from call(file.write_at, size, data)
            size += len(data)
        yield from response.body.close()
        if expected.isdigit() and int(expected) != size:
            raise NetworkError(
                f"{shown(url)} ended after {size} of {counted(int(expected), 'byte')}", hint="try again"
            )
    except BaseException:
        file.close()
        raise
    return file


def _answer(url: str, transport: Any) -> Steps[Response]:
    here = url
    for _ in range(_REDIRECT_LIMIT):
        # Bytes as they are: a server must not compress what is compressed.
        headers = {"accept": "*/*", "accept-encoding": "identity"}
        response = yield from send(Request("GET", here, headers), transport)
        if response.status == 200:
            return response
        yield from response.body.close()
        target = response.headers.get("location", "")
        if response.status not in _REDIRECTS or not target:
            raise _refused(here, response.status)
        there = urljoin(here, target)
        if urlsplit(there).scheme not in ("http", "https") or (
            urlsplit(here).scheme == "https" and urlsplit(there).scheme != "https"
        ):
            raise NetworkError(
                f"{shown(here)} redirects to {shown(there)}, which is not https: expected an https URL"
            )
        here = there
    raise NetworkError(f"{shown(url)} redirects more than {_REDIRECT_LIMIT} times")


def _refused(url: str, status: int) -> RegistryError:
    kind = NotFound if status in (404, 410) else RegistryError
    return kind(f"cannot fetch {shown(url)}: the server answered {status}", status=status, url=shown(url))


def shown(url: str) -> str:
    """A URL without credentials and query, for messages."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
