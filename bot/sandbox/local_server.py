"""A port of the toy world that can be shut, so that callers are truly refused, and opened again on the same number."""

import asyncio
import socket
from contextlib import suppress

from aiohttp import web

_HOST, _QUEUE, _LAST_WORDS_S = "127.0.0.1", 512, 0.2


class LocalServer:
    """Serves one aiohttp application on 127.0.0.1."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_WORDS_S)
        self._listening: asyncio.Task[asyncio.Server] | None = None
        self.port = 0

    @property
    def origin(self) -> str:
        return f"http://{_HOST}:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Raises OSError when the port is taken."""
        await self._runner.setup()
        self.port = port
        self.open()
        if self._listening:
            await asyncio.shield(self._listening)  # it is over soon, and ``stop`` waits for it

    def open(self) -> None:
        """Listen; callers are let in from this moment on. Nothing happens before ``start`` or when it is open."""
        if self._listening is None and self._runner.server:
            listener = _listener(self.port)
            self.port = listener.getsockname()[1]
            self._listening = asyncio.get_running_loop().create_task(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> asyncio.Server:
        assert self._runner.server is not None
        return await asyncio.get_running_loop().create_server(self._runner.server, sock=listener, backlog=_QUEUE)

    def shut(self) -> None:
        """Refuse new callers from this moment on, and cut those who are in."""
        if self._listening is None:
            return
        _close(self._listening)
        self._listening = None
        for caller in self._runner.server.connections if self._runner.server else []:
            if caller.transport:
                cut(caller.transport)

    async def stop(self) -> None:
        if self._listening:
            (await self._listening).close()
            self._listening = None
        await self._runner.cleanup()


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((_HOST, port))
    listener.listen(_QUEUE)
    return listener


def _close(listening: asyncio.Task[asyncio.Server]) -> None:
    """Close the server, or close it as soon as it is there."""
    if listening.done():
        listening.result().close()
    else:
        listening.add_done_callback(lambda done: done.result().close())


def cut(transport: asyncio.Transport | None) -> None:
    """End a connection at once: ``abort`` alone acts a turn of the loop later, and a client would still write."""
    if transport is None:
        return
    with suppress(OSError):
        transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    transport.abort()
