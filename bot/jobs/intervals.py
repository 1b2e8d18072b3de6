"""All intervals of the jobs in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Intervals:
    """Seconds. What happens every so often at rest is paid for by every idle bot."""

    # Before a refresh of a notice: what changes meanwhile is shown by the same edit, and most notices are posted as
    # ``sent`` instead of posted and edited. Slack takes 50 edits a minute from a whole workspace.
    notice_debounce_s: float = 0.4
    poll_jobs_s: float = 1.0  # procrastinate forgets a notification that comes while it fetches
    enqueue_due_s: float = 1.0  # look for waits that are over; they wait in their rows, not in jobs
    enqueue_missing_s: float = 15.0  # look for rows that should have a job and have none
    heartbeat_s: float = 2.0  # say that this process does not hang
    stalled_s: float = 7.0  # without a heartbeat, a process is taken for dead
    restart_s: float = 0.5  # before the workers start again, after the database was gone
    retry_s: float = 5.0  # after a job failed in a way that nobody foresaw
