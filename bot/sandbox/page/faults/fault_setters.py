"""What each fault switch of the page means for the switches of the two sides: a reader and a setter for each."""

from bot.sandbox.linq.state.models import Failure
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.switches import Fault

SLOW_S, RETRY_AFTER_S, LIMITED_TIMES = 2.0, 2, 10_000
_POSTS = ("chat.postMessage", "chat.update")


def _on_or_off(on: object) -> str:
    return "on" if on else "off"


# how each side answers


def slack_health(sandbox: Sandbox, chat: str) -> str:
    switches = sandbox.slack.switches
    if switches.down != "no":
        return "down"
    limited = any((f := switches.faults.get(name)) and f.status == 429 for name in _POSTS)
    return "limited" if limited else "slow" if switches.latency_s else "fine"


def set_slack_health(sandbox: Sandbox, value: str, chat: str) -> None:
    switches = sandbox.slack.switches
    switches.down = "503" if value == "down" else "no"
    switches.latency_s = SLOW_S if value == "slow" else 0.0
    for name in _POSTS:
        switches.faults.pop(name, None)
        if value == "limited":
            switches.faults[name] = Fault(status=429, retry_after=RETRY_AFTER_S)


def linq_health(sandbox: Sandbox, chat: str) -> str:
    switches = sandbox.linq.switches
    if switches.down != "no":
        return "down"
    limited = 1007 in switches.next_answers.get("voicememo", [])
    return "limited" if limited else "slow" if switches.latency_s else "fine"


def set_linq_health(sandbox: Sandbox, value: str, chat: str) -> None:
    switches = sandbox.linq.switches
    switches.down = "503" if value == "down" else "no"
    switches.latency_s = SLOW_S if value == "slow" else 0.0
    switches.next_answers.pop("voicememo", None)
    if value == "limited":
        switches.next_answers["voicememo"] = [1007] * LIMITED_TIMES


# lost answers


def lost_notice(sandbox: Sandbox, chat: str) -> str:
    fault = sandbox.slack.switches.faults.get("chat.postMessage")
    return _on_or_off(fault and fault.drop and fault.times)


def lose_notice(sandbox: Sandbox, value: str, chat: str) -> None:
    faults = sandbox.slack.switches.faults
    if value == "on":
        faults["chat.postMessage"] = Fault(drop=True, done=True, times=1)
    else:
        faults.pop("chat.postMessage", None)


def lost_memo(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off("lose_answer" in sandbox.linq.switches.next_answers.get("voicememo", []))


def lose_memo(sandbox: Sandbox, value: str, chat: str) -> None:
    waiting = sandbox.linq.switches.next_answers.setdefault("voicememo", [])
    waiting[:] = [fault for fault in waiting if fault != "lose_answer"]
    if value == "on":
        waiting.insert(0, "lose_answer")


def fails(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off(sandbox.linq.switches.next_failures)


def set_failing(sandbox: Sandbox, value: str, chat: str) -> None:
    failures = [Failure(reason="Message delivery failed. Please retry the message.", after_sent=True)]
    sandbox.linq.switches.next_failures = failures if value == "on" else []


# events and webhooks


def redelivers(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off(sandbox.slack.switches.duplicate_events)


def set_redelivery(sandbox: Sandbox, value: str, chat: str) -> None:
    sandbox.slack.switches.duplicate_events = 2 if value == "on" else 0


def copies(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off(sandbox.linq.switches.webhook_copies > 1)


def set_copies(sandbox: Sandbox, value: str, chat: str) -> None:
    sandbox.linq.switches.webhook_copies = 3 if value == "on" else 1


def reverses(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off(sandbox.linq.switches.webhooks_reversed)


def set_reversed(sandbox: Sandbox, value: str, chat: str) -> None:
    sandbox.linq.switches.webhooks_reversed = value == "on"


def withholds(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off(sandbox.linq.switches.webhooks_withheld)


def set_withheld(sandbox: Sandbox, value: str, chat: str) -> None:
    """Set it; switching it off sends everything that was withheld."""
    sandbox.linq.switches.webhooks_withheld = value == "on"
    if value == "off":
        sandbox.linq.admin.release_webhooks()


def loses_webhook(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off(sandbox.linq.switches.lose_webhooks)


def lose_webhook(sandbox: Sandbox, value: str, chat: str) -> None:
    sandbox.linq.switches.lose_webhooks = 1 if value == "on" else 0


# the person at the phone


def leaves_unheard(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off(not sandbox.linq.switches.reads_automatically)


def set_unheard(sandbox: Sandbox, value: str, chat: str) -> None:
    sandbox.linq.switches.reads_automatically = value == "off"


def opted_out(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off(sandbox.linq.account.chats[chat].is_marked_opted_out)


def set_opted_out(sandbox: Sandbox, value: str, chat: str) -> None:
    phone = sandbox.linq.phone
    (phone.opt_out if value == "on" else phone.opt_in)(chat)


def by_sms(sandbox: Sandbox, chat: str) -> str:
    return _on_or_off(sandbox.linq.account.chats[chat].service == "SMS")


def set_sms(sandbox: Sandbox, value: str, chat: str) -> None:
    sandbox.linq.phone.switch_service(chat, "SMS" if value == "on" else "iMessage")
