"""``python -m bot.sandbox``: the toy world alone, until it is told to stop."""

import argparse
import asyncio
import shlex
import signal
import sys

from bot.sandbox.pace import Pace
from bot.sandbox.world import Sandbox


def main() -> int:
    asked = _arguments().parse_args()
    try:
        asyncio.run(run(asked))
    except OSError as taken:
        sys.stderr.write(f"the sandbox cannot listen: {taken.strerror or taken}; choose another port\n")
        return 1
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description="A local Slack and a local Linq.")
    parser.add_argument("--slack-port", type=int, default=0, help="0 takes any free one (default)")
    parser.add_argument("--linq-port", type=int, default=0, help="0 takes any free one (default)")
    parser.add_argument("--control-port", type=int, default=0, help="0 takes any free one (default)")
    parser.add_argument("--bot-url", default="http://127.0.0.1:3000", help="where the bot listens (%(default)s)")
    parser.add_argument("--socket-mode", action="store_true", help="the bot connects to Slack by itself")
    parser.add_argument("--pace", type=float, default=1.0, help="0.01 makes a minute of waiting last 0.6 s")
    return parser


async def run(asked: argparse.Namespace) -> None:
    """Live until SIGTERM or SIGINT. Raises OSError when a port is taken."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    sandbox = Sandbox(
        slack_port=asked.slack_port,
        linq_port=asked.linq_port,
        control_port=asked.control_port,
        pace=Pace(asked.pace),
        socket_mode=asked.socket_mode,
    )
    async with sandbox:
        sandbox.meet(asked.bot_url)
        sys.stdout.write(introduction(sandbox))
        sys.stdout.flush()
        await told.wait()


def introduction(sandbox: Sandbox) -> str:
    """What to paste into the shell that starts the bot, and where to steer from."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in sandbox.environment().items()]
    return "\n".join([*exports, f"# control: {sandbox.control_url}", ""])


if __name__ == "__main__":
    sys.exit(main())
