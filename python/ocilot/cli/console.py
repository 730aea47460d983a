"""What `ocilot serve` says beside the log: text for people, or lines in the form of the log."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocilot import _core


class Console:
    """Standard error, in the form that the log has: `text`, `json` or `logstash`."""

    def __init__(self, form: str) -> None:
        self._form = form

    @classmethod
    def of(cls, settings: _core.Settings) -> Console:
        """The form that these settings give the log."""
        return cls("logstash" if settings.logstash else settings.log_format.name)

    def say(self, message: str, text: str | None = None, *, level: str = "info", **fields: object) -> None:
        """One event, in one write so that no line of the log comes between. `text`: the same for people."""
        data = f"{self.line(message, text, level=level, **fields)}\n".encode(errors="replace")
        sys.stderr.flush()
        while data:
            data = data[os.write(2, data) :]

    def line(self, message: str, text: str | None = None, *, level: str = "info", **fields: object) -> str:
        """The same without writing it."""
        return (text or message) if self._form == "text" else self._line(message, level, fields)

    def _line(self, message: str, level: str, fields: dict[str, object]) -> str:
        import json  # Nobody else needs it here.

        now = time.time_ns() // 1000
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1_000_000)) + f".{now % 1_000_000:06}Z"
        if self._form == "logstash":
            start = {"@version": "1", "type": "ocilot", "@timestamp": at, "level": level, "message": message}
        else:
            start = {"time": at, "level": level, "msg": message}
        return json.dumps(start | fields)

    def end(self, problem: BaseException) -> SystemExit:
        """Says why the registry does not start or has stopped, and with which code it ends."""
        from .error_exit import describe

        message, code = describe(problem)
        if message:
            self.say(message, level="error")
        return SystemExit(code)
