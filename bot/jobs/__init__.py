"""The jobs: procrastinate on PostgreSQL, used as it is meant."""

from bot.jobs.intervals import Intervals
from bot.jobs.runner import Handlers, JobRunner
from bot.jobs.schema import job_schemas

__all__ = ["Handlers", "Intervals", "JobRunner", "job_schemas"]
