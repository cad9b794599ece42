"""The stages of the pipeline that can be paused: the event sources of its functions, and the sweeper's schedule.

What `pause` stopped is recorded in a tag of the function, so that `resume` starts that and nothing else, even on
another machine: a source may be disabled for another reason, such as that of the function that does not read the queue.
A function that two stages stop has a tag for each, and starts again when neither is paused any more.
The work of a paused stage waits in its queue or stream; a stream keeps its records for only 24 hours.
"""

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Callable, Iterator

from .calls import Answer, Aws
from .stacks import Outputs, stack_resources

TAG = "onboard-aws:paused"


@dataclass(frozen=True)
class Stage:
    """A stage: the outputs with the names of its functions, where its work waits during a pause, and what stops with it."""

    functions: tuple[str, ...]
    waiting: str
    others: tuple[str, ...] = ()


STAGES = {
    "parse": Stage(("ParserFunctionName", "DirectFunctionName"), "files wait in their queue, up to 14 days"),
    # While no rows are judged, the sweeper would read each file again, and finally abandon its upload.
    "validate": Stage(("ValidatorFunctionName",),
                      "rows wait in the stream, which drops them after 24 hours; the sweeper is stopped, too",
                      others=("SweeperFunctionName",)),
    "report": Stage(("ReporterFunctionName",), "ended uploads wait in their queue, up to 14 days"),
    "sweep": Stage(("SweeperFunctionName",), "stalled uploads stay as they are"),
}


def functions_of(outputs: Outputs, stage: str) -> list[str]:
    return [outputs.get(name) for name in STAGES[stage].functions if outputs.get(name)]


def stopped_functions(outputs: Outputs, stage: str) -> Iterator[tuple[str, str]]:
    """Yield the functions that stop when a stage is paused, each with the tag that records it."""
    for name in functions_of(outputs, stage):
        yield name, TAG
    for output in STAGES[stage].others:
        if outputs.get(output):
            yield outputs.get(output), f"{TAG}-with-{stage}"


def function_arn(aws: Aws, name: str) -> str:
    return str(aws.read("lambda", "get_function_configuration", FunctionName=name)["FunctionArn"])


def remembered(aws: Aws, arn: str) -> dict[str, list[str]]:
    """Return what each tag contains: since when the function is paused, and the names of the sources that were stopped."""
    tags = aws.read("lambda", "list_tags", Resource=arn).get("Tags") or {}
    return {tag: str(value).split() for tag, value in tags.items() if tag.startswith(TAG)}


def paused_stages(aws: Aws, outputs: Outputs) -> dict[str, str]:
    """Return the paused stages, and since when."""
    found = {}
    for stage in STAGES:
        for name in functions_of(outputs, stage):
            if tag := remembered(aws, function_arn(aws, name)).get(TAG):
                found[stage] = tag[0]
    return found


def holding_stages(aws: Aws, outputs: Outputs, stage: str) -> list[str]:
    """Return the paused stages that keep the functions of another one stopped."""
    tags = {tag for name in functions_of(outputs, stage) for tag in remembered(aws, function_arn(aws, name))}
    return [each for each in STAGES if f"{TAG}-with-{each}" in tags]


def mappings_of(aws: Aws, function: str) -> list[Answer]:
    return list(aws.pages("lambda", "list_event_source_mappings", "EventSourceMappings", FunctionName=function))


@dataclass(frozen=True)
class Source:
    """What invokes a function: an event source mapping, or a schedule."""

    name: str
    enabled: bool
    switch: Callable[[bool], None]


def sources_of(aws: Aws, stack: str, function: str) -> list[Source]:
    """Return what invokes a function, except its URL."""
    arn = function_arn(aws, function)
    return [*mapping_sources(aws, function), *[source for target, source in schedule_sources(aws, stack) if target == arn]]


def mapping_sources(aws: Aws, function: str) -> Iterator[Source]:
    for mapping in mappings_of(aws, function):
        uuid = mapping["UUID"]

        def switch(enabled: bool, uuid: str = uuid) -> None:
            aws.write(f"{'enable' if enabled else 'disable'} event source {uuid} of {function}", "lambda",
                      "update_event_source_mapping", UUID=uuid, Enabled=enabled)

        # A state that is still being reached counts as reached.
        yield Source(uuid, mapping.get("State") in ("Enabled", "Enabling", "Creating", "Updating"), switch)


