"""Completes the names of places, and of their tags, as they are configured."""

from typing import TYPE_CHECKING

import click

from greenops.errors import GreenopsError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from greenops.agent.planning import Site


def complete_place(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Return the places whose names begin so, with their zones. Never raises."""
    found = {site.place.name: site.place.zone for site in _sites()}
    return _items(found, incomplete)


def complete_tag(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Return the tags of places that begin so. Never raises."""
    return _items({tag: "" for s in _sites() for tag in s.place.tags}, incomplete)


def _items(known: dict[str, str], incomplete: str) -> "list[CompletionItem]":
    """Return what the last name of several may become."""
    from click.shell_completion import CompletionItem

    before, comma, begun = incomplete.rpartition(",")
    return [
        CompletionItem(f"{before}{comma}{name}", help=about)
        for name, about in sorted(known.items())
        # A name that a shell would take apart has to be written out.
        if name.startswith(begun) and name.replace("-", "").replace("_", "").isalnum()
    ]


def _sites() -> "tuple[Site, ...]":
    from greenops.cli.store import configured
    from greenops.wire.agent_sites import sites_of

    try:
        return sites_of(configured(), [])
    except (GreenopsError, OSError):
        return ()
