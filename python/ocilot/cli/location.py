"""Which registry a command is about: CONFIG, --config, --root and --server, the same for every command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple

import typer

from ocilot import config as configuration
from ocilot.config import Loaded
from ocilot.errors import ConfigError

from .control import Control
from .messages import print_notes
from .reaching import PARAMETERS, Reaching
from .registry_api import RegistryApi

PARAMETER: Final = "at"
"""What commands call their Location."""


class Location(NamedTuple):
    """A configuration, and a data directory that wins over the one it names."""

    config: str | None = None
    root: str | None = None
    server: str | None = None
    """A registry that is asked over the network, instead of the one of a data directory."""
    reaching: Reaching = Reaching()
    """How that is reached and trusted."""
    has_server: bool = False
    """Whether the command has --server."""

    def load(self) -> Loaded:
        """The configuration, read and checked; prints its notes."""
        loaded = configuration.load(self.config)
        print_notes(loaded)
        return loaded if self.root is None else loaded.with_root(self.root)

    def data_directory(self, loaded: Loaded | None = None) -> str:
        """The data directory. Raises ConfigError if everything is in memory."""
        settings = (loaded or self.load()).settings
        if settings.in_memory:
            raise ConfigError("storage.inmemory has no data directory; use storage.filesystem or --root")
        return settings.root

    def control(self, *, start: bool = True, only_reads: bool = False) -> RegistryApi:
        """Asks the registry: over the network, or as `Control.of` says."""
        if self.server is not None:
            # Loaded for this alone: a local registry needs no client.
            from .remote import Remote

            return Remote(self.server, self.reaching)
        return self.local_control(start=start, only_reads=only_reads)

    def local_control(self, *, start: bool = True, only_reads: bool = False) -> Control:
        """Asks the registry of the data directory; `Control.of` says how."""
        return Control.of(
            self.config, self.root, start=start, only_reads=only_reads, has_server=self.has_server
        )


def _named(value: str | None) -> str | None:
    if value == "":
        raise typer.BadParameter("is empty; set a value or omit the option")
    return value


ConfigArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="CONFIG",
        help="Configuration file; default: $REGISTRY_CONFIGURATION_PATH, or none.",
        show_default=False,
        callback=_named,
    ),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config", metavar="CONFIG", help="Configuration file, such as config.yml.", callback=_named
    ),
]
RootOption = Annotated[
    str | None,
    typer.Option(
        "--root",
        metavar="DIR",
        help="Data directory, instead of the one in the configuration.",
        show_default="./ocilot-data",
        callback=_named,
    ),
]

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        help="Registry to ask over the network, such as https://registry.example, as the administrator of "
        "`ocilot login`.",
        show_default=False,
        callback=_named,
    ),
]

_KIND: Final = inspect.Parameter.POSITIONAL_OR_KEYWORD
_CONFIG: Final = inspect.Parameter("config_argument", _KIND, default=None, annotation=ConfigArgument)
_OPTIONS: Final = (
    inspect.Parameter("config", _KIND, default=None, annotation=ConfigOption),
    inspect.Parameter("root", _KIND, default=None, annotation=RootOption),
)

_SERVER: Final = inspect.Parameter("server", _KIND, default=None, annotation=ServerOption)
_OVER_THE_NETWORK: Final = (_SERVER, *PARAMETERS)


def located(command: Callable[..., None]) -> Callable[..., None]:
    """A command with CONFIG, --config, --root and --server: a function with one Location, named `at`.

    With --server go --auth-file, --plain-http, --insecure and --ca, as in commands for images.
    """
    return _with_location(command, (_CONFIG, *_OPTIONS, *_OVER_THE_NETWORK))


def located_here(command: Callable[..., None]) -> Callable[..., None]:
    """The same for a command that reads a configuration or a data directory: without --server."""
    return _with_location(command, (_CONFIG, *_OPTIONS))


def located_by_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same for a command whose own arguments leave no place for CONFIG."""
    return _with_location(command, _OPTIONS)


def _with_location(
    command: Callable[..., None], shared: tuple[inspect.Parameter, ...]
) -> Callable[..., None]:
    signature = inspect.signature(command, eval_str=True)
    own = [parameter for parameter in signature.parameters.values() if parameter.name != PARAMETER]

    def run(
        config_argument: str | None = None,
        config: str | None = None,
        root: str | None = None,
        server: str | None = None,
        **given: Any,
    ) -> None:
        reaching = Reaching(*(given.pop(one.name, None) for one in PARAMETERS))
        if server is None and (options := reaching.given()):
            raise typer.BadParameter(
                "needs --server: a local registry is not asked over the network", param_hint=options[0]
            )
        if config_argument is not None and config is not None:
            raise typer.BadParameter("is given twice: as an argument and as --config", param_hint="CONFIG")
        named = config_argument or config
        if server is not None and (named is not None or root is not None):
            raise typer.BadParameter(
                "excludes --config and --root, which select a local registry", param_hint="--server"
            )
        command(**given, **{PARAMETER: Location(named, root, server, reaching, _SERVER in shared)})

    # Typer reads parameters from the signature, and the help from the docstring.
    run.__name__, run.__doc__, run.__module__ = command.__name__, command.__doc__, command.__module__
    parameters = [*own, *shared]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run
