"""Interpret a function's reply to its batch by the rules of ReportBatchItemFailures.

Sources: "Configuring partial batch response with DynamoDB and Lambda", "Handling errors for an SQS event source".
"""

from dataclasses import dataclass, field
from typing import Any

from runtime_api import Result


@dataclass(frozen=True)
class StreamOutcome:
    """`failed_from` is the index of the first record to send again, None if all are done.

    `whole` is set if the function failed or its reply was unusable, so that the batch may be bisected.
    """

    failed_from: int | None = None
    whole: bool = False


@dataclass(frozen=True)
class QueueOutcome:
    """The messages to send again; all others are done."""

    failed: set[str] = field(default_factory=set)


class UnusableReply(ValueError):
    """A reply that fails the whole batch."""


def failed_identifiers(result: Result, known: set[str]) -> list[str]:
    """Return the identifiers that a reply names; none for an empty or null reply or list."""
    if not result.ok:
        raise UnusableReply
    try:
        reply = result.payload
    except ValueError as error:
        raise UnusableReply from error
    if reply is None or reply == {}:
        return []
    if not isinstance(reply, dict):
        raise UnusableReply
    failures = reply.get("batchItemFailures")
    if failures is None:
        return []
    if not isinstance(failures, list):
        raise UnusableReply
    return [identifier(failure, known) for failure in failures]


def identifier(failure: Any, known: set[str]) -> str:
    """Return one failure's identifier.  One that is empty, null, missing, of the wrong type or not in the batch is
    unusable."""
    name = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    if not isinstance(name, str) or name not in known:
        raise UnusableReply
    return name


def stream_outcome(result: Result, sequence_numbers: list[str], partial: bool = True) -> StreamOutcome:
    """The service resumes at the lowest sequence number named."""
    try:
        failed = failed_identifiers(result, set(sequence_numbers)) if partial or not result.ok else []
    except UnusableReply:
        return StreamOutcome(0, whole=True)
    if not failed:
        return StreamOutcome()
    return StreamOutcome(sequence_numbers.index(min(failed, key=int)))


def queue_outcome(result: Result, message_ids: list[str], partial: bool = True) -> QueueOutcome:
    """Each message succeeds or fails separately."""
    try:
        return QueueOutcome(set(failed_identifiers(result, set(message_ids)) if partial or not result.ok else []))
    except UnusableReply:
        return QueueOutcome(set(message_ids))
