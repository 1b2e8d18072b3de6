"""Which of its shapes the demo takes: the page, one clip told in the terminal, or a story told in the terminal."""

import sys
from pathlib import Path

from bot.cli.common import FAILED, USAGE, run_or_exit, stop
from bot.cli.demo.files import upload_of
from bot.cli.demo.page import serve_page
from bot.cli.demo.stories import STORIES
from bot.cli.demo.terminal import report_clip, report_story


def demo(file: Path | None, *, headless: bool, story: str, port: int | None) -> None:
    """In the terminal it exits 0 only if everything ended as it should."""
    if story and story not in STORIES:
        stop([f"--story: there is no {story}. There are {', '.join(STORIES)}."], USAGE)
    if story and file:
        stop(["--story and --file: choose one of them; a story brings its own files."], USAGE)
    upload = upload_of(file)
    if not headless:
        run_or_exit(serve_page(story, upload if file else None, port), stopped_code=0)  # it ends in no other way
        return
    sys.exit(0 if run_or_exit(report_story(STORIES[story]) if story else report_clip(upload)) else FAILED)
