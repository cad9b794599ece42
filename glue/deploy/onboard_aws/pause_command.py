"""pause and resume: stop stages of the pipeline and start them again."""

from .command import Command
from .stages import (STAGES, forget, function_arn, functions_of, paused_since, remember, schedules, set_mappings,
                     set_schedule)


def chosen(command: Command) -> list[str]:
    """Return the stages that the command line names, all if none, in the order of the pipeline."""
    return [stage for stage in STAGES if not command.options.stage or stage in command.options.stage]


def switch(command: Command, stage: str, enabled: bool) -> int:
    """Switch a stage's event sources and schedules; return how many were changed."""
    changed = 0
    for function in functions_of(command.outputs, stage):
        changed += set_mappings(command.aws, function, enabled)
        arn = function_arn(command.aws, function)
        for schedule in schedules(command.aws, command.stack) if stage == "sweep" else ():
            if arn in schedule.targets and schedule.enabled != enabled:
                set_schedule(command.aws, schedule, enabled)
                changed += 1
    return changed


def pause(command: Command) -> int:
    stages: dict[str, int] = {}
    for stage in chosen(command):
        # Remembered first: after a kill in between, resume still starts what was stopped.
        for function in functions_of(command.outputs, stage):
            arn = function_arn(command.aws, function)
            if not paused_since(command.aws, arn):
                remember(command.aws, arn)
        stages[stage] = switch(command, stage, enabled=False)
        if not command.aws.dry_run:
            command.output.line(f"{stage:9} paused; {STAGES[stage].waiting}")
    command.output.document["paused"] = stages
    return 0


def resume(command: Command) -> int:
    stages: dict[str, int] = {}
    for stage in chosen(command):
        arns = [function_arn(command.aws, function) for function in functions_of(command.outputs, stage)]
        remembered = [arn for arn in arns if paused_since(command.aws, arn)]
        # A stage that was stopped in another way is started only if the command line names it.
        if not remembered and stage not in command.options.stage:
            continue
        stages[stage] = switch(command, stage, enabled=True)
        for arn in remembered:
            forget(command.aws, arn)
        if not command.aws.dry_run:
            command.output.line(f"{stage:9} resumed")
    if not stages:
        command.output.line("Nothing is paused.")
    command.output.document["resumed"] = stages
    return 0
