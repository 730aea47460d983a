"""The async form: generated, current, and the same as the blocking one but for `await`."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ocilot
from ocilot.client import aio, image, listing, plan, reader, registry, repository
from ocilot.errors import NotFound

from .conftest import Host
from .seed import AMD64, ARM64, push, push_index

PACKAGING = Path(__file__).parents[2] / "python/packaging"
PAIRS = [
    (listing.Listing, aio.AsyncListing),
    (plan.Plan, aio.AsyncPlan),
    (reader.BlobReader, aio.AsyncBlobReader),
    (image.Image, aio.AsyncImage),
    (image.Index, aio.AsyncIndex),
    (repository.Repository, aio.AsyncRepository),
    (registry.RegistryAuth, aio.AsyncRegistryAuth),
    (registry.Registry, aio.AsyncRegistry),
]
SPECIAL = {"__enter__": "__aenter__", "__exit__": "__aexit__", "__iter__": "__aiter__"}


def members(kind: type) -> dict[str, object]:
    return {
        name: found
        for name, found in vars(kind).items()
        if inspect.isfunction(found) or isinstance(found, property)
        # That of a listing fetches, which a notebook does not await.
        if (kind, name) != (listing.Listing, "_repr_html_")
    }


def prose(documented: object) -> str:
    """A docstring without its examples, which are of the blocking form."""
    text = inspect.getdoc(documented) or ""
    return "\n\n".join(
        part.strip() for part in text.split("\n\n") if not part.lstrip().startswith(">>>")
    ).strip()


@pytest.mark.parametrize("generator", ["async_form.py", "verbs_form.py"])
def test_the_async_form_is_current(generator: str) -> None:
    assert subprocess.run([sys.executable, str(PACKAGING / generator), "--check"]).returncode == 0


@pytest.mark.parametrize(("blocking", "for_asyncio"), PAIRS, ids=lambda kind: kind.__name__)
def test_names_signatures_and_docstrings_agree(blocking: type, for_asyncio: type) -> None:
    ours, theirs = members(blocking), members(for_asyncio)
    assert {SPECIAL.get(name, name) for name in ours} == set(theirs)
    assert prose(blocking) == prose(for_asyncio)
    for name, found in ours.items():
        other = theirs[SPECIAL.get(name, name)]
        assert prose(found) == prose(other), name
        if inspect.isfunction(found) and inspect.isfunction(other):
            expected = str(inspect.signature(found))
            for one in (*(one.__name__ for one, _ in PAIRS), "ImagePath"):
                expected = re.sub(rf"\b{one}\b", f"Async{one}", expected)
            signature = str(inspect.signature(other)).replace("AsyncIterator", "Iterator")
            assert signature == expected, name


def test_properties_do_no_io() -> None:
    for _, kind in PAIRS:
        for name, found in members(kind).items():
            if isinstance(found, property):
                assert not inspect.iscoroutinefunction(found.fget), name


def test_what_connect_and_copy_take_is_the_same_for_asyncio() -> None:
    for blocking, for_asyncio in (
        (ocilot.connect, ocilot.aconnect),
        (ocilot.open, ocilot.aopen),
        (ocilot.copy, ocilot.acopy),
    ):
        assert list(inspect.signature(blocking).parameters.values()) == list(
            inspect.signature(for_asyncio).parameters.values()
        )


def test_a_registry_is_used_with_await(host: Host, name: str) -> None:
    async def use() -> None:
        async with host.aconnect() as registry:
            app = registry.repository(name)
            assert [tag.name async for tag in app.tags()] == ["v1"]
            found = await app.get("v1", platform="linux/arm64")
            assert found.digest == ARM64.digest
            assert (await found.verify()).blobs == 2
            async with app.open_blob(found.layers[0].descriptor) as blob:
                assert await blob.read() == ARM64.layers[0].data
            first, second = await asyncio.gather(app.get("v1"), app.index("v1"))
            assert first.index == second.manifest
            assert [one.name async for one in registry.repositories(prefix=name)] == [name]
            copied = await ocilot.acopy(found, app["copy"])
            assert copied.digest == ARM64.digest
            plan = await app.delete("copy")
            await plan.apply()
            with pytest.raises(NotFound):
                await app.get("copy")

    with host.connect() as registry:
        push_index(registry.repository(name), "v1")
    asyncio.run(use())


def test_a_cancelled_copy_leaves_no_task_behind(open_host: Host, name: str) -> None:
    async def use() -> None:
        async with open_host.aconnect() as registry:
            image = await registry.repository(name).get("v1")
            started = asyncio.Event()
            task = asyncio.ensure_future(
                ocilot.acopy(image, registry / f"{name}-copy:v1", progress=lambda _: started.set())
            )
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert asyncio.all_tasks() == {asyncio.current_task()}

    with open_host.connect() as registry:
        push(registry.repository(name), AMD64, "v1")
    asyncio.run(use())
