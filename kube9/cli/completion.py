"""``kube9 completion``: the script that makes a shell complete commands, options and names."""

from __future__ import annotations

import click

__all__ = ["completion"]

#: Where each shell would have it, for the help.
_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print the script that makes a shell complete commands and names.

    \b
    bash:  source <(kube9 completion bash)     in ~/.bashrc
    zsh:   source <(kube9 completion zsh)      in ~/.zshrc, after compinit
    fish:  kube9 completion fish | source      in ~/.config/fish/config.fish

    Names of nodes, pods, deployments, namespaces and schedulers are asked of the server as one types.
    """  # noqa: D301  (that is how Click is told to keep lines)
    from click.shell_completion import get_completion_class

    from kube9.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None, f"Click knows no {shell}"
    click.echo(kind(cli, {}, "kube9", "_KUBE9_COMPLETE").source())
