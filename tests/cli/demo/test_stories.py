"""Each story of the demo, told in the terminal, ends as it should."""

import pytest

from bot.cli.demo.stories import STORIES
from tests.cli.demo.conftest import demo

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("story", STORIES)
def test_story_ends_as_it_should(environment: dict[str, str], story: str) -> None:
    told = demo(environment, "--headless", "--story", story)
    assert (told.returncode, told.stderr) == (0, ""), told.stdout
    assert "It ended as it should." in told.stdout
