# fmt: off
# ruff: noqa
"""The client for asyncio: the same names as the blocking form, and `await` before what does I/O.

    async with ocilot.aconnect("registry.example") as registry:
        image = await registry.repository("team/app").get("v1")
        async for tag in registry.repository("team/app").tags():
            print(tag.name)
"""

from ocilot.client.aio.image import AsyncImage
from ocilot.client.aio.image import AsyncIndex
from ocilot.client.aio.image_path import AsyncImagePath
from ocilot.client.aio.listing import AsyncListing
from ocilot.client.aio.plan import AsyncPlan
from ocilot.client.aio.reader import AsyncBlobReader
from ocilot.client.aio.registry import AsyncRegistry
from ocilot.client.aio.registry import AsyncRegistryAuth
from ocilot.client.aio.repository import AsyncRepository

__all__ = [
    "AsyncBlobReader",
    "AsyncImage",
    "AsyncImagePath",
    "AsyncIndex",
    "AsyncListing",
    "AsyncPlan",
    "AsyncRegistry",
    "AsyncRegistryAuth",
    "AsyncRepository",
]
