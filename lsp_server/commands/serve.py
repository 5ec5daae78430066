"""`bowerbird serve`: the language server."""

from typing import Annotated

import typer

from lsp_server.commands.terminal import fail


def serve(
    tcp: Annotated[bool, typer.Option("--tcp", help="Listen on a TCP port, not stdio.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on with --tcp.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on with --tcp.")] = 2087,
) -> None:
    """Run the language server, as editors do: over stdio, or TCP."""
    from lsp_server.server import serve_stdio, serve_tcp

    if not tcp:
        serve_stdio()
        return
    try:
        serve_tcp(host, port)
    except ValueError as error:  # an address that other machines can reach
        fail(str(error))
    except OSError as error:
        fail(f"Cannot listen on {host}:{port}: {error.strerror}.")
