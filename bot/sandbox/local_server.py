"""An HTTP listener on 127.0.0.1 that can be closed, so that callers are truly refused, and reopened on its port."""

import asyncio
import socket
from contextlib import suppress

from aiohttp import web

_HOST, _BACKLOG, _SHUTDOWN_S = "127.0.0.1", 512, 0.2


class LocalServer:
    """Serves one aiohttp application."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        self._listening: asyncio.Task[asyncio.Server] | None = None
        self.port = 0

    @property
    def origin(self) -> str:
        return f"http://{_HOST}:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen on that port, 0 for any free one. Raises OSError when the port is taken."""
        await self._runner.setup()
        self.port = port
        self.open()
        if self._listening:
            await asyncio.shield(self._listening)  # it ends soon, and ``stop`` waits for it

    def open(self) -> None:
        """Accept connections from this moment on. Does nothing before ``start`` or while it is open."""
        if self._listening is None and self._runner.server:
            listener = _listening_socket(self.port)
            self.port = listener.getsockname()[1]
            self._listening = asyncio.get_running_loop().create_task(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> asyncio.Server:
        assert self._runner.server is not None
        return await asyncio.get_running_loop().create_server(self._runner.server, sock=listener, backlog=_BACKLOG)

    def close(self) -> None:
        """Refuse new connections from this moment on, and abort those that are open."""
        if self._listening is None:
            return
        _close_when_started(self._listening)
        self._listening = None
        for connection in self._runner.server.connections if self._runner.server else []:
            abort_connection(connection.transport)

    async def stop(self) -> None:
        if self._listening:
            (await self._listening).close()
            self._listening = None
        await self._runner.cleanup()


def _listening_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((_HOST, port))
    listener.listen(_BACKLOG)
    return listener


def _close_when_started(listening: asyncio.Task[asyncio.Server]) -> None:
    if listening.done():
        listening.result().close()
    else:
        listening.add_done_callback(lambda done: done.result().close())


def abort_connection(transport: asyncio.Transport | None) -> None:
    """End a connection at once: ``abort`` alone acts a turn of the loop later, and a client could still write."""
    if transport is None:
        return
    with suppress(OSError):
        transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    transport.abort()
