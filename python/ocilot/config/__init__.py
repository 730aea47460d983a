"""Reads `config.yml` and `REGISTRY_*` as distribution does, checks them, and hands the core one value."""

from .load import Loaded, load, wanted_log_format
from .model import Config

__all__ = ["Config", "Loaded", "load", "wanted_log_format"]
