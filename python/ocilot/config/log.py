"""The section `log`."""

from typing import TYPE_CHECKING, Annotated

from . import in_use
from .section import Section
from .values import FLAG, Ignored, Refused, choice

if TYPE_CHECKING:
    from ocilot import _core

Flag = Annotated[bool, FLAG]
LogLevel = Annotated[str, choice("error", "warn", "info", "debug")]


class AccessLog(Section):
    disabled: Flag = False
    """Whether the access log is disabled."""


class Log(Section):
    level: LogLevel = "info"
    """Minimum log level."""
    formatter: Annotated[str, choice("text", "json", "logstash")] = "text"
    """Log format. `logstash` is JSON with `@timestamp`, `@version`, `message` and `type`. With `json` and
    `logstash`, every line that `ocilot serve` prints is JSON."""
    accesslog: AccessLog = AccessLog()
    fields: Annotated[object, Ignored("static log fields are not supported yet")] = None
    reportcaller: Annotated[object, Ignored("log lines do not contain source locations")] = None
    hooks: Annotated[
        object, Refused("log mail is not supported; send mail from a log collector", in_use.log_hooks)
    ] = None

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        from ocilot import _core

        settings.log_level = _core.LogLevel[self.level]
        settings.log_format = _core.LogFormat.text if self.formatter == "text" else _core.LogFormat.json
        settings.logstash = self.formatter == "logstash"
        settings.access_log = not self.accesslog.disabled
