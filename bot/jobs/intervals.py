"""All of the engine's intervals in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Intervals:
    """Seconds. What happens every so often at rest is paid for by every idle bot: together under 0.5 % of a core."""

    # Before an announcement. Slack takes 50 edits a minute from a whole workspace: what changes meanwhile is told by
    # the same one, and most notices are posted as ``sent`` instead of posted and edited. Memos on their way come first.
    breath: float = 0.4
    beat: float = 2.0  # look for the dead, for the leader's chair, for jobs that come due
    heartbeat: float = 3.0  # say that this process does not hang
    stale: float = 12.0  # without a heartbeat, a process is taken for dead
    restore: float = 15.0  # look for errands that have no job
    longest_pause: float = 300.0  # between two tries of a job that says nothing of when
    restart: float = 0.5  # before the workers start again, after something broke under them
    patience: float = 10.0  # for jobs under way, when the workers must stop
