"""The sections `catalog` and `tags`."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .values import count_or

if TYPE_CHECKING:
    from ocilot import _core

Count = Annotated[int, count_or(1000)]


class Catalog(Section):
    maxentries: Count = 1000
    """Maximum repositories in one response."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.catalog_limit = self.maxentries


class Tags(Section):
    maxtags: Count = 1000
    """Maximum tags in one page of a tag list."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.tags_limit = self.maxtags
