"""Short stories that play by themselves, on the page or in the terminal. Each ends as it should or says why not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.cli.demo.stories import (
    broken_file,
    conversation,
    crash,
    good_day,
    group_chat,
    lost_answer,
    outage,
    slept_an_hour,
    support_line,
)
from bot.cli.demo.stories.scene import Scene, StoryError

__all__ = ["STORIES", "Scene", "Story", "StoryError"]


@dataclass(frozen=True)
class Story:
    """``play`` raises StoryError when it does not end as it should."""

    name: str
    title: str
    about: str
    play: Callable[[Scene], Awaitable[None]]


STORIES = {
    story.name: story
    for story in (
        Story("good-day", "A good day", "A clip is dropped, heard, and the thread says so.", good_day.play),
        Story("conversation", "A conversation", "Both sides speak, reply, react and edit.", conversation.play),
        Story(
            "slept-an-hour",
            "The bot slept for an hour",
            "Both sides speak meanwhile; nothing is missing, and nothing is there twice.",
            slept_an_hour.play,
        ),
        Story("lost-answer", "A lost answer", "Linq sends the memo, but its answer never arrives.", lost_answer.play),
        Story("outage", "An outage in the night", "Linq is down, and then the bot’s machine restarts.", outage.play),
        Story("crash", "A crash in the middle", "kill −9 between the send and its answer.", crash.play),
        Story("group-chat", "A group chat", "Three people hear it; nobody reports delivered or read.", group_chat.play),
        Story(
            "support-line",
            "A support line",
            "Three people write to one number; two colleagues answer, each in a thread.",
            support_line.play,
        ),
        Story("broken-file", "A broken file", "It claims to be audio, and is not.", broken_file.play),
    )
}
