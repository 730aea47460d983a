"""Files of images on every kind of registry."""

from __future__ import annotations

import asyncio
from importlib.resources.abc import Traversable

import pytest
from tests.server.images import noise

import ocilot
from ocilot.errors import IntegrityError, NotFound

from .conftest import Host
from .seed import AMD64, push

FIRST = noise(4096, "client/0")


def test_files_are_read_without_unpacking(app: ocilot.Repository) -> None:
    push(app, AMD64, "v1")
    image = app.get("v1")
    assert [file.path for file in image.files()] == ["data", "data/client-0", "data/client-1"]
    assert image.read("/data/client-0") == FIRST
    path = image.root() / "data" / "client-0"
    assert isinstance(path, Traversable)
    assert path.read_bytes() == FIRST
    assert [child.name for child in (image.root() / "data").iterdir()] == ["client-0", "client-1"]
    with pytest.raises(NotFound, match="no file"):
        image.read("data/other")


def test_files_are_read_with_await(host: Host, name: str) -> None:
    async def use() -> None:
        async with host.aconnect() as registry:
            image = await registry.repository(name).get("v1")
            assert [file.path async for file in image.files()] == ["data", "data/client-0", "data/client-1"]
            assert await image.read("data/client-0") == FIRST
            data = image.root() / "data"
            assert await data.is_dir()
            assert [child.name async for child in data.iterdir()] == ["client-0", "client-1"]
            assert await (data / "client-0").read_bytes() == FIRST
            assert (await (data / "client-0").stat()).size == 4096

    with host.connect() as registry:
        push(registry.repository(name), AMD64, "v1")
    asyncio.run(use())


def test_a_damaged_layer_is_found_when_it_is_read(distribution_host: Host, name: str) -> None:
    """Distribution serves what is in its file."""
    root = distribution_host.root
    assert root is not None
    with distribution_host.connect() as registry:
        app = registry.repository(name)
        push(app, AMD64, "v1")
        digest = AMD64.layers[0].digest.removeprefix("sha256:")
        file = root / "docker/registry/v2/blobs/sha256" / digest[:2] / digest / "data"
        right = file.read_bytes()
        try:
            file.write_bytes(right[:-9] + b"?" + right[-8:])
            with pytest.raises(IntegrityError, match=digest):
                app.get("v1").verify()
        finally:
            file.write_bytes(right)
