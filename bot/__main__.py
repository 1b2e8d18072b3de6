"""The command line: ``memobridge COMMAND``, the same as ``python -m bot COMMAND``.

Nothing heavy is imported here: worker processes load this module again when they start.
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import typer

from bot import __version__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Joins Slack channels with iMessage chats: recordings arrive as voice memos, answers appear in the channel.",
)
links = typer.Typer(no_args_is_help=True, help="Channels joined to iMessage chats: list, add, set, remove.")
deliveries = typer.Typer(help="Recent deliveries; show one with its time line, or send it again.")
app.add_typer(links, name="links")
app.add_typer(deliveries, name="deliveries")


def _moment(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(f"{written!r}: write it as 2026-01-31 or 2026-01-31T09:30.") from None


Since = Annotated[
    datetime | None,
    typer.Option(parser=_moment, metavar="DATE", help="Only from this day or time on, in UTC; else all."),
]
Format = Annotated[Literal["csv", "jsonl"], typer.Option("--format", help="Comma-separated, or a JSON object a line.")]


def _delivery(written: str) -> str:
    """Bytes that are no UTF-8 reach a program as surrogates, which the database cannot look for."""
    if not written.isprintable():
        raise typer.BadParameter("Copy the id from the list that memobridge deliveries shows.")
    return written


DeliveryArgument = Annotated[str, typer.Argument(parser=_delivery, metavar="DELIVERY")]


def _origin(written: str) -> str:
    try:
        url = urlsplit(written)
        is_url = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:  # brackets or a port that are none
        is_url = False
    if not is_url:
        raise typer.BadParameter(f"{written!r}: write it like http://127.0.0.1:3000.")
    return written


def _port(words: str) -> Any:
    return typer.Option(min=0, max=65535, help=words)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"memobridge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """What all commands share."""


@app.command()
def run(
    role: Annotated[
        Literal["all", "web", "worker"], typer.Option(help="All in one process, or only receiving, or only the work.")
    ] = "all",
) -> None:
    """Run the bot until SIGTERM or Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # nothing is begun yet
    from bot.cli.run import run

    run(role)


@app.command()
def check() -> None:
    """Try every token, scope, link, webhook and the database: one line each, with the fix."""
    from bot.cli.check import check

    check()


@app.command()
def migrate() -> None:
    """Bring the database to today's shape. ``run`` does it too; this is for release phases."""
    from bot.cli.run import migrate

    migrate()


@app.command()
def demo(
    file: Annotated[Path | None, typer.Option(help="Drop this audio file, on the page or in the terminal.")] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Tell it in the terminal and exit; no page.")] = False,
    story: Annotated[str, typer.Option(help="Play this story; a wrong name lists them all.")] = "",
    port: Annotated[int | None, _port("Port of the page, 4321 unless it is busy.")] = None,
) -> None:
    """See clips cross on a page: the real bot between a local Slack and a local iPhone. Needs no accounts."""
    if headless:
        print("Starting a local Slack, a local Linq, a database and the bot.", flush=True)  # the imports take a second
    from bot.cli.demo.command import demo

    demo(file, headless=headless, story=story, port=port)


@app.command()
def sandbox(
    slack_port: Annotated[int, _port("Port of the local Slack; 0 takes a free one.")] = 0,
    linq_port: Annotated[int, _port("Port of the local Linq; 0 takes a free one.")] = 0,
    control_port: Annotated[int, _port("Port of the controls; 0 takes a free one.")] = 0,
    bot_url: Annotated[
        str, typer.Option(parser=_origin, metavar="URL", help="Where the bot listens, or will.")
    ] = "http://127.0.0.1:3000",
    socket_mode: Annotated[bool, typer.Option("--socket-mode", help="Print an app token for Socket Mode too.")] = False,
) -> None:
    """Run the local Slack and Linq alone, and print the exports that a bot needs to live there."""
    from bot.cli.sandbox import sandbox

    sandbox(slack_port, linq_port, control_port, bot_url=bot_url, socket_mode=socket_mode)


@links.command("list")
def links_list() -> None:
    """Every link: channel, chat, who is in it."""
    from bot.cli.links import list_links

    list_links()


@links.command("add")
def links_add(channel: str, chat: str) -> None:
    """Join CHANNEL (C…) to CHAT (a chat id, +number or e-mail address); line:+number or line:all makes it an inbox."""
    from bot.cli.links import add_link

    add_link(channel, chat)


@links.command("set")
def links_set(channel: str, assignments: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...")]) -> None:
    """Change settings of CHANNEL's link, like mode=conversation senders=everyone."""
    from bot.cli.links import set_link

    set_link(channel, assignments)


@links.command("remove")
def links_remove(channel: str) -> None:
    """Take CHANNEL's link away. What is on its way still arrives."""
    from bot.cli.links import remove_link

    remove_link(channel)


@deliveries.callback(invoke_without_command=True)
def deliveries_list(
    context: typer.Context, limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 20
) -> None:
    """The most recent deliveries, newest first."""
    if context.invoked_subcommand is None:
        from bot.cli.deliveries import list_deliveries

        list_deliveries(limit)


@deliveries.command("show")
def deliveries_show(delivery: DeliveryArgument) -> None:
    """One delivery with its time line."""
    from bot.cli.deliveries import show_delivery

    show_delivery(delivery)


@deliveries.command("resend")
def deliveries_resend(delivery: DeliveryArgument) -> None:
    """Send a failed or unconfirmed delivery again. A second memo may arrive."""
    from bot.cli.deliveries import resend_delivery

    resend_delivery(delivery)


@deliveries.command("export")
def deliveries_export(since: Since = None, form: Format = "csv") -> None:
    """Write all deliveries to standard output, oldest first: who sent what kind to whom, and what became of it."""
    from bot.cli.export import export_deliveries

    export_deliveries(since, form)


@app.command()
def audit(since: Since = None, form: Format = "csv") -> None:
    """Write the audit to standard output, oldest first: who sent, approved, linked, changed or erased what."""
    from bot.cli.export import export_audit

    export_audit(since, form)


@app.command()
def forget(
    handle: Annotated[str, typer.Argument(help="A phone number like +12025550123, or an e-mail address.")],
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Erase what is stored about a person, and their files at Linq; says what it cannot reach."""
    from bot.cli.forget import forget

    forget(handle, is_sure=is_sure)


def main() -> None:
    """The installed script."""
    if sys.platform == "win32":
        sys.exit("memobridge runs on Linux and macOS. On Windows, run it in WSL.")
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # Ctrl-C during the imports, when nothing is begun yet
    app(prog_name="memobridge")


if __name__ == "__main__":
    main()
