"""held, approve and decline: rows that a guard held, such as a price with the decimal point in the wrong place.

The function answers and decides on at most a thousand rows at a time, so that no call outlasts it.  Rows keep what was
decided first, so a command that was interrupted may be repeated.
"""

import re
from typing import Any, Callable, Iterator

from .command import Command
from .errors import ALL_GOOD, NEEDS_ATTENTION, not_found, usage
from .functions import Operator

# Maximum number of rows in an event of the function.
MOST_ROWS = 1000
# Rows that were not applied, shown in text; JSON has all of them.
SHOWN_ROWS = 20
RANGE = re.compile(r"(\d{1,15})(?:-(\d{1,15}))?")


def read_rows(text: str) -> list[range]:
    """Read a list of row numbers such as 3,7-9; 0 is the last step of a replace."""
    found = []
    for part in text.split(","):
        match = RANGE.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise usage(f'--rows takes row numbers such as 3,7-9, not "{text}"')
        found.append(range(first, last + 1))
    return found


def batches(ranges: list[range]) -> Iterator[list[int]]:
    batch: list[int] = []
    for row in (number for each in ranges for number in each):
        batch.append(row)
        if len(batch) == MOST_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def waiting(operator: Operator, upload_id: str) -> Iterator[list[int]]:
    """Yield the rows that wait, page by page: rows decided on meanwhile no longer wait."""
    seen: set[int] = set()
    while fresh := [row for row in (each["row_number"] for each in operator.ask("held_list", upload_id=upload_id)["held"])
                    if row not in seen]:
        seen.update(fresh)
        yield fresh


def show(command: Command) -> int:
    given = {"upload_id": command.options.upload, "vendor_id": command.options.vendor and command.vendor_id}
    answer = Operator(command.aws, command.outputs).ask("held_list", **{name: value for name, value in given.items() if value})
    rows, output = answer["held"], command.output
    output.document.update(waiting=answer["waiting"], held=rows)
    if rows:
        output.table(["ROW", "LINE", "VENDOR", "CAUSE", "CURRENT", "NEW", "HELD SINCE", "UPLOAD"], [
            [row["row_number"], row["line_number"], row["vendor_id"], row["cause"], row["current_value"], row["new_value"],
             row["held_at"], row["upload_id"]] for row in rows])
    else:
        output.line("Nothing waits for approval.")
    if answer["waiting"] > len(rows):
        output.line(f"and {answer['waiting'] - len(rows)} more")
    return ALL_GOOD


def decide(command: Command, verb: str, take: Callable[[dict[str, Any]], None]) -> bool:
    """Send the rows to decide on, and pass on each answer; return whether there were any."""
    upload_id = str(command.options.upload)
    operator = Operator(command.aws, command.outputs)
    chosen = batches(read_rows(command.options.rows)) if command.options.rows else waiting(operator, upload_id)
    # The upload must exist, even if none of its rows waits.
    command.output.document["upload_id"] = operator.ask("upload_trace", upload_id=upload_id)["upload"]["upload_id"]
    any_rows = False
    for rows in chosen:
        any_rows = True
        answer = operator.change(f"{verb} {len(rows)} rows of upload {upload_id}", f"held_{verb}", upload_id=upload_id, rows=rows)
        if answer:
            take(answer)
    if not any_rows:
        command.output.line(f"Nothing of upload {upload_id} waits for approval.")
    return any_rows and not command.aws.dry_run


def check_known(command: Command, count: int) -> None:
    if command.options.rows and count == 0:
        raise not_found("NOT_WAITING", f"none of these rows of upload {command.options.upload} waits for approval")


def plural(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def report(command: Command, verb: str, rows: int, step: str) -> None:
    """Print the decision on rows, and on the last step of a replace unless `step` is ""."""
    if rows or not step:
        command.output.line(f"{verb} {plural(rows)} of upload {command.options.upload}.")
    if step:
        command.output.line(f"{step} the products that no row of upload {command.options.upload} names.")


def approve(command: Command) -> int:
    """Apply rows to the products as they are now; exits with 1 if some could not be applied."""
    rows: list[dict[str, Any]] = []
    if not decide(command, "approve", lambda answer: rows.extend(answer["rows"])):
        return ALL_GOOD
    check_known(command, len(rows))
    output, others = command.output, [row for row in rows if row["outcome"] != "applied"]
    output.document.update(applied=len(rows) - len(others), not_applied=len(others), rows=rows)
    step = any(row["row_number"] == 0 and row["outcome"] == "applied" for row in rows)
    report(command, "Applied", len(rows) - len(others) - step, "Discontinued" if step else "")
    for row in others[:SHOWN_ROWS]:
        what = f"row {row['row_number']}" if row["row_number"] else "the last step"
        output.line(f"  {what} is {row['outcome']}" + (f": {row['reason']}" if row["reason"] else ""))
    if len(others) > SHOWN_ROWS:
        output.line(f"  and {len(others) - SHOWN_ROWS} more; --json lists all")
    return NEEDS_ATTENTION if others else ALL_GOOD


def decline(command: Command) -> int:
    """Drop rows; declining the last step of a replace keeps the products that it would discontinue."""
    answers: list[dict[str, Any]] = []
    if decide(command, "decline", answers.append):
        declined, step = sum(answer["declined"] for answer in answers), any(answer["last_step"] for answer in answers)
        check_known(command, declined)
        command.output.document["declined"] = declined
        report(command, "Declined", declined - step, "Kept" if step else "")
    return ALL_GOOD
