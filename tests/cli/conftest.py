"""A shell whose commands find a sandbox and a database of the test's own."""

import os
from collections.abc import AsyncIterator

import pytest

from bot.sandbox.sandbox import Sandbox
from config.settings import RENAMED, Settings
from tests.cli.shell import Shell


@pytest.fixture
async def shell(database_url: str) -> AsyncIterator[Shell]:
    settings = {*map(str.upper, Settings.model_fields), *RENAMED}
    clean = {name: value for name, value in os.environ.items() if name.upper() not in settings}
    async with Sandbox() as sandbox:
        yield Shell(sandbox, clean | sandbox.environment() | {"DATABASE_URL": database_url, "COLUMNS": "200"})
