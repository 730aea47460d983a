"""The section `log`."""

from typing import TYPE_CHECKING, Annotated

from . import asks
from .section import Section
from .values import FLAG, Ignored, Refused, choice

if TYPE_CHECKING:
    from ocilot import _core

Flag = Annotated[bool, FLAG]
LogLevel = Annotated[str, choice("error", "warn", "info", "debug")]


class AccessLog(Section):
    disabled: Flag = False
    """Whether requests are not logged."""


class Log(Section):
    level: LogLevel = "info"
    """The least important lines that are logged."""
    formatter: Annotated[str, choice("text", "json", "logstash")] = "text"
    """The form of a log line. `logstash` is JSON with `@timestamp`, `@version`, `message` and `type`. With
    `json` and `logstash` everything that `ocilot serve` prints is a line of JSON."""
    accesslog: AccessLog = AccessLog()
    fields: Annotated[object, Ignored("log lines carry no static fields yet")] = None
    reportcaller: Annotated[object, Ignored("log lines never name a place in the source")] = None
    hooks: Annotated[
        object, Refused("ocilot does not mail log lines; let what collects the log do it", asks.log_hooks)
    ] = None

    def apply(self, settings: "_core.Settings") -> None:
        """Hands the core what these keys say."""
        from ocilot import _core

        settings.log_level = _core.LogLevel[self.level]
        settings.log_format = _core.LogFormat.text if self.formatter == "text" else _core.LogFormat.json
        settings.logstash = self.formatter == "logstash"
        settings.access_log = not self.accesslog.disabled
