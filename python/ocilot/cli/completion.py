"""`ocilot completion`: what a shell needs to complete commands, options and references."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from ocilot.errors import StorageError
from ocilot.text_file import shown


class Shell(StrEnum):
    """Shells that can be completed for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


# Bash splits a reference at its colons and replaces the last piece only: it needs the line as it was typed.
BASH: Final = r"""_ocilot() {
    local IFS=$'\n' line="${COMP_LINE:0:COMP_POINT}"
    COMPREPLY=($(ocilot __complete bash "$line" "$COMP_WORDBREAKS" 2>/dev/null </dev/null))
    [[ ${COMPREPLY-} == *[/:] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o default -F _ocilot ocilot
"""
ZSH: Final = r"""#compdef ocilot
_ocilot() {
    local line
    local -a open whole
    for line in ${(f)"$(ocilot __complete zsh "${(@)words[1,CURRENT]}" 2>/dev/null </dev/null)"}; do
        if [[ $line == *[/:] ]]; then open+=("$line"); else whole+=("$line"); fi
    done
    compadd -Q -S '' -a open
    compadd -Q -a whole
    (( $#open + $#whole )) || _files
}
if [[ $funcstack[1] == _ocilot ]]; then _ocilot "$@"; else compdef _ocilot ocilot; fi
"""
FISH: Final = r"""function __ocilot_complete
    set -l current (commandline -ct)
    ocilot __complete fish (commandline -opc) "$current" 2>/dev/null </dev/null
end
complete -c ocilot -a '(__ocilot_complete)'
"""
SCRIPTS: Final = {Shell.BASH: BASH, Shell.ZSH: ZSH, Shell.FISH: FISH}


def completion(
    shell: Annotated[
        Shell | None,
        typer.Argument(
            metavar="bash|zsh|fish", help="Shell; default: the one of $SHELL.", show_default=False
        ),
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Write the script to the place where the shell loads it from.")
    ] = False,
) -> None:
    """Print or install the completion of a shell.

    Completes commands, options, registries, repositories and tags. A shell loads the script when it first
    completes `ocilot`, so that its start takes no longer.
    """
    wanted = shell or _own_shell()
    if not install:
        print(SCRIPTS[wanted], end="")
        return
    path = place_of(wanted)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SCRIPTS[wanted], encoding="utf-8")
    except OSError as problem:
        raise StorageError(f"cannot write {shown(path)}: {problem.strerror or problem}") from None
    print(f"wrote {path}; it is used by new shells", file=sys.stderr)
    if wanted is Shell.ZSH:
        print(f"~/.zshrc needs, before compinit: fpath=({path.parent} $fpath)", file=sys.stderr)


def _own_shell() -> Shell:
    name = Path(os.environ.get("SHELL", "")).name
    try:
        return Shell(name)
    except ValueError:
        raise typer.BadParameter(
            "is required: $SHELL names none of bash, zsh and fish", param_hint="SHELL"
        ) from None


def place_of(shell: Shell) -> Path:
    """The file that the shell loads when it first completes the command."""
    if shell is Shell.BASH:
        own = os.environ.get("BASH_COMPLETION_USER_DIR")
        return (
            Path(own) if own else _home("XDG_DATA_HOME", ".local/share") / "bash-completion"
        ) / "completions/ocilot"
    if shell is Shell.FISH:
        return _home("XDG_CONFIG_HOME", ".config") / "fish/completions/ocilot.fish"
    return Path.home() / ".zfunc" / "_ocilot"


def _home(variable: str, usual: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / usual)
