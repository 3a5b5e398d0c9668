"""Where the answers of networked signals are kept, and what makes them another's."""

import json
import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path


def cache_folder() -> Path:
    """Return `$XDG_CACHE_HOME/greenops/signals`, or what the platform has for it."""
    if sys.platform in ("win32", "darwin"):
        from platformdirs import user_cache_path

        return user_cache_path("greenops", appauthor=False) / "signals"
    configured = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says that a relative path there is to be ignored.
    if configured.startswith("/"):
        return Path(configured) / "greenops" / "signals"
    try:
        return Path.home() / ".cache" / "greenops" / "signals"
    except RuntimeError:  # a container that runs as a user it has never heard of
        return Path("/tmp") / f"greenops-{os.getuid()}" / "signals"  # noqa: S108 - named by user id


def folder_of(
    configured: Path | None, name: str, settings: Mapping[str, object]
) -> Path:
    """Return the folder of one signal with these settings; others get another."""
    text = json.dumps(dict(settings), sort_keys=True, default=str)
    mark = sha256(text.encode()).hexdigest()[:10]
    return (configured or cache_folder()) / f"{name}-{mark}"


def credential_mark(name: str, settings: Mapping[str, object]) -> str:
    """Return what changes when the user sets, removes or edits a credential.

    It is made of names, sizes and times alone: not even a hash of a secret may lie in
    a cache. A variable set to another value is not noticed; refusals end by themselves.
    """
    word = name.replace("_", "").upper()
    variables = sorted(v for v in os.environ if word in v.replace("_", "").upper())
    files = []
    for key, value in sorted(settings.items()):
        if key.endswith("_file") and isinstance(value, str):
            try:
                stat = Path(value).stat()
            except OSError:
                continue
            files.append(f"{stat.st_mtime_ns}:{stat.st_size}:{stat.st_mode}")
    return sha256(" ".join(variables + files).encode()).hexdigest()[:16]