def schedule_sources(aws: Aws, stack: str) -> Iterator[tuple[str, Source]]:
    """Yield the schedules that a stack created, each with the ARN of its target."""
    for resource in stack_resources(aws, stack):
        name = str(resource.get("PhysicalResourceId") or "")
        if resource["ResourceType"] == "AWS::Scheduler::Schedule":
            yield from scheduler_sources(aws, name)
        elif resource["ResourceType"] == "AWS::Events::Rule":
            yield from rule_sources(aws, name)


def rule_sources(aws: Aws, physical_id: str) -> Iterator[tuple[str, Source]]:
    """Yield a rule of EventBridge that is a schedule."""
    # The physical id of a rule on another bus begins with the bus.
    bus, _, name = physical_id.rpartition("|")
    where = {"EventBusName": bus} if bus else {}
    rule = aws.read("events", "describe_rule", Name=name, **where)
    if not rule.get("ScheduleExpression"):
        return

    def switch(enabled: bool) -> None:
        aws.write(f"{'enable' if enabled else 'disable'} rule {name}", "events",
                  "enable_rule" if enabled else "disable_rule", Name=name, **where)

    for target in aws.read("events", "list_targets_by_rule", Rule=name, **where)["Targets"]:
        yield target["Arn"], Source(name, rule.get("State") == "ENABLED", switch)


def scheduler_sources(aws: Aws, name: str) -> Iterator[tuple[str, Source]]:
    """Yield a schedule of EventBridge Scheduler; its physical id does not contain its group."""
    for entry in aws.pages("scheduler", "list_schedules", "Schedules", NamePrefix=name):
        if entry["Name"] != name:
            continue
        group = entry["GroupName"]
        found = aws.read("scheduler", "get_schedule", Name=name, GroupName=group)
        # A schedule can only be replaced as a whole.
        kept: dict[str, Any] = {member: found[member] for member in
                                ("Description", "EndDate", "FlexibleTimeWindow", "KmsKeyArn", "ScheduleExpression",
                                 "ScheduleExpressionTimezone", "StartDate", "Target", "ActionAfterCompletion")
                                if found.get(member) is not None}

        def switch(enabled: bool, group: str = group, kept: dict[str, Any] = kept) -> None:
            aws.write(f"{'enable' if enabled else 'disable'} schedule {name}", "scheduler", "update_schedule", Name=name,
                      GroupName=group, State="ENABLED" if enabled else "DISABLED", **kept)

        yield found["Target"]["Arn"], Source(name, found.get("State") == "ENABLED", switch)


def pause_function(aws: Aws, stack: str, function: str, tag: str) -> int:
    """Stop what invokes a function, and record it in a tag; return the number of sources."""
    arn = function_arn(aws, function)
    tags = remembered(aws, arn)
    running = [source for source in sources_of(aws, stack, function) if source.enabled]
    # Sources that another tag records must stay stopped when the stage of that tag is resumed.
    names = dict.fromkeys([source.name for source in running] + [name for value in tags.values() for name in value[1:]])
    before = tags.get(tag) or [datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")]
    added = [name for name in names if name not in before]
    if added:
        # Recorded first: after a kill in between, resume still starts what was stopped.
        aws.write(f"remember what {function} is paused for", "lambda", "tag_resource", Resource=arn,
                  Tags={tag: " ".join([*before, *added])})
    for source in running:
        source.switch(False)
    return len({*added, *(source.name for source in running)})


def resume_function(aws: Aws, stack: str, function: str, tag: str) -> int:
    """Start what pause_function recorded in a tag, unless another tag has it, too; return the number of sources."""
    arn = function_arn(aws, function)
    tags = remembered(aws, arn)
    names = tags.pop(tag, [])
    held = {name for value in tags.values() for name in value}
    stopped = [source for source in sources_of(aws, stack, function) if source.name in names] if names else []
    for source in stopped:
        if not source.enabled and source.name not in held:
            source.switch(True)
    if names:
        aws.write(f"forget that {function} was paused", "lambda", "untag_resource", Resource=arn, TagKeys=[tag])
    return len(stopped)
