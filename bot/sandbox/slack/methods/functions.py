"""functions.*: how a workflow step ends."""

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.state.models import FunctionExecution


def complete_success(context: ApiContext, arguments: Arguments) -> Json:
    execution, outputs = _running(context, arguments), arguments.structure("outputs")
    if not isinstance(outputs, dict):
        raise ApiError("parameter_validation_failed")
    execution.outputs = outputs
    return {}


def complete_error(context: ApiContext, arguments: Arguments) -> Json:
    _running(context, arguments).error = arguments.required("error")
    return {}


def _running(context: ApiContext, arguments: Arguments) -> FunctionExecution:
    execution = context.workspace.executions.get(arguments.required("function_execution_id"))
    if execution is None:
        raise ApiError("invalid_arguments")
    if not execution.is_running:
        raise ApiError("execution_not_in_running_state")
    return execution
