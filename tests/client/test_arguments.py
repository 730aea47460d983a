"""Arguments of another type or value than expected: one error says what was given, and what expected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import ocilot
from ocilot.errors import InvalidArgument, InvalidReference

from .conftest import Host
from .rootfs import rootfs
from .seed import AMD64, push


@dataclass(frozen=True)
class Here:
    """What the calls are made with."""

    registry: ocilot.Registry
    app: ocilot.Repository
    folder: Path

    @property
    def image(self) -> str:
        return f"{self.app.location}:v1"

    @property
    def made(self) -> str:
        return f"{self.app.location}:made"


@pytest.fixture
def here(open_host: Host, name: str, tmp_path: Path) -> Any:
    with open_host.connect() as registry:
        app = registry.repository(name)
        push(app, AMD64, "v1")
        rootfs(tmp_path / "rootfs")
        yield Here(registry, app, tmp_path)
        # Nothing was done.
        assert [tag.name for tag in app.tags()] == ["v1"]
        assert {one.name for one in tmp_path.iterdir()} == {"rootfs"}


VALUES: dict[str, tuple[Callable[[], object], str]] = {
    "no attempt": (lambda: ocilot.Retry(attempts=0), "attempts 0 of Retry: expected a positive number"),
    "attempts as text": (lambda: ocilot.Retry(attempts=_any("3")), "attempts of Retry of type str"),
    "attempts as flag": (lambda: ocilot.Retry(attempts=True), "attempts of Retry of type bool"),
    "negative time": (lambda: ocilot.Retry(first=-1), "first -1 of Retry: expected a number of seconds"),
    "no number": (lambda: ocilot.Retry(longest=float("nan")), "longest nan of Retry"),
    "half a connection": (
        lambda: ocilot.Limits(connections=_any(1.5)),
        "connections of Limits of type float",
    ),
    "no manifest": (lambda: ocilot.Limits(manifest=0), "manifest 0 of Limits: expected a positive number"),
    "certificate by number": (lambda: ocilot.TLS(ca=_any(5)), "ca of TLS of type int.* path of a PEM file"),
    "verify as text": (lambda: ocilot.TLS(verify=_any("no")), "verify of TLS of type str.* True or False"),
    "key alone": (lambda: ocilot.TLS(key="key.pem"), "key of TLS: expected cert too"),
    "empty token": (lambda: ocilot.Token(""), "value of Token: expected a text without spaces"),
    "token with a line end": (lambda: ocilot.Token("a\nb"), "value of Token"),
    "token by number": (lambda: ocilot.Token(_any(5)), "value of Token of type int"),
    "digest of bytes": (lambda: ocilot.Digest(_any(b"x")), "digest of type bytes: expected a text such as"),
    "platform by number": (lambda: ocilot.Platform.parse(_any(5)), "platform of type int"),
    "reference of bytes": (lambda: ocilot.Reference.parse(_any(b"x")), "reference of type bytes"),
    "location by number": (lambda: ocilot.Location.parse(_any(5)), "location of type int"),
    "host by number": (lambda: ocilot.connect(_any(5)), "registry of type int: expected a text such as"),
    "host of bytes": (lambda: ocilot.connect(_any(b"x")), "registry of type bytes"),
    "no host": (lambda: ocilot.connect(""), 'invalid registry ""'),
    "auth by number": (
        lambda: ocilot.connect("r.invalid", auth=_any(5)),
        "auth: got int, expected .user, pass",
    ),
    "auth of one": (
        lambda: ocilot.connect("r.invalid", auth=_any(("bob",))),
        r"auth: got a tuple of \(str\)",
    ),
    "auth for asyncio": (lambda: ocilot.aconnect("r.invalid", auth=_any(5)), "auth: got int"),
    "tls as flag": (lambda: ocilot.connect("r.invalid", tls=_any(True)), "tls of type bool: expected a TLS"),
    "retry by number": (
        lambda: ocilot.connect("r.invalid", retry=_any(3)),
        "retry of type int: expected a Re",
    ),
    "limits by number": (
        lambda: ocilot.connect("r.invalid", limits=_any(4)),
        "limits of type int: expected Li",
    ),
    "no function": (lambda: ocilot.connect("r.invalid", on_event=_any(5)), "on_event of type int"),
    "file by number": (lambda: ocilot.connect("r.invalid", auth_file=_any(5)), "auth_file of type int"),
    "no transport": (lambda: ocilot.connect("r.invalid", transport=5), "transport of type int"),
    "open": (lambda: ocilot.open("r.invalid/app", auth=_any(5)), "auth: got int"),
    "open with limits": (lambda: ocilot.open("r.invalid/app", limits=_any(5)), "limits of type int"),
    "manifest of a text": (lambda: ocilot.Manifest(_any("{}")), "manifest of type str: expected bytes"),
    "config of a number": (lambda: ocilot.Config(_any(5)), "config of type int: expected bytes"),
    "directory of a server": (lambda: ocilot.Server(root=_any(5)), "data directory of type int"),
    "option of a server": (lambda: ocilot.Server(deletes=_any("no")), "deletes of Server of type str.* bool"),
    "directory to check": (lambda: ocilot.fsck(_any(5)), "data directory of type int: expected a path"),
    "backup": (lambda: ocilot.verify_backup(_any(5)), "backup of type int"),
    "difference of texts": (
        lambda: ocilot.diff(_any("a"), _any("b")),
        "image of type str: expected an image",
    ),
}


def _any(value: object) -> Any:
    """A value that type checkers would refuse."""
    return value


@pytest.mark.parametrize("case", list(VALUES))
def test_a_value_is_refused(case: str) -> None:
    call, said = VALUES[case]
    with pytest.raises(InvalidArgument, match=said):
        call()


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(InvalidReference) as caught:
        ocilot.connect("r.invalid", auth=_any("bob:secret"))
    assert "secret" not in str(caught.value)


Call = Callable[[Here], object]

CALLS: dict[str, tuple[Call, str]] = {
    "no platforms": (lambda at: _copy(at, platforms=[]), "platforms: the list is empty.*None"),
    "platforms by number": (lambda at: _copy(at, platforms=5), "platforms of type int: expected .all., a pl"),
    "platform by number": (lambda at: _copy(at, platforms=[5]), "platform of type int"),
    "referrers as text": (lambda at: _copy(at, referrers="yes"), 'referrers "yes": expected False, True or'),
    "referrers by number": (lambda at: _copy(at, referrers=1), 'referrers "int"'),
    "progress as text": (lambda at: _copy(at, progress="bar"), "progress of type str: expected True, False"),
    "limits": (lambda at: _copy(at, limits=5), "limits of type int"),
    "retry": (lambda at: _copy(at, retry=5), "retry of type int"),
    "auth of the source": (lambda at: _copy(at, source_auth=5), "auth: got int"),
    "tls": (lambda at: _copy(at, tls="ca.pem"), "tls of type str"),
    "copy for asyncio": (
        lambda at: asyncio.run(ocilot.acopy(at.image, at.made, platforms=[])),
        "platforms: the list is empty",
    ),
    "labels by number": (lambda at: _mutate(at, labels=5), "labels of type int"),
    "value of a label": (lambda at: _mutate(at, labels={"a": 5}), "entry in labels of type int"),
    "annotations": (lambda at: _mutate(at, annotations={"a": 5}), "entry in annotations of type int"),
    "command as text": (lambda at: _mutate(at, cmd="sh -c x"), 'cmd "sh -c x": expected a list of words'),
    "command by number": (lambda at: _mutate(at, cmd=5), "cmd of type int"),
    "word by number": (lambda at: _mutate(at, cmd=[5]), "entry in cmd of type int"),
    "volume as text": (lambda at: _mutate(at, volumes="/a"), "volumes of type str: expected a list"),
    "port by number": (lambda at: _mutate(at, ports=80), "ports of type int"),
    "user by number": (lambda at: _mutate(at, user=5), "user of type int"),
    "docker as text": (lambda at: _mutate(at, docker="yes"), "docker of type str: expected True or False"),
    "platform to change": (lambda at: _mutate(at, platform=5), "platform of type int"),
    "time": (lambda at: _import(at, created=1.5), "created of type float: expected RFC 3339"),
    "owner": (lambda at: _import(at, owner=5), "owner of type int"),
    "compression": (lambda at: _import(at, compression=5), "compression of type int"),
    "source by number": (lambda at: ocilot.import_rootfs(_any(5), at.made), "source of type int"),
    "one layer as text": (
        lambda at: ocilot.append(at.image, str(at.folder / "rootfs"), at.made),
        "layers of type str: expected a list of paths",
    ),
    "one layer as path": (
        lambda at: ocilot.append(at.image, _any(at.folder / "rootfs"), at.made),
        "layers of type PosixPath",
    ),
    "one image as text": (
        lambda at: ocilot.make_index(at.image, at.made),
        "sources of type str: expected a list of images",
    ),
    "bundle of one text": (
        lambda at: ocilot.save_bundle(at.image, at.folder / "b.tar"),
        "references of type str: expected a list of images",
    ),
    "bundle file": (lambda at: ocilot.save_bundle([at.image], _any(5)), "file of type int"),
    "bundle platforms": (lambda at: _save(at, platforms=[]), "platforms: the list is empty"),
    "bundle referrers": (lambda at: _save(at, referrers="required"), "referrers of type str"),
    "bundle auth": (lambda at: _save(at, auth=5), "auth: got int"),
    "bundle to load": (
        lambda at: ocilot.load_bundle("b.tar", at.registry.host, only=at.image),
        "only of type str: expected a list of names",
    ),
    "bundle to look at": (lambda at: ocilot.describe_bundle(_any(5)), "file of type int"),
    "repository": (lambda at: at.registry.repository(_any(5)), "repository of type int"),
    "prefix": (lambda at: at.registry.repositories(_any(5)), "prefix of type int"),
    "reference": (lambda at: at.registry / _any(5), "reference of type int"),
    "method": (lambda at: at.registry.request(_any(5), "/v2/"), "method of type int"),
    "body": (
        lambda at: at.registry.request("PUT", "/v2/", body=_any("a")),
        "body of type str: expected byte",
    ),
    "tag to get": (lambda at: at.app.get(_any(5)), "reference of type int: expected a tag or digest"),
    "no tag to get": (lambda at: at.app.get(""), "the tag or digest of an image in .* is missing"),
    "no tag to ask for": (lambda at: at.app.exists(""), "the tag or digest of an image in .* is missing"),
    "platform to get": (lambda at: at.app.get("v1", _any(5)), "platform of type int"),
    "what to tag": (lambda at: at.app.tag(_any(5), "a"), "reference of type int"),
    "tag to set": (lambda at: at.app.tag("v1", _any(5)), "tag of type int"),
    "strategy": (lambda at: at.app.untag("v1", strategy=_any("x")), "strategy \"x\": expected 'delete' or"),
    "what to delete": (lambda at: at.app.delete(_any(5)), "reference of type int"),
    "blob": (lambda at: at.app.blob(_any(5)), "digest of type int"),
    "blob to open": (lambda at: at.app.open_blob(_any("sha256:")), "blob of type str: expected a Descriptor"),
    "pattern": (lambda at: at.app.tags(match=_any(5)), "pattern of type int"),
    "file to push": (lambda at: at.app.push(_any(5)), "file of type int: expected a path, or a pair"),
    "pair to push": (lambda at: at.app.push(_any(("a",))), "file of type tuple"),
    "annotations to push": (lambda at: at.app.push(annotations=_any(5)), "annotations of type int"),
    "subject": (lambda at: at.app.push(subject=_any(5)), "subject of type int"),
    "tag to push": (lambda at: at.app.push(tag=_any(5)), "tag of type int"),
    "chart": (lambda at: at.app.push_chart(_any(5)), "file of type int"),
    "directory": (lambda at: at.app.pull("v1", _any(5)), "directory of type int"),
    "tag by subscript": (lambda at: at.app[_any(5)], "reference of type int"),
    "path in an image": (lambda at: at.app.get("v1").read(_any(5)), "path of type int"),
}


def _copy(at: Here, **options: Any) -> object:
    return ocilot.copy(at.image, at.made, **options)


def _mutate(at: Here, **options: Any) -> object:
    return ocilot.mutate(at.image, at.made, **options)


def _import(at: Here, **options: Any) -> object:
    return ocilot.import_rootfs(at.folder / "rootfs", at.made, **options)


def _save(at: Here, **options: Any) -> object:
    return ocilot.save_bundle([at.image], at.folder / "b.tar", **options)


@pytest.mark.parametrize("case", list(CALLS))
def test_a_call_is_refused_before_it_does_anything(here: Here, case: str) -> None:
    call, said = CALLS[case]
    with pytest.raises(InvalidArgument, match=said):
        call(here)


def test_what_a_function_answers_is_checked_too(guarded_host: Host) -> None:
    with (
        guarded_host.connect(auth=lambda _: 5) as registry,
        pytest.raises(InvalidReference, match="auth: got int"),
    ):
        registry.whoami()
