"""Runs at the start of every Python below `greenops wrap`; waits for torch.

It leaves no trace where it can: its folder goes off `sys.path`, and the user's own
`sitecustomize` runs in its place, with the very errors it would have had. Only built-in
modules are imported, and torch's own loader is put back before torch runs.

It must work in any Python that the job runs, this one or not: no syntax after 3.8.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

VARIABLE = "GREENOPS_WATCH"
WATCHED = ("torch", "torch._dynamo.callback")
"""Modules after whose import there is something to hook into."""


class _Awaiting:
    """A finder that finds nothing itself: it has a look at what the others found."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._hooks: Any = None

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec that the next finder gives a watched module; else None."""
        if name not in WATCHED:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    # A loader by shape; importlib asks for no more.
                    spec.loader = _Told(spec.loader, self._imported)  # type: ignore[assignment]
                return spec
        return None

    def invalidate_caches(self) -> None:
        """There are none; `importlib.invalidate_caches` calls it."""

    def _imported(self, module: ModuleType) -> None:
        try:
            if self._hooks is None:
                self._hooks = _load_hooks()
            self._hooks.imported(module, self._folder)
        except Exception as e:  # the job outranks us, whatever this is
            _note(self._folder, e)
        if module.__name__ == WATCHED[-1]:
            self._leave()

    def _leave(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)


class _Told:
    """A loader that passes a module on to its own loader, and tells when it is done."""

    def __init__(self, loader: Any, tell: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._tell = tell

    def create_module(self, spec: ModuleSpec) -> Any:
        """Let the module's own loader create it."""
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """Run the module as if nobody watched; then tell."""
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._tell(module)


def _load_hooks() -> Any:
    """Return the hooks' package under a name of its own.

    The Python that runs the job may have no greenops, or another one.
    """
    from importlib.util import module_from_spec, spec_from_file_location

    name = "_greenops_hooks"
    folder = os.path.join(os.path.dirname(os.path.dirname(__file__)), "hooks")
    spec = spec_from_file_location(
        name,
        os.path.join(folder, "__init__.py"),
        submodule_search_locations=[folder],
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {folder}")
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _note(folder: str, error: Exception) -> None:
    """Leave one line for the notes of the run."""
    try:
        with open(os.path.join(folder, f"{os.getpid()}.note"), "x") as stream:
            stream.write(f"training not watched: {error!r}\n")
    except OSError:
        pass


def _step_aside() -> None:
    """Take our folder off the path, as if it had never been there."""
    here = os.path.dirname(__file__)
    sys.path[:] = [entry for entry in sys.path if entry != here]
    sys.path_importer_cache.pop(here, None)


def _watch() -> None:
    folder = os.environ.get(VARIABLE)
    if folder and "torch" not in sys.modules:
        sys.meta_path.insert(0, _Awaiting(folder))


try:
    _step_aside()
    _watch()
except Exception:  # a job starts, whatever we make of it
    pass
if __name__ == "sitecustomize":
    # The user's own one. What it raises, a missing one too, `site` shall see: it says
    # of it what it always says.
    del sys.modules["sitecustomize"]
    __import__("sitecustomize")
