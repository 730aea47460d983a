"""From a file and an environment to the one value the core takes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Self

from ocilot import _core
from ocilot.errors import ConfigError, Error
from ocilot.text_file import read_text, text_path

from . import environment
from .access import pushes_without_pull
from .cipher_suites import OF_TLS_1_3
from .model import Config
from .section import Invalid, Section
from .storage import Delete, Filesystem
from .tree import NOTHING, Node, Scalar, TreeError
from .values import Ignored, Kind


class Loaded(NamedTuple):
    """A configuration that was read and checked."""

    config: Config
    path: str | None
    """The file, if there was one."""
    notes: list[str]
    """Notes about settings that have no effect or hardly the intended one; one sentence each."""
    tree: Node = Node({}, "default")
    """What was written, with its places."""

    @property
    def settings(self) -> _core.Settings:
        """What the core is started with."""
        return resolve(self.config, self.base)

    @property
    def base(self) -> str:
        """The directory that relative paths of the file start from; empty if there is no file."""
        if self.path is None or not os.path.isfile(self.path):  # noqa: PTH113
            return ""
        return os.path.dirname(os.path.abspath(self.path))  # noqa: PTH100, PTH120

    def with_root(self, root: str) -> Self:
        """The same with another data directory."""
        filesystem = Filesystem(rootdirectory=os.path.abspath(root))  # noqa: PTH100
        storage = self.config.storage.with_values(filesystem=filesystem, inmemory=None)
        return self._replace(config=self.config.with_values(storage=storage))

    def as_data(self) -> dict[str, Any]:
        """The configuration as it could stand in a file, with every value there is."""
        return _as_data(self.config)


def load(path: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Reads the file at `path`, or at REGISTRY_CONFIGURATION_PATH, or none, under the variables REGISTRY_*.

    Raises ConfigError with every problem found, one a line.
    """
    environ = os.environ if environ is None else environ
    chosen = os.fspath(path) if path is not None else environ.get(environment.PATH) or None
    try:
        tree = (
            _of_file(text_path(chosen, "configuration path")) if chosen is not None else Node({}, "default")
        )
        unknown = environment.overlay(tree, environ, Config)
    except TreeError as problem:
        raise ConfigError(str(problem)) from None
    lines = []
    if chosen is not None and isinstance(tree.content, dict) and "version" not in tree.content:
        lines.append(f"{chosen}:1: missing key version; add the line `version: 0.1`")
    try:
        config = Config.of_raw(tree.raw())
    except Invalid as invalid:
        from . import problems

        lines += problems.sentences(invalid, tree)
    if lines:
        raise ConfigError("\n".join(lines))
    if chosen is None and "enabled" not in config.storage.delete.given_keys:
        config = _with_deletes(config)
    notes = [*unknown, *_without_effect(tree), *_overruled(config)]
    return Loaded(config, chosen, [*notes, *pushes_without_pull(config.ocilot.access)], tree)


def wanted_log_format(
    path: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None
) -> str:
    """`log.formatter` of a configuration that cannot be loaded; `text` where it cannot be read either."""
    environ = os.environ if environ is None else environ
    chosen = os.fspath(path) if path is not None else environ.get(environment.PATH) or None
    wanted = environ.get("REGISTRY_LOG_FORMATTER")
    with suppress(Error, TreeError):
        if wanted is None and chosen is not None:
            match _of_file(chosen).raw():
                case {"log": {"formatter": Scalar(text=text)}}:
                    wanted = text
    return wanted if wanted in ("json", "logstash") else "text"


def resolve(config: Config, base: str) -> _core.Settings:
    """The core's settings for a configuration whose paths start from a directory."""
    settings = _core.Settings()
    config.anchored(text_path(base, "configuration directory")).apply(settings)
    return settings


def _of_file(path: str) -> Node:
    text = read_text(path, "configuration")
    from .yaml_tree import read

    tree = read(text, path)
    if tree.content == NOTHING:
        tree.content = {}
    if not isinstance(tree.content, dict):
        raise TreeError(f"{tree.where}: invalid configuration: expected sections such as http and storage")
    return tree


def _with_deletes(config: Config) -> Config:
    """A registry that nobody configured lets its users delete; with a file the default is distribution's."""
    return config.with_values(storage=config.storage.with_values(delete=Delete(enabled=True)))


def _without_effect(node: Node, model: type[Section] = Config, before: str = "") -> list[str]:
    notes = []
    for key, child in node.content.items() if isinstance(node.content, dict) else ():
        field = model.known_keys.get(key)
        if field is not None and field.below is not None:
            notes += _without_effect(child, field.below, f"{before}{key}.")
        elif field is not None and isinstance(field.mark, Ignored):
            notes.append(f"{child.where}: {before}{key} has no effect: {field.mark.why}")
    return notes


def _overruled(config: Config) -> list[str]:
    notes = []
    if config.loglevel and "level" in config.log.given_keys:
        notes.append("loglevel has no effect beside log.level")
    if config.http.tls.clientauth and not config.http.tls.clientcas:
        notes.append("http.tls.clientauth has no effect without http.tls.clientcas")
    tls = config.http.tls
    if tls.ciphersuites and tls.minimumtls == "tls1.3" and not set(tls.ciphersuites) & set(OF_TLS_1_3):
        notes.append(
            "http.tls.ciphersuites has no effect with http.tls.minimumtls: tls1.3: it selects no suite of "
            "TLS 1.3"
        )
    return notes


def _as_data(section: Section) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, field in section.known_keys.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            below = _as_data(value)
            if below or not value.known_keys:
                data[name] = below
        elif field.items is not None:
            if value:
                data[name] = [_as_data(item) for item in value]
        elif isinstance(field.mark, Kind) and value not in (None, "", {}, []):
            data[name] = field.mark.show(value)
    return data
