"""`greenops config`: the settings in force, and where each comes from."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import click

from greenops.cli.text import Column, stdout_look, table
from greenops.config import (
    config_files,
    load_config_leniently,
    settings_of,
    signal_settings_of,
    user_file,
    working_folder,
)
from greenops.config_keys import KEYS
from greenops.errors import ConfigError

HEADER = """\
# Settings of greenops. Take the # off a line to set it.
# `greenops config` shows what is in force and where it comes from.
"""


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--path", "as_paths", is_flag=True, help="Only the files in force.")
@click.pass_context
def config(ctx: click.Context, *, as_json: bool, as_paths: bool) -> None:
    """Show every setting with its value in force and where that came from."""
    if ctx.invoked_subcommand:
        return
    if as_paths:
        for path in config_files(environ=os.environ, cwd=working_folder()):
            click.echo(str(path))
        return
    # Shown before what is wrong with it is said: one needs both to mend it.
    found, complaints = load_config_leniently(environ=os.environ, cwd=working_folder())
    settings = [(key.name, value, origin) for key, value, origin in settings_of(found)]
    settings += signal_settings_of(found)
    if as_json:
        documents = {
            name: {"value": _plain(value), "origin": origin}
            for name, value, origin in settings
        }
        click.echo(json.dumps(documents, indent=2))
    else:
        rows = [(name, _shown(value), origin) for name, value, origin in settings]
        columns = (
            Column(title="SETTING"),
            Column(title="VALUE", grows=True),
            Column(title="FROM", grows=True, rank=1),
        )
        for line in table(columns, rows, stdout_look()):
            click.echo(line)
    if complaints:
        raise ConfigError("\n".join(complaints))


@config.command()
@click.option(
    "--project",
    "for_project",
    is_flag=True,
    help="Into greenops.toml of this folder, not into your own.",
)
def init(*, for_project: bool) -> None:
    """Write a commented file with every setting; an existing one is left alone."""
    path = working_folder() / "greenops.toml" if for_project else user_file(os.environ)
    if path is None:
        raise ConfigError("there is no home folder; set XDG_CONFIG_HOME or HOME")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # O_EXCL: whoever else writes it at this moment wins, and nothing is lost.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as e:
        raise ConfigError(f"{path} exists already; edit it, or move it away") from e
    except OSError as e:
        raise ConfigError(f"cannot write {path}: {e.strerror or e}") from e
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(template())
    click.echo(f"wrote {path}")


def template() -> str:
    """Return a configuration file that states every key and sets none."""
    parts = [HEADER]
    section = ""
    for key in KEYS.values():
        table_name, _, last = key.name.rpartition(".")
        if table_name != section:
            section = table_name
            parts.append(f"\n[{table_name}]\n")
        parts.append(f"\n# {key.meaning} ({key.variable})\n# {last} = {key.example}\n")
    return "".join(parts)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _shown(value: object) -> str:
    if value is None or value in ((), {}):
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={text}" for key, text in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
