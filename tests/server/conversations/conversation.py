"""Conversations with a registry, written down as transcripts:

    > PATCH {upload}
    > Transfer-Encoding: chunked
    > [layer]
    < 202
    < Location: (upload)
    < Range: 0-{layer.last}
    > PUT {upload:{layer.digest}}
    > Content-Length: 0
    < 201
    < Docker-Content-Digest: {layer.digest}

`>` is what the client says, `<` what it has to hear before it goes on; `{word}` is something both know.
`< 200 | 201` is one of several statuses, `< Name: (word)` a header to remember, `< Name: -` one that must not
be there, `< ! CODE` the code of an error, and `[word]` a whole body. Any other header may be there or not.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

from ..api import Answer, Raw
from ..images import Content
from ..registry import Registry
from ..test_bad_http import client_hello

PIECE = 10_000
"""Bytes of one chunk of a chunked body."""


@dataclass(frozen=True)
class Habits:
    """What a client does in every request."""

    agent: str
    keeps_connection: bool = True
    compression: str = "gzip"
    """What it accepts besides plain bytes, where it says so."""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Blob(Content):
    """A content as transcripts speak of it."""

    @property
    def last(self) -> int:
        """The number of its last byte."""
        return len(self.data) - 1

    @classmethod
    def of(cls, content: Content) -> Blob:
        return cls(content.media_type, content.data)


class Place(str):
    """A `Location`. `{place}` is where a client goes then, `{place:DIGEST}` where it closes the upload.

    Go's clients take the URL apart, add the digest to what was in its query, and write the query anew: sorted
    and escaped.
    """

    def __format__(self, digest: str) -> str:
        parts = urlsplit(self)
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        if digest:
            query.append(("digest", digest))
        encoded = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in sorted(query))
        return parts.path + (f"?{encoded}" if encoded else "")


@dataclass(frozen=True)
class Step:
    """One request, and the answer its client goes on with."""

    said: tuple[str, ...]
    needed: tuple[str, ...]


def steps_of(transcript: str) -> Iterator[Step]:
    said: list[str] = []
    needed: list[str] = []
    lines = [line.strip() for line in transcript.splitlines()]
    for line in filter(None, lines):
        mark, text = line[0], line[2:]
        assert mark in ("<", ">"), f"neither said nor heard: {line}"
        if mark == ">" and needed:
            yield Step(tuple(said), tuple(needed))
            said, needed = [], []
        (said if mark == ">" else needed).append(text)
    assert said, "nothing is said"
    assert needed, f"nothing is to be heard after {said}"
    yield Step(tuple(said), tuple(needed))


class Talk:
    """One client that talks to a registry."""

    def __init__(self, registry: Registry, habits: Habits, **words: Any) -> None:
        self._registry = registry
        self._habits = habits
        self.words: dict[str, Any] = {"host": registry.local}
        self.know(**words)
        self._raw: Raw | None = None

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._raw:
            self._raw.socket.close()
            self._raw = None

    def know(self, **words: Any) -> None:
        """Adds words that transcripts may use."""
        for key, value in words.items():
            self.words[key] = Blob.of(value) if isinstance(value, Content) else value

    def at_once(self, transcript: str, blobs: Sequence[Content]) -> None:
        """The same transcript for each `blob`, all at the same time on connections of their own."""

        def alone(blob: Content) -> None:
            with Talk(self._registry, self._habits, **self.words) as another:
                another(transcript, blob=blob)

        with ThreadPoolExecutor(len(blobs)) as connections:
            list(connections.map(alone, blobs))

    def __call__(self, transcript: str, **words: Any) -> Answer:
        """Goes through a transcript and answers the last thing that was heard."""
        self.know(**words)
        for step in steps_of(transcript):
            answer = self._step(step)
        return answer

    def tries_tls(self) -> None:
        """Says hello as to an HTTPS port; what comes back has to begin as Go's clients look for it."""
        with Raw(self._registry.port) as raw:
            raw.send(client_hello())
            assert raw.rest().startswith(b"HTTP/1.1 400 ")

    def opens(self, request: str) -> Raw:
        """Says something on a connection of its own, to listen by hand."""
        raw = Raw(self._registry.port)
        raw.send(self._request(tuple(textwrap.dedent(request).strip().splitlines())))
        return raw

    def _step(self, step: Step) -> Answer:
        method = step.said[0].split(" ", 1)[0]
        raw = self._raw or Raw(self._registry.port)
        self._raw = raw
        raw.send(self._request(step.said))
        answer = raw.answer(method)
        try:
            self._check_form(method, answer)
            for needed in step.needed:
                self._check(needed, answer)
        except AssertionError as error:
            raise AssertionError(
                f"{error}\nafter > {self._fill(step.said[0])}\nthere came < {answer}"
            ) from error
        if answer.headers.get("Connection") == "close":
            assert raw.is_closed()
            self.close()
        return answer

    def _fill(self, text: str) -> str:
        return text.format(**self.words)

    def _request(self, said: tuple[str, ...]) -> bytes:
        """The bytes of a request, its headers in the order of Go's clients."""
        habits = self._habits
        first, *lines = (self._fill(line) for line in said)
        body = b""
        if lines and lines[-1].startswith("["):
            body = self.words[lines.pop().strip("[]")].data
        if "Transfer-Encoding: chunked" in lines:
            pieces = [body[at : at + PIECE] for at in range(0, len(body), PIECE)] + [b""]
            body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        head = [f"{first} HTTP/1.1", f"Host: {self.words['host']}", f"User-Agent: {habits.agent}"]
        head += [*lines, *habits.lines]
        is_ranged = any(line.startswith("Range:") for line in lines)
        if habits.compression and not first.startswith("HEAD ") and not is_ranged:
            head.append(f"Accept-Encoding: {habits.compression}")
        if not habits.keeps_connection:
            head.append("Connection: close")
        return "\r\n".join([*head, "", ""]).encode() + body

    def _check_form(self, method: str, answer: Answer) -> None:
        """What no client forgives, whatever it asked."""
        headers = answer.headers
        assert headers.get_all("Docker-Distribution-Api-Version") == ["registry/2.0"]
        for unwanted in ("Content-Encoding", "Transfer-Encoding", "Set-Cookie"):
            assert unwanted not in headers
        if answer.status in (204, 304) or method == "HEAD":
            assert answer.body == b""
        if answer.status not in (204, 304):
            assert answer["Content-Length"].isdigit()
        if answer.status >= 400 and method != "HEAD":
            assert answer.codes
        # Only a refusal may end what a client keeps: its body was not worth reading.
        if not self._habits.keeps_connection:
            assert headers.get_all("Connection") == ["close"]
        elif answer.status < 400 or method in ("GET", "HEAD"):
            assert "Connection" not in headers

    def _check(self, needed: str, answer: Answer) -> None:
        if needed[0].isdigit():
            assert str(answer.status) in needed.split(" | "), f"not {needed}"
        elif needed.startswith("!"):
            assert answer.codes == needed.split()[1:], f"not {needed}"
        elif needed.startswith("["):
            assert answer.body == self.words[needed.strip("[]")].data, f"not the body of {needed}"
        else:
            name, value = needed.split(": ", 1)
            self._check_header(name, value, answer)

    def _check_header(self, name: str, value: str, answer: Answer) -> None:
        if value == "-":
            assert name not in answer.headers, f"{name} is there"
        elif value.startswith("("):
            self.words[value.strip("()")] = self._place(answer[name]) if name == "Location" else answer[name]
        else:
            assert answer[name] == self._fill(value), f"{name} is not {self._fill(value)}"

    def _place(self, location: str) -> Place:
        """A `Location` as clients need it: one that leads back to where they were."""
        if not location.startswith("/"):
            assert location.startswith(f"{self._registry.scheme}://{self.words['host']}/"), location
        return Place(location)
