"""``memobridge forget HANDLE``: erases what is stored about a person, and their files at Linq."""

import sys

import typer

from bot.app import Services, open_services
from bot.app.erasure import Forgotten
from bot.cli.common import FAILED, plain_console, run_or_exit, settings_or_exit, stop, warn
from bot.cli.links import channel_of
from bot.relay.routing.links import FROM_FILE

OUT_OF_REACH = (
    "Out of reach: what stands in Slack (delete it there), what is on phones, the texts in Linq's own lists (delete "
    "them in its dashboard), and older back-ups of the database (forget again after restoring one)."
)


def forget(handle: str, *, is_sure: bool) -> None:
    """Asks first where somebody is there to answer."""
    if not is_sure and sys.stdin.isatty():
        question = f"Erase all that is stored about {handle}, and their files at Linq? Nothing brings it back"
        typer.confirm(question, abort=True)
    run_or_exit(_forget(handle))


async def _forget(handle: str) -> None:
    async with open_services(settings_or_exit()) as services:
        in_file = await _links_in_file(services)
        forgotten = await services.erasure.forget(handle)
    console = plain_console(soft_wrap=True)
    if not (forgotten.deliveries or forgotten.files or forgotten.links or forgotten.being_sent):
        console.print(f"{handle} had no deliveries, links or files here: is it written as Linq shows it?")
    else:
        console.print(f"{handle} is forgotten: {_counted(forgotten)}.")
    console.print(OUT_OF_REACH)
    for room in forgotten.links:
        if room in in_file:
            warn(f"LINKS_FILE still links {channel_of(room)} with them: take that [[link]] out, or it comes back.")
    if forgotten.being_sent:
        stayed = f"{forgotten.being_sent} of the deliveries were being sent at this moment and stayed."
        stop([f"{stayed} Run this again in a while."], FAILED)


async def _links_in_file(services: Services) -> set[str]:
    return {link.room for link in await services.links.all() if link.made_by == FROM_FILE}


def _counted(forgotten: Forgotten) -> str:
    counts = {"deliveries": forgotten.deliveries, "links": len(forgotten.links), "files at Linq": forgotten.files}
    return ", ".join(f"{count} {what}" for what, count in counts.items())
