"""redrive: show the dead letters; with --yes, let SQS move them back to the queues that they came from.

A message keeps its attributes, including the count of the sweeper's redrives: what is moved by hand and fails again
stays among the dead letters.
"""

import time
from dataclasses import dataclass

from .calls import Answer
from .command import Command
from .errors import ALL_GOOD, NEEDS_ATTENTION, infrastructure, usage
from .queues import DEAD, Letter, QueueKind, counts, peek, queue_arn


@dataclass
class DeadQueue:
    """The contents of a queue of dead letters."""

    kind: QueueKind
    url: str
    count: int
    letters: list[Letter]


def look(command: Command) -> list[DeadQueue]:
    """Return the queues of dead letters, with the messages to show."""
    if command.options.limit < 1:
        raise usage("--limit must be at least 1")
    found = []
    for kind in DEAD:
        url = command.outputs.get(kind.output)
        if not url or (command.options.queue and command.options.queue != kind.name):
            continue
        count = counts(command.aws, url).all
        letters = peek(command.aws, kind.name, url, command.options.limit) if count else []
        found.append(DeadQueue(kind, url, max(count, len(letters)), letters))
    return found


def show(command: Command, queues: list[DeadQueue]) -> None:
    output = command.output
    output.document["queues"] = [
        {"queue": each.kind.name, "messages": each.count, "meaning": each.kind.meaning, "action": each.kind.action,
         "letters": [letter.document() for letter in each.letters]} for each in queues]
    for each in queues:
        output.line(f"{each.kind.name:10} {each.count} {'message' if each.count == 1 else 'messages'}"
                    + (f": {each.kind.meaning}" if each.count else ""))
        for letter in each.letters:
            returned = f", returned by the sweeper {letter.redrives} times" if letter.redrives else ""
            output.line(f"  {letter.sent}  received {letter.receives} times{returned}  {letter.about}")
        if each.count > len(each.letters) > 0:
            output.line(f"  and {each.count - len(each.letters)} more")
        if each.count:
            output.line(f"  to do: {each.kind.action}")


def move(command: Command, dead: DeadQueue) -> int:
    """Move all messages of a queue back and wait; return how many were moved."""
    source = queue_arn(command.aws, dead.url)
    target = queue_arn(command.aws, command.outputs[dead.kind.source_output])
    started = command.aws.write(f"move {dead.count} messages from {source} to {target}", "sqs", "start_message_move_task",
                                SourceArn=source, DestinationArn=target)
    if not started:
        return 0
    while True:
        tasks = command.aws.read("sqs", "list_message_move_tasks", SourceArn=source, MaxResults=1).get("Results") or []
        task: Answer = tasks[0] if tasks else {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": dead.count}
        moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
        if task["Status"] != "RUNNING":
            break
        command.output.progress(f"{moved} of {dead.count} moved")
        time.sleep(command.poll_seconds)
    if task["Status"] != "COMPLETED":
        raise infrastructure("REDRIVE_FAILED", f"SQS stopped moving with {task['Status']} after {moved} messages: "
                             f"{task.get('FailureReason', 'no reason was given')}", "Run the same command again.")
    return moved


def run(command: Command) -> int:
    queues = look(command)
    show(command, queues)
    remaining = sum(each.count for each in queues)
    if command.options.yes:
        moved: dict[str, int] = {}
        for each in queues:
            if each.count and each.kind.can_be_redriven:
                moved[each.kind.name] = move(command, each)
                if not command.aws.dry_run:
                    command.output.line(f"{each.kind.name:10} {moved[each.kind.name]} moved back")
                    remaining -= each.count
        command.output.document["moved"] = moved
    elif any(each.count and each.kind.can_be_redriven for each in queues):
        command.output.line("Move them back with: onboard-aws redrive --yes")
    return NEEDS_ATTENTION if remaining > 0 else ALL_GOOD
