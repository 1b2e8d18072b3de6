"""A Slack for the adapter's tests: a real server with a small workspace.

It keeps what Slack keeps, refuses what Slack refuses (scopes, membership, sizes of blocks), and posts a reply to a
deleted message at the channel's root without an error, as Slack does.
"""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from tests.slack.fake_methods import METHODS, ApiError
from tests.slack.fake_workspace import Call, FakeFile, FakeWorkspace, Fault


class FakeSlack(FakeWorkspace):
    def __init__(self) -> None:
        super().__init__()
        self.sockets: list[web.WebSocketResponse] = []
        self.acknowledged: dict[str, dict[str, Any] | None] = {}  # by envelope
        self.hellos = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_route("*", "/api/{method}", self._api)
        application.router.add_route("*", "/files/{id}/{name:.*}", self._download)
        application.router.add_post("/upload/{id}", self._upload)
        application.router.add_post("/respond/{number}", self._respond)
        application.router.add_get("/socket", self._socket)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        assert self._runner is not None
        for socket in self.sockets:
            await socket.close()
        await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        self.calls.append(Call(method, args, request.headers))
        fault = self._fault(method)
        headers = {
            "X-OAuth-Scopes": ",".join(sorted(self.scopes)),
            "Date": self.date.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        }
        try:
            if fault is not None and not fault.done:
                return self._broken(request, fault, headers)
            body = METHODS[method](self, args, request.headers.get("Authorization", ""))
        except ApiError as error:
            return web.json_response({"ok": False, "error": error.code} | error.more, headers=headers)
        finally:
            await self.note()
        if fault is not None:
            return self._broken(request, fault, headers)
        return web.json_response({"ok": True, **body}, headers=headers)

    def _fault(self, method: str) -> Fault | None:
        fault = self.faults.get(method) or self.faults.get("*")
        if fault is None or fault.times <= 0:
            return None
        fault.times -= 1
        return fault

    def _broken(self, request: web.Request, fault: Fault, headers: dict[str, str]) -> web.StreamResponse:
        if fault.drop:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault.error:
            return web.json_response({"ok": False, "error": fault.error}, headers=headers)
        more = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        return web.Response(
            status=fault.status or 200,
            body=fault.body or b"",
            content_type="application/json" if fault.body else "text/html",
            headers={**headers, **more},
        )

    async def _download(self, request: web.Request) -> web.StreamResponse:
        file = self.files[request.match_info["id"]]
        self.calls.append(Call("download", {"id": file.id, "path": request.path}, request.headers))
        kind = file.download if file.times > 0 else "ok"
        file.times -= 1
        match kind:
            case "login":
                return web.Response(body=b"\xef\xbb\xbf <!DOCTYPE html><html>log in", content_type="application/binary")
            case "redirect":
                return web.Response(status=302, headers={"Location": f"{self.url}/files/x/y"}, body=b"<a>Found</a>")
            case "foreign":
                return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"})
            case "not_ready":
                return web.Response(status=404)
            case "gone":
                return web.Response(status=410)
        return await self._stream(request, file, kind)

    async def _stream(self, request: web.Request, file: FakeFile, kind: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
        if kind != "endless":
            response.content_length = len(file.content)
        await response.prepare(request)
        if kind in ("truncated", "slow"):
            await response.write(file.content[: len(file.content) // 2])
            if kind == "slow":
                await asyncio.sleep(5.0)  # longer than whoever reads is willing to wait
            assert request.transport is not None
            request.transport.abort()
            return response
        if kind == "endless":
            for _ in range(64):
                await response.write(bytes(64 * 1024))
        await response.write(file.content)
        return response

    async def _upload(self, request: web.Request) -> web.Response:
        file = self.files[request.match_info["id"]]
        fault = self._fault("upload")
        content = await request.read()
        self.calls.append(Call("upload", {"id": file.id, "size": len(content)}, request.headers))
        if fault is None or fault.done:
            file.content = content
        await self.note()
        if fault is not None and fault.drop:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=fault.status or 200 if fault else 200)

    async def _respond(self, request: web.Request) -> web.Response:
        self.responses.append(await request.json())
        await self.note()
        return web.Response()

    # Socket Mode

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self.sockets.append(socket)
        self.hellos += 1
        await self.note()
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            answer = json.loads(message.data)
            self.acknowledged[answer["envelope_id"]] = answer.get("payload")
            await self.note()
        self.sockets.remove(socket)
        await self.note()
        return socket

    async def send_envelope(self, payload: Any, kind: str = "events_api") -> str:
        """Over the newest socket. Gives the envelope's id."""
        self._number += 1
        envelope_id = f"envelope-{self._number}"
        await self.sockets[-1].send_json({"envelope_id": envelope_id, "type": kind, "payload": payload})
        return envelope_id


async def _arguments(request: web.Request) -> dict[str, Any]:
    """From wherever they may stand: the query, a form, or a JSON body."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        args |= await request.json()
    elif request.can_read_body:
        args |= dict(await request.post())
    return args
