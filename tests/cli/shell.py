"""The command line as an operator meets it: a real process, beside a sandbox."""

import asyncio
import sys
from dataclasses import dataclass

from bot.sandbox.sandbox import Sandbox


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass
class Shell:
    sandbox: Sandbox
    environment: dict[str, str]

    async def run(self, *words: str, stdin: int = asyncio.subprocess.DEVNULL, **environment: str) -> Ran:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            env=self.environment | environment,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())
