"""Write units that DynamoDB charges for an item, by its documented rules; the emulated service does not count them.

Sources: DynamoDB Developer Guide, "DynamoDB read and write operations" (a unit for each KB or part of one; an update
counts as the larger of the item before and after it) and "Global secondary indexes", "Write capacity units" (an index
is written only if one of its attributes changes, with the size of its entry).
"""

from collections import Counter
from typing import Any

from service_limits import item_size

Item = dict[str, Any]
Table = dict[str, Any]


def as_parsed(item: Item) -> Item:
    """Return an item as the parser wrote it, before the validator updated it."""
    added = ("processed_at", "action", "error_reason", "error_details")
    return {**{name: value for name, value in item.items() if name not in added}, "status": {"S": "pending_validation"}}


def units(size: int) -> int:
    return -(-size // 1024)


def key_names(described: dict[str, Any]) -> list[str]:
    return [part["AttributeName"] for part in described["KeySchema"]]


def index_entry(table: Table, index: dict[str, Any], item: Item | None) -> Item | None:
    """Return an item's entry in an index; None if it lacks a key of the index."""
    if item is None or any(name not in item for name in key_names(index)):
        return None
    projection = index["Projection"]
    names = {*key_names(table), *key_names(index), *projection.get("NonKeyAttributes", [])}
    return {name: value for name, value in item.items() if projection["ProjectionType"] == "ALL" or name in names}


def entry_units(index: dict[str, Any], before: Item | None, after: Item | None) -> int:
    if before == after:
        return 0
    if before is None or after is None or any(before[name] != after[name] for name in key_names(index)):
        # An entry whose key changes is removed and written again.
        return sum(units(item_size(entry)) for entry in (before, after) if entry is not None)
    return units(max(item_size(before), item_size(after)))


def write_units(table: Table, before: Item | None, after: Item) -> Counter[str]:
    """Return the units of writing an item, by table and index name; `before` is None for a new item."""
    size = max(item_size(item) for item in (before, after) if item is not None)
    counts = Counter({table["TableName"]: units(size)})
    for index in table.get("GlobalSecondaryIndexes", []):
        counts[index["IndexName"]] = entry_units(
            index, index_entry(table, index, before), index_entry(table, index, after))
    return counts


def read_units(sizes: list[int]) -> float:
    """Return the units of a strongly consistent Query that reads items of these sizes: one for each 4 KB of their sum."""
    return -(-sum(sizes) // 4096)
