"""From a path to a script whose every hook is known and checked."""

from __future__ import annotations

import difflib
import importlib
import inspect
import itertools
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from ocilot import text_file
from ocilot.errors import ConfigError
from ocilot.hooks.hook import Hook, is_asked_once
from ocilot.hooks.problem import Problem, did_you_mean

from . import discovery, options, shipped
from .patterns import Patterns
from .points import POINTS, Family
from .script import BoundHook, Script
from .spec import SHIPPED, Spec

# A name of its own for every module that is loaded: a new generation stands beside the old one.
_numbers = itertools.count(1)


def load(spec: Spec, source: bytes | None = None) -> Script:
    """Runs the file, or what it was, and makes its hooks. Raises Problem."""
    path = locate(spec)
    try:
        Patterns(spec.repositories)
    except ConfigError as problem:
        raise Problem(f"{spec.path}: {problem}") from None
    with _importable(path.parent) as siblings:
        module = _run(path, content_of(path, spec) if source is None else source, spec.path)
        try:
            return _script(spec, path, module, siblings)
        except BaseException:
            sys.modules.pop(module.__name__, None)
            raise


def load_all(specs: Iterable[Spec]) -> list[Script]:
    """Every script. Raises Problem with a line for each that cannot be used."""
    scripts: list[Script] = []
    problems = []
    for spec in specs:
        try:
            scripts.append(load(spec))
        except Problem as problem:
            problems.append(str(problem))
    if problems:
        for script in scripts:
            script.forget()
        raise Problem("\n".join(problems))
    return scripts


def locate(spec: Spec) -> Path:
    """The file. Raises Problem if there is none."""
    if spec.path.startswith(SHIPPED):
        directory = shipped.directory()
        name = spec.path.removeprefix(SHIPPED)
        known = sorted(path.stem for path in directory.glob("*.py") if not path.stem.startswith("_"))
        if name not in known:
            raise Problem(f"{spec.path}: no such script comes with ocilot{did_you_mean(name, known)}")
        return directory / f"{name}.py"
    path = (spec.base / spec.path).absolute()
    if path.is_file():
        return path
    beside = sorted(other.name for other in path.parent.glob("*.py")) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, beside, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise Problem(f"{spec.path}: there is no such file ({path}){hint}")


def content_of(path: Path, spec: Spec) -> bytes:
    """What is in the file. Raises Problem if it cannot be read."""
    try:
        return text_file.read_bytes(path, "script")
    except ConfigError as problem:
        raise Problem(f"{spec.path}: {problem}") from None


def _run(path: Path, source: bytes, shown: str) -> ModuleType:
    module = ModuleType(f"ocilot_hook_{next(_numbers)}_{path.stem}")
    module.__file__ = str(path)
    # Dataclasses and type hints look their module up by its name.
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
    except BaseException as problem:
        sys.modules.pop(module.__name__, None)
        if isinstance(problem, KeyboardInterrupt):
            raise
        raise Problem(_sentence(problem, path, shown)) from problem
    return module


def _script(spec: Spec, path: Path, module: ModuleType, siblings: list[Path]) -> Script:
    found = discovery.hooks_of(module, spec.path)
    _check_points(spec, found)
    chosen = [one for one in found if spec.points is None or one.point.name in spec.points]
    for one in chosen:
        discovery.refuse_undelivered(one.point, f"{spec.path}:{one.line}")
        if spec.on_error == "allow" and one.point.family is not Family.ADMIT:
            raise Problem(
                f"{spec.path}: on_error: allow is for admit_* only, and it has {one.title}: "
                + _IF_IT_FAILS.get(one.point.family, "what it decides has to be denied if it fails")
            )
    if spec.caller and not any(one.point.family is Family.EVENT for one in chosen):
        raise Problem(f"{spec.path}: caller is for on_* hooks, and it has none")
    classes = list(dict.fromkeys(one.owner for one in chosen if one.owner is not None))
    try:
        options.refuse_unknown(spec.options, classes)
        instances = {cls: _instance(cls, spec) for cls in classes}
        known = tuple(option for cls in classes for option in options.options_of(cls))
    except options.OptionProblem as problem:
        raise Problem(f"{spec.path}: {problem}") from None
    hooks = tuple(_bound(one, instances) for one in chosen)
    summary = next((line.strip() for line in (module.__doc__ or "").splitlines() if line.strip()), "")
    return Script(spec, path, hooks, tuple(instances.values()), known, summary, module.__name__, siblings)


_IF_IT_FAILS = {
    Family.RETAIN: "what it decides keeps all tags if it fails",
    Family.IN_USE: "nothing is deleted if it fails",
    Family.EVENT: "it is called again if it fails",
}


def _check_points(spec: Spec, found: list[discovery.FoundHook]) -> None:
    has = list(dict.fromkeys(one.point.name for one in found))
    for name in spec.points or ():
        if name not in POINTS:
            raise Problem(f"{spec.path}: unknown hook point {name}{did_you_mean(name, POINTS)}")
        if name not in has:
            raise Problem(f"{spec.path}: it has no {name}; it has {', '.join(has)}")


def _instance(cls: type, spec: Spec) -> Hook:
    try:
        made: Hook = options.make(cls, spec.options, spec.base)
    except options.OptionProblem:
        raise
    except Exception as problem:
        raise options.OptionProblem(f"{cls.__name__} cannot be made: {_said(problem)}") from problem
    return made


def _bound(one: discovery.FoundHook, instances: dict[type, Hook]) -> BoundHook:
    call: Any = one.function if one.owner is None else getattr(instances[one.owner], one.point.name)
    is_async = inspect.iscoroutinefunction(call)
    return BoundHook(one.point, one.title, call, is_async, one.line, is_asked_once(call))


@contextmanager
def _importable(directory: Path) -> Iterator[list[Path]]:
    """Lets a script import the files beside it, anew with every load and without lending them to others.

    The directory comes last, so that a script email.py does not replace the standard module `email`.
    """
    before, bytecode = set(sys.modules), sys.dont_write_bytecode
    siblings: list[Path] = []
    importlib.invalidate_caches()
    sys.path.append(str(directory))
    sys.dont_write_bytecode = True
    try:
        yield siblings
    finally:
        sys.dont_write_bytecode = bytecode
        if str(directory) in sys.path:
            sys.path.remove(str(directory))
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and not name.startswith("ocilot") and Path(file).is_relative_to(directory):
                siblings.append(Path(file))
                del sys.modules[name]


def _sentence(problem: BaseException, path: Path, shown: str) -> str:
    """Where it went wrong, in the script itself if it is anywhere in there, and what Python says."""
    if isinstance(problem, SyntaxError) and problem.filename == str(path):
        return f"{shown}:{problem.lineno or 1}: not Python: {problem.msg}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == str(path)
    ]
    return f"{shown}:{lines[-1] if lines else 1}: it cannot be loaded: {_said(problem)}"


def _said(problem: BaseException) -> str:
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__
