"""``python -m bot.sandbox``: the toy world alone, until it is told to stop."""

import argparse
import asyncio
import sys

from bot.sandbox.sandbox import Sandbox
from bot.sandbox.standalone import live
from bot.sandbox.time_scale import TimeScale


def main() -> int:
    asked = _arguments().parse_args()
    sandbox = Sandbox(
        slack_port=asked.slack_port,
        linq_port=asked.linq_port,
        control_port=asked.control_port,
        pace=TimeScale(asked.pace),
        socket_mode=asked.socket_mode,
    )
    try:
        asyncio.run(live(sandbox, asked.bot_url))
    except KeyboardInterrupt:
        return 0
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


if __name__ == "__main__":
    sys.exit(main())
