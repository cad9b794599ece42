"""pause and resume: stop stages of the pipeline and start them again."""

from .command import Command
from .stages import STAGES, holding_stages, pause_function, resume_function, stopped_functions


def chosen(command: Command) -> list[str]:
    """Return the stages that the command line names, or else all, in the order of the pipeline."""
    return [stage for stage in STAGES if not command.options.stage or stage in command.options.stage]


def pause(command: Command) -> int:
    stages: dict[str, int] = {}
    for stage in chosen(command):
        stages[stage] = sum(pause_function(command.aws, command.stack, function, tag)
                            for function, tag in stopped_functions(command.outputs, stage))
        if not command.aws.dry_run:
            result = STAGES[stage].waiting if stages[stage] else "nothing was running"
            command.output.line(f"{stage:9} paused; {result}")
    command.output.document["paused"] = stages
    return 0


def resume(command: Command) -> int:
    stages: dict[str, int] = {}
    for stage in chosen(command):
        stages[stage] = sum(resume_function(command.aws, command.stack, function, tag)
                            for function, tag in stopped_functions(command.outputs, stage))
        if not command.aws.dry_run:
            held = holding_stages(command.aws, command.outputs, stage)
            result = "resumed" if stages[stage] else "was not paused"
            if held:
                result += f"; stays stopped until {' and '.join(held)} is resumed"
            command.output.line(f"{stage:9} {result}")
    command.output.document["resumed"] = stages
    return 0
