"""The stages of the pipeline that can be paused: the event sources of its functions, and the sweeper's schedule.

A stopped stage is remembered as a tag of its function, so that `resume` starts only what `pause` stopped, whoever runs
it, and `check` and `trace` can say since when.  What a stage would have worked on waits in its queue or stream; a stream
keeps its records for 24 hours only.
"""

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Iterator

from .calls import Answer, Aws
from .stacks import Outputs, stack_resources

TAG = "onboard-aws:paused"


@dataclass(frozen=True)
class Stage:
    """A stage: the outputs with the names of its functions, and where its work waits meanwhile."""

    functions: tuple[str, ...]
    waiting: str


STAGES = {
    "parse": Stage(("ParserFunctionName", "DirectFunctionName"), "files wait in their queue, up to 14 days"),
    "validate": Stage(("ValidatorFunctionName",), "rows wait in the stream, which drops them after 24 hours"),
    "report": Stage(("ReporterFunctionName",), "ended uploads wait in their queue, up to 14 days"),
    "sweep": Stage(("SweeperFunctionName",), "stalled uploads stay as they are"),
}


def functions_of(outputs: Outputs, stage: str) -> list[str]:
    return [outputs.get(name) for name in STAGES[stage].functions if outputs.get(name)]


def function_arn(aws: Aws, name: str) -> str:
    return str(aws.read("lambda", "get_function_configuration", FunctionName=name)["FunctionArn"])


def paused_since(aws: Aws, arn: str) -> str:
    """Return when a function's event sources were paused, "" if they were not."""
    return str((aws.read("lambda", "list_tags", Resource=arn).get("Tags") or {}).get(TAG, ""))


def paused_stages(aws: Aws, outputs: Outputs) -> dict[str, str]:
    """Return the paused stages, and since when."""
    found = {}
    for stage in STAGES:
        for name in functions_of(outputs, stage):
            if since := paused_since(aws, function_arn(aws, name)):
                found[stage] = since
    return found


def mappings_of(aws: Aws, function: str) -> list[Answer]:
    return list(aws.pages("lambda", "list_event_source_mappings", "EventSourceMappings", FunctionName=function))


@dataclass(frozen=True)
class Schedule:
    """A schedule of the stack: of EventBridge Scheduler, or a rule of EventBridge."""

    kind: str
    name: str
    group: str
    targets: list[str]
    content: Answer

    @property
    def enabled(self) -> bool:
        return bool(self.content.get("State") == "ENABLED")


def schedules(aws: Aws, stack: str) -> Iterator[Schedule]:
    """Yield the schedules that a stack created."""
    for resource in stack_resources(aws, stack):
        name = str(resource.get("PhysicalResourceId", ""))
        if resource["ResourceType"] == "AWS::Scheduler::Schedule":
            # The physical id does not say the group.
            for entry in aws.pages("scheduler", "list_schedules", "Schedules", NamePrefix=name):
                if entry["Name"] == name:
                    found = aws.read("scheduler", "get_schedule", Name=name, GroupName=entry["GroupName"])
                    yield Schedule("schedule", name, entry["GroupName"], [found["Target"]["Arn"]], found)
        elif resource["ResourceType"] == "AWS::Events::Rule":
            # The physical id of a rule on another bus begins with the bus.
            bus, _, plain_name = name.rpartition("|")
            where = {"EventBusName": bus} if bus else {}
            rule = aws.read("events", "describe_rule", Name=plain_name, **where)
            if rule.get("ScheduleExpression"):
                targets = aws.read("events", "list_targets_by_rule", Rule=plain_name, **where)["Targets"]
                yield Schedule("rule", plain_name, bus, [target["Arn"] for target in targets], rule)


def set_schedule(aws: Aws, schedule: Schedule, enabled: bool) -> None:
    what = f"{'enable' if enabled else 'disable'} {schedule.kind} {schedule.name}"
    if schedule.kind == "rule":
        where = {"EventBusName": schedule.group} if schedule.group else {}
        aws.write(what, "events", "enable_rule" if enabled else "disable_rule", Name=schedule.name, **where)
        return
    # A schedule can only be replaced as a whole.
    kept: dict[str, Any] = {name: schedule.content[name] for name in
                            ("Description", "EndDate", "FlexibleTimeWindow", "KmsKeyArn", "ScheduleExpression",
                             "ScheduleExpressionTimezone", "StartDate", "Target", "ActionAfterCompletion")
                            if schedule.content.get(name) is not None}
    aws.write(what, "scheduler", "update_schedule", Name=schedule.name, GroupName=schedule.group,
              State="ENABLED" if enabled else "DISABLED", **kept)


def set_mappings(aws: Aws, function: str, enabled: bool) -> int:
    """Enable or disable a function's event sources; return how many were changed."""
    changed = 0
    for mapping in mappings_of(aws, function):
        # Compared with the wish, not with the state, which may still be on its way.
        state = str(mapping.get("State", ""))
        if (state in ("Enabled", "Enabling")) == enabled:
            continue
        aws.write(f"{'enable' if enabled else 'disable'} event source {mapping['UUID']} of {function}", "lambda",
                  "update_event_source_mapping", UUID=mapping["UUID"], Enabled=enabled)
        changed += 1
    return changed


def remember(aws: Aws, arn: str) -> None:
    moment = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    aws.write("remember that it is paused", "lambda", "tag_resource", Resource=arn, Tags={TAG: moment})


def forget(aws: Aws, arn: str) -> None:
    aws.write("forget that it was paused", "lambda", "untag_resource", Resource=arn, TagKeys=[TAG])
