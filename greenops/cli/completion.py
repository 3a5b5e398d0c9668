"""`greenops completion`: scripts that complete commands and options."""

import click

SHELLS = {
    "bash": ("~/.bashrc", 'eval "$(greenops completion bash)"'),
    "zsh": ("~/.zshrc", 'eval "$(greenops completion zsh)"'),
    "fish": (
        "~/.config/fish/completions/greenops.fish",
        "greenops completion fish | source",
    ),
}


@click.command()
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
def completion(*, shell: str) -> None:
    """Print a completion script for SHELL, with the line that switches it on."""
    from click.shell_completion import get_completion_class

    from greenops.cli import cli

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"this click completes nothing in {shell}")
    file, line = SHELLS[shell]
    click.echo(f"# To switch this on, add to {file}:\n#   {line}")
    maker = found(cli, {}, "greenops", "_GREENOPS_COMPLETE")
    # Not `source()`: that starts a bash only to ask for its version.
    click.echo(maker.source_template % maker.source_vars())
