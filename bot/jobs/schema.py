"""The tables of the jobs, for whoever applies schemas: procrastinate's own, and what is laid over them."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from procrastinate.schema import SchemaManager

Schema = tuple[str, str, Mapping[str, str]]


def job_schemas() -> list[Schema]:
    """Each as (owner, SQL that makes all of it, the steps by name). Procrastinate's comes first."""
    migrations = _steps(Path(SchemaManager.get_migrations_path()))
    ours = _steps(Path(str(resources.files(__package__))))
    return [
        ("procrastinate", SchemaManager.get_schema(), migrations),
        ("jobs", "\n".join(ours.values()), ours),
    ]


def _steps(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.sql"))}
