"""views.*: modals, opened by a trigger, and each person's Home tab."""

from typing import Any

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.block_validation import VIEW_BLOCKS, validate_blocks
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError

_VIEW_CHARACTERS = 250_000


def open_view(context: ApiContext, arguments: Arguments) -> Json:
    view = _view(arguments, "modal")
    trigger = context.interactions.use_trigger(arguments.required("trigger_id"))
    return {"view": context.interactions.views.open(view, trigger.user)}


def update(context: ApiContext, arguments: Arguments) -> Json:
    view = _view(arguments, "modal", "home")
    view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
    return {"view": context.interactions.views.update(view_id, external_id, view, arguments.text("hash"))}


def publish(context: ApiContext, arguments: Arguments) -> Json:
    user = arguments.required("user_id")
    if user not in context.workspace.users:
        raise ApiError("user_not_found")
    view = _view(arguments, "home")
    return {"view": context.interactions.views.publish_home(view, user, arguments.text("hash"))}


def _view(arguments: Arguments, *kinds: str) -> Json:
    view: Any = arguments.structure("view")
    if not isinstance(view, dict) or view.get("type") not in kinds:
        message = f"[ERROR] view.type must be {' or '.join(kinds)}"
        raise ApiError("invalid_arguments", response_metadata={"messages": [message]})
    if len(str(view)) > _VIEW_CHARACTERS:
        raise ApiError("view_too_large")
    validate_blocks(view.get("blocks"), VIEW_BLOCKS)
    return view
