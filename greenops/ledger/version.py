"""Which greenops writes, noted with what it wrote."""

import greenops


def greenops_version() -> str:
    """Return the version of this greenops, or `unknown` where it does not say."""
    return str(getattr(greenops, "__version__", "unknown"))
