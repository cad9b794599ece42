"""A seeded plan of the faults of a run, and counts of those that occurred.

A plan is a JSON object:

    {"seed": 7, "faults": [{"fault": "throttle", "call": "dynamodb.*", "probability": 0.1, "times": 20}, ...]}

Every rule has its own random source, so its effect depends only on the seed and on the order of the calls that it
matches, and not on other rules.  Keys of a rule:

    fault           one of KINDS
    call            pattern of calls, such as s3.GetObject or sqs.*; by default all calls that the fault applies to
    probability     from 0 to 1; default 1
    skip            leave this many matching calls alone first; default 0
    times           occur at most this often; default unlimited
    reused          only on a connection that has served a request; default false
and the keys of the kind, below
"""

import fnmatch
import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Iterable

# Each kind with the calls that it applies to and its own keys.
KINDS: dict[str, tuple[str, set[str]]] = {
    # The service reports too many requests.
    "throttle": ("*", set()),
    # The service answers with `status`, 500 or 503.
    "error": ("*", {"status"}),
    # `count` items (default: a random number, from one to all) are returned as unprocessed; the rest is written.
    "unprocessed_items": ("dynamodb.BatchWriteItem", {"count"}),
    # `count` statements fail with the error `code` (default: a random retryable one).
    "statement_errors": ("dynamodb.BatchExecuteStatement", {"count", "code"}),
    # `count` entries fail; `sender_fault` says whether it is the sender's fault (default: random).
    "failed_entries": ("sqs.SendMessageBatch", {"count", "sender_fault"}),
    # The service acts but does not reply: the connection is closed after `seconds` (default 0).
    "drop_reply": ("*", {"seconds"}),
    # The connection is reset: before the service acts, while the request's body is read, after the service acted, or
    # in the middle of the reply's body.
    "reset_before": ("*", set()),
    "reset_in_request": ("*", set()),
    "reset_after": ("*", set()),
    "reset_in_reply": ("*", set()),
    # The reply's body ends early, after `bytes` (default: random), and the connection is closed cleanly.
    "truncate": ("s3.GetObject", {"bytes"}),
    # The calling process is killed: before the service acts, or after it acted and before it replies.
    "kill_before": ("*", set()),
    "kill_after": ("*", set()),
    # The service replies 403 with `code`: a wrong signature, or credentials that are no longer valid.
    "deny": ("*", {"code"}),
    # The connection is closed after a complete reply, without announcement.
    "close_after": ("*", set()),
    # The request waits for `seconds`, or a random time up to that if `random` is true.
    "latency": ("*", {"seconds", "random"}),
    # The request waits until the plan's `release` is called, so that a test can act in between.
    "hold": ("*", set()),
}
COMMON_KEYS = {"fault", "call", "probability", "skip", "times", "reused"}

# The codes of BatchStatementError after which a statement may be retried.
RETRYABLE_STATEMENT_ERRORS = ["ProvisionedThroughputExceeded", "RequestLimitExceeded", "InternalServerError",
                              "ThrottlingError", "TransactionConflict"]


class PlanError(ValueError):
    """An invalid plan."""


@dataclass
class Rule:
    fault: str
    call: str
    probability: float
    skip: int
    times: int | None
    reused: bool
    options: dict[str, Any]
    random: random.Random
    seen: int = 0
    happened: int = 0

    def matches(self, call: str) -> bool:
        return fnmatch.fnmatchcase(call, self.call) and fnmatch.fnmatchcase(call, KINDS[self.fault][0])

    def draw(self, call: str, reused: bool) -> bool:
        """Return whether it strikes this call; if so, it is counted unless it is taken back."""
        if not self.matches(call) or (self.reused and not reused):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.happened >= self.times):
            return False
        if self.random.random() >= self.probability:
            return False
        self.happened += 1
        return True

    def number(self, whole: int) -> int:
        """Return how many entries of a batch it strikes."""
        return min(self.options.get("count") or self.random.randint(1, whole), whole)


def read_rule(text: dict[str, Any], index: int, seed: int) -> Rule:
    kind = text.get("fault")
    if kind not in KINDS:
        raise PlanError(f"fault {index} is of an unknown kind:  {kind}")
    unknown = text.keys() - COMMON_KEYS - KINDS[kind][1]
    if unknown:
        raise PlanError(f"fault {index}, {kind}, has unknown keys: {', '.join(sorted(unknown))}")
    options = {key: value for key, value in text.items() if key not in COMMON_KEYS}
    if kind == "error" and options.setdefault("status", 500) not in (500, 503):
        raise PlanError(f"fault {index}, {kind}, has a status other than 500 and 503")
    return Rule(kind, text.get("call", KINDS[kind][0]), float(text.get("probability", 1)), int(text.get("skip", 0)),
                text.get("times"), bool(text.get("reused", False)), options, random.Random(f"{seed}/{index}/{kind}"))


@dataclass
class FaultPlan:
    """The rules of a run and its counts; may be used from several threads."""

    text: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    rules: list[Rule] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    fired: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def read(cls, text: str | bytes | dict[str, Any]) -> "FaultPlan":
        plan = text if isinstance(text, dict) else json.loads(text)
        seed = int(plan.get("seed", 0))
        return cls(plan, seed, [read_rule(rule, index, seed) for index, rule in enumerate(plan.get("faults", []))])

    def again(self) -> "FaultPlan":
        """Restart the same plan."""
        return FaultPlan.read(self.text)

    def draw(self, call: str, kinds: Iterable[str], reused: bool = False, exclusive: bool = True) -> list[Rule]:
        """Return the faults of these kinds that strike a call: at most one if `exclusive`."""
        drawn = []
        with self.lock:
            for rule in self.rules:
                if rule.fault in kinds and rule.draw(call, reused):
                    drawn.append(rule)
                    if exclusive:
                        break
        return drawn

    def release(self) -> None:
        """Release the held requests, and hold no others."""
        self.released.set()

    def count_call(self, call: str) -> None:
        with self.lock:
            self.calls[call] += 1

    def count_refusal(self, call: str) -> None:
        """Count a call that exceeded a limit of the service."""
        with self.lock:
            self.refused[call] += 1

    def count_fault(self, rule: Rule, call: str) -> None:
        with self.lock:
            self.fired[rule.fault, call] += 1

    def take_back(self, rule: Rule) -> None:
        """Take back a fault that was drawn but not possible, for instance with a reply too short to be cut."""
        with self.lock:
            rule.happened -= 1

    def unfired(self) -> list[str]:
        """Return the rules that never fired: a run with any proves less than it claims."""
        with self.lock:
            return [f"{rule.fault} of {rule.call}" for rule in self.rules if rule.happened == 0]

    def counts(self) -> dict[str, Any]:
        with self.lock:
            fired = [{"fault": fault, "call": call, "count": count}
                     for (fault, call), count in sorted(self.fired.items())]
            result = {"seed": self.seed, "calls": dict(sorted(self.calls.items())), "fired": fired,
                      "refused": dict(sorted(self.refused.items()))}
        return {**result, "unfired": self.unfired()}

    def table(self) -> str:
        """Return the counts as a readable table."""
        counts = self.counts()
        rows = [("fault", "call", "count")]
        rows += [(entry["fault"], entry["call"], str(entry["count"])) for entry in counts["fired"]]
        rows += [(rule.split(" of ")[0], rule.split(" of ")[1], "0") for rule in counts["unfired"]]
        rows += [("(refused)", call, str(count)) for call, count in counts["refused"].items()]
        rows += [("(all calls)", call, str(count)) for call, count in counts["calls"].items()]
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        return "\n".join(f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>7}" for row in rows)
