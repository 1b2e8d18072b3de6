"""views.*: modals, opened by a trigger, and each person's Home tab."""

from typing import Any

from bot.sandbox.slack.api.arguments import ApiError, Arguments
from bot.sandbox.slack.api.block_validation import VIEW_BLOCKS, validate_blocks
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.state.workspace import Body

_VIEW_CHARACTERS = 250_000


def open_view(stage: ApiContext, arguments: Arguments) -> Body:
    trigger = stage.interactions.use_trigger(arguments.needed("trigger_id"))
    view = _view(arguments, "modal")
    return {"view": stage.interactions.views.add(view, trigger.user)}


def publish(stage: ApiContext, arguments: Arguments) -> Body:
    user = arguments.needed("user_id")
    if user not in stage.workspace.users:
        raise ApiError("user_not_found")
    home = stage.interactions.views.homes.get(user)
    if home and (expected := arguments.text("hash")) and expected != home["hash"]:
        raise ApiError("hash_conflict")
    return {"view": stage.interactions.views.set_home(_view(arguments, "home"), user)}


def _view(arguments: Arguments, kind: str) -> Body:
    view: Any = arguments.structure("view")
    if not isinstance(view, dict) or view.get("type") != kind:
        raise ApiError("invalid_arguments", response_metadata={"messages": [f"[ERROR] view.type must be {kind}"]})
    if len(str(view)) > _VIEW_CHARACTERS:
        raise ApiError("view_too_large")
    validate_blocks(view.get("blocks"), VIEW_BLOCKS)
    return view
