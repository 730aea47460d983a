"""The section `ocilot.limits`."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .values import DURATION, SIZE_OR_NONE, count

if TYPE_CHECKING:
    from ocilot import _core

Duration = Annotated[int, DURATION]


class Limits(Section):
    """Limits on connections, requests and uploads."""

    bodyrate: Annotated[int, SIZE_OR_NONE] = 1024
    """Minimum average rate of a request body in bytes per second; a slower request is rejected with 408. 0:
    no limit."""
    bodygrace: Duration = 30
    """Time at the start of a body in which `bodyrate` does not apply. A body faster than `bodyrate` may then
    pause for `ocilot.idletimeout`."""
    connections: Annotated[int, count(0)] = 16384
    """Maximum open connections; 0: the limit of the system. A further connection closes the one that has been
    idle longest, or is rejected with 503 if none is idle."""
    connectionsperclient: Annotated[int, count(0)] = 2048
    """Maximum open connections of one client address (IPv6: of its /64); further ones are rejected with 429.
    0: no limit. The default exempts loopback addresses and `ocilot.trustedproxies`; a configured number does
    not."""
    bodymemory: Annotated[int, SIZE_OR_NONE] = 256 * 1024 * 1024
    """Maximum memory for manifests being received and responses being sent; above it, requests are rejected
    with 503. 0: no limit."""
    uploadmemory: Annotated[int, SIZE_OR_NONE] = 128 * 1024 * 1024
    """Maximum memory for upload buffers. Near the limit, buffers are smaller; above it, requests are rejected
    with 503. 0: no limit."""
    uploadsperrepository: Annotated[int, count(0)] = 1000
    """Maximum unfinished uploads with data in one repository; a further one cancels the one that has been
    idle longest. 0: no limit."""
    uploadspercaller: Annotated[int, count(0)] = 1000
    """Maximum unfinished uploads with data of one caller; a further one cancels the one that has been idle
    longest. 0: no limit."""
    jsondepth: Annotated[int, count(8)] = 64
    """Maximum nesting depth of a manifest."""
    jsonmembers: Annotated[int, count(0)] = 0
    """Maximum fields of one object in a manifest; 0: no limit. Lists are not limited."""

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        settings.body_rate, settings.body_grace = self.bodyrate, self.bodygrace
        settings.connection_limit = self.connections
        settings.client_connection_limit = self.connectionsperclient
        settings.client_connection_limit_for_trusted = "connectionsperclient" in self.given_keys
        settings.body_memory, settings.upload_memory = self.bodymemory, self.uploadmemory
        settings.repository_upload_limit = self.uploadsperrepository
        settings.caller_upload_limit = self.uploadspercaller
        settings.json_depth, settings.json_members = self.jsondepth, self.jsonmembers
