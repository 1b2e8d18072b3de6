"""``memobridge sandbox``: the local Slack and Linq alone."""

from bot.cli.common import FAILED, run_or_exit, stop
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.standalone import run_until_stopped


def sandbox(slack_port: int, linq_port: int, control_port: int, *, bot_url: str, socket_mode: bool) -> None:
    """Run until SIGTERM or Ctrl-C."""
    local = Sandbox(slack_port=slack_port, linq_port=linq_port, socket_mode=socket_mode)
    try:
        run_or_exit(run_until_stopped(local, bot_url, control_port))
    except OSError as taken:
        stop([f"The sandbox cannot listen ({taken.strerror or taken}). Choose another port."], FAILED)
