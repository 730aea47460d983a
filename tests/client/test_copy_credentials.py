"""A9: both ends of a copy are on one host, and each has credentials of its own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocilot
from ocilot.client.store import Outcome
from ocilot.errors import AuthError
from ocilot.testing import RegistryForTests

from .homes import entry

NUMBERS = itertools.count()
READER, WRITER = ("reader", "reader-password"), ("writer", "writer-password")


@pytest.fixture(scope="module")
def host() -> Iterator[RegistryForTests]:
    """Neither user can make the copy alone: one sees only the origin, the other only the mirror."""
    access = [
        (["origin/**"], [("user:reader", ["pull"])]),
        (["mirror/**"], [("user:writer", ["pull", "push"])]),
    ]
    with RegistryForTests(accounts=True, access=access) as made:
        for user in (READER, WRITER):
            made.add_user(*user)
        made.seed("origin/app:v1", files={"a": b"content of the origin"})
        yield made


@pytest.fixture
def ends(host: RegistryForTests) -> tuple[str, str]:
    """A destination of this test's own: nothing is there already."""
    host.reset()
    return f"{host.host}/origin/app:v1", f"{host.host}/mirror/app-{next(NUMBERS)}:v1"


def check(host: RegistryForTests, result: ocilot.CopyResult) -> None:
    """Sent, not mounted: the writer may not read the origin. No end was asked without success."""
    assert {blob.outcome for blob in result.blobs} == {Outcome.COPIED}
    with ocilot.connect(host.host, auth=WRITER) as registry:
        name = result.destination.partition("/")[2]
        assert registry.repository(name).get("v1").verify().blobs == len(result.blobs)


def file_of(path: Path, **entries: tuple[str, str]) -> str:
    path.write_text(json.dumps({"auths": {key: entry(*user) for key, user in entries.items()}}))
    return str(path)


def test_each_end_has_its_own_argument(host: RegistryForTests, ends: tuple[str, str]) -> None:
    check(host, ocilot.copy(*ends, source_auth=READER, auth=WRITER))


@pytest.mark.anyio
async def test_each_end_has_its_own_argument_with_await(
    host: RegistryForTests, ends: tuple[str, str]
) -> None:
    check(host, await ocilot.acopy(*ends, source_auth=READER, auth=WRITER))


def test_each_end_is_reached_as_its_registry_is(
    host: RegistryForTests, ends: tuple[str, str], tmp_path: Path
) -> None:
    """Two clients of one host, each with a file of credentials of its own."""
    files = [file_of(tmp_path / f"{user[0]}.json", **{host.host: user}) for user in (READER, WRITER)]
    with (
        ocilot.connect(host.host, auth_file=files[0]) as reads,
        ocilot.connect(host.host, auth_file=files[1]) as writes,
    ):
        source, destination = (end.removeprefix(f"{host.host}/") for end in ends)
        check(host, ocilot.copy(reads / source, writes / destination))
        # A resolved image is read as it was resolved.
        image = reads.repository("origin/app").get("v1")
        check(host, ocilot.copy(image, writes / destination.replace(":", "-image:")))


def test_one_file_has_credentials_by_namespace(
    host: RegistryForTests, ends: tuple[str, str], tmp_path: Path
) -> None:
    file = file_of(tmp_path / "auth.json", **{f"{host.host}/origin": READER, f"{host.host}/mirror": WRITER})
    check(host, ocilot.copy(*ends, auth_file=file))


@pytest.mark.parametrize(("source", "destination"), [(READER, READER), (WRITER, WRITER), (WRITER, READER)])
def test_neither_end_helps_itself_to_the_credentials_of_the_other(
    ends: tuple[str, str], source: tuple[str, str], destination: tuple[str, str]
) -> None:
    with pytest.raises(AuthError):
        ocilot.copy(*ends, source_auth=source, auth=destination)
