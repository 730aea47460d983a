"""The verbs that compare images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocilot.arguments import check_type
from ocilot.client.drive import arun
from ocilot.client.files import sources_of
from ocilot.client.image import Image
from ocilot.client.options import Limits
from ocilot.client.steps import call
from ocilot.compare import ImageDiff, Side
from ocilot.compare import diff as compared

if TYPE_CHECKING:
    from ocilot.client.aio import AsyncImage


def diff(before: Image, after: Image, *, files: bool = True, packages: bool = True) -> ImageDiff:
    """What differs between two images: layers, config, packages and files.

    `files`, `packages`: whether these are compared too, which reads the layers that differ, or all of them.
    Raises ArchiveError for a damaged layer, IntegrityError, NetworkError.

    >>> ocilot.diff(app.get("v1"), app.get("v1.1")).growth
    0
    """
    return compared(_side(before), _side(after), files=files, installed=packages)


async def adiff(
    before: AsyncImage, after: AsyncImage, *, files: bool = True, packages: bool = True
) -> ImageDiff:
    """The same as `diff` for asyncio; layers are read in a thread."""
    return await arun(call(lambda: compared(_side(before), _side(after), files=files, installed=packages)))


def _side(image: Image | AsyncImage) -> Side:
    if not isinstance(image, Image):
        from ocilot.client.aio import AsyncImage

        check_type("image", image, AsyncImage, "an image, such as repository.get answers")
    layers = sources_of(image.store, image.manifest, Limits())
    return Side(f"{image.store.location}:{image.reference}", layers, image.config)
