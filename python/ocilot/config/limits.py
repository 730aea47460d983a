"""The section `ocilot.limits`."""

from typing import TYPE_CHECKING, Annotated

from .section import Section
from .values import DURATION, SIZE_OR_NONE, count

if TYPE_CHECKING:
    from ocilot import _core

Duration = Annotated[int, DURATION]


class Limits(Section):
    """What clients may take at most."""

    bodyrate: Annotated[int, SIZE_OR_NONE] = 1024
    """Bytes a second that the body of a request has to average, or it ends with 408; 0: any rate."""
    bodygrace: Duration = 30
    """How long a body may be slower at its start; one that was faster may pause for `ocilot.idletimeout`."""
    connections: Annotated[int, count(0)] = 16384
    """Most open connections; 0: as many as the system takes. One more ends the longest idle one; if none is
    idle, it gets 503."""
    connectionsperclient: Annotated[int, count(0)] = 2048
    """Most open connections of one client address (IPv6: of its /64); those over it get 429; 0: any number.
    The default does not hold for loopback and `ocilot.trustedproxies`, a number that is given does."""
    bodymemory: Annotated[int, SIZE_OR_NONE] = 256 * 1024 * 1024
    """Memory that manifests being received and answers being sent may take together; over it 503; 0: any."""
    uploadmemory: Annotated[int, SIZE_OR_NONE] = 128 * 1024 * 1024
    """Memory for buffers of uploads being received; without room they are smaller, then 503; 0: any."""
    uploadsperrepository: Annotated[int, count(0)] = 1000
    """Most unfinished uploads with bytes of one repository; one more ends the longest idle; 0: any number."""
    uploadspercaller: Annotated[int, count(0)] = 1000
    """Most unfinished uploads with bytes of one user; one more ends the longest idle; 0: any number."""
    jsondepth: Annotated[int, count(8)] = 64
    """Most levels of nesting in a manifest."""
    jsonmembers: Annotated[int, count(0)] = 0
    """Most members of one object in a manifest; 0: as many as its bytes hold. Lists may have any number."""

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
