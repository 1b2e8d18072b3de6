"""The control port as a whole: its documentation names every route there is."""

import re

from bot.sandbox import control
from bot.sandbox.page import page
from bot.sandbox.sandbox import Sandbox


async def test_every_route_is_documented() -> None:
    sandbox = Sandbox()
    application = sandbox.control_application()
    page.Page(sandbox).mount(application)
    routes = {route.resource.canonical for route in application.router.routes() if route.resource}
    named = set(re.findall(r"(?<![\w.])/[\w/{}]*", f"{control.__doc__}{page.__doc__}"))
    assert {route for route in routes if not route.startswith("/static")} - named == set()
    assert {name for name in named if name.startswith(("/slack/", "/linq/", "/wire", "/environment"))} - routes == set()
