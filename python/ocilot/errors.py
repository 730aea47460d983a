"""What can be raised.

- `Error`: something could not be done; `code` names the kind of failure
  - `ConfigError`: the configuration or the environment does not let the registry start
"""

from ocilot._core import ConfigError, Error

__all__ = ["ConfigError", "Error"]
