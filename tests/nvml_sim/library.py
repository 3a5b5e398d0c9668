"""Compiling the simulated library."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SOURCE = Path(__file__).with_name("nvml_sim.c")
LIBRARY_NAME = "libnvidia-ml.so.1"
STATE_NAME = "nvml_sim.state"


def build(folder: Path, *, without: Sequence[str] = ()) -> Path:
    """Compile the library into `folder` and return its path.

    Args:
        folder: Where; put it into LD_LIBRARY_PATH of the processes that shall see it.
        without: Symbols to leave out, as an older driver's library does.

    Raises:
        RuntimeError: there is no C compiler, or it failed.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise RuntimeError("the simulated NVML needs a C compiler (cc) on the PATH")
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / LIBRARY_NAME
    # No SONAME: a test that loads it by path must not make the loader answer with it
    # wherever else in the same process the real name is asked for.
    flags = ["-std=gnu11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden"]
    if without:
        script = folder / "symbols.map"
        script.write_text(
            "{ local: " + " ".join(f"{name};" for name in without) + " };"
        )
        flags.append(f"-Wl,--version-script={script}")
    command = [compiler, *flags, "-o", str(library), str(SOURCE), "-lm", "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return library
