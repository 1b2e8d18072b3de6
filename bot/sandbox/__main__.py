"""``python -m bot.sandbox``: the sandbox alone, until it is stopped."""

import argparse
import asyncio
import sys

from bot.sandbox.sandbox import Sandbox
from bot.sandbox.standalone import run_until_stopped
from bot.sandbox.time_scale import TimeScale


def main() -> int:
    given = _arguments().parse_args()
    sandbox = Sandbox(
        slack_port=given.slack_port,
        linq_port=given.linq_port,
        time_scale=TimeScale(given.time_scale),
        socket_mode=given.socket_mode,
    )
    try:
        asyncio.run(run_until_stopped(sandbox, given.bot_url, given.control_port))
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
    parser.add_argument("--time-scale", type=float, default=1.0, help="0.01 makes a minute of waiting last 0.6 s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
