"""An estimate of what the resources of a template cost a month, from the table in prices.json; usage comes on top.

The table says where each price was read.  One that is not verified was read nowhere.
"""

import json
import os
from dataclasses import dataclass
from typing import Any

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prices.json")
DEFAULT_GIB = 8


@dataclass
class Cost:
    """Some resources of one type: how many units, and dollars a month, None if the table has no price for them."""

    what: str
    units: float
    month: float | None
    verified: bool

    def document(self) -> dict[str, Any]:
        return {"what": self.what, "units": self.units, "usd_per_month": self.month, "verified": self.verified}


def read_prices() -> dict[str, Any]:
    with open(TABLE, encoding="utf-8") as file:
        prices: dict[str, Any] = json.load(file)
    return prices


def gibibytes(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return DEFAULT_GIB


def alarm_metrics(properties: dict[str, Any]) -> float:
    """Return how many metrics an alarm reads: an expression over several costs each of them."""
    queries = properties.get("Metrics") or []
    return float(sum("MetricStat" in query for query in queries)) or 1.0


def units_of(kind: str, properties: dict[str, Any]) -> float:
    """Return how many units of its price a resource has."""
    if kind == "AWS::EC2::VPCEndpoint":
        subnets = properties.get("SubnetIds")
        zones = len(subnets) if isinstance(subnets, list) else 1
        return zones if properties.get("VpcEndpointType") == "Interface" else 0
    if kind == "AWS::EC2::Volume":
        return gibibytes(properties.get("Size"))
    if kind == "AWS::CloudWatch::Alarm":
        return alarm_metrics(properties)
    return 1


def root_gibibytes(properties: dict[str, Any]) -> float:
    """Return the size of the volumes that an instance brings along."""
    mappings = properties.get("BlockDeviceMappings") or []
    sizes = [gibibytes((mapping.get("Ebs") or {}).get("VolumeSize")) for mapping in mappings if "Ebs" in mapping]
    return sum(sizes) or DEFAULT_GIB


def monthly_costs(resources: dict[str, dict[str, Any]], prices: dict[str, Any] | None = None) -> list[Cost]:
    """Return the costs of a template's resources, those of a type together; types that cost nothing are left out."""
    table = prices or read_prices()
    costs: dict[str, Cost] = {}

    def add(what: str, units: float, price: dict[str, Any] | None) -> None:
        cost = costs.setdefault(what, Cost(what, 0, 0.0, bool(price and price["verified"])))
        cost.units += units
        cost.month = None if price is None or cost.month is None else round(cost.month + units * price["month"], 2)

    for resource in resources.values():
        kind, properties = str(resource.get("Type")), resource.get("Properties") or {}
        if kind not in table["resources"]:
            continue
        if kind == "AWS::EC2::Instance":
            size = str(properties.get("InstanceType"))
            add(f"{kind} {size}", 1, table["instances"].get(size))
            add("AWS::EC2::Volume", root_gibibytes(properties), table["resources"]["AWS::EC2::Volume"])
        elif units := units_of(kind, properties):
            add(kind, units, table["resources"][kind])
    return list(costs.values())


def total(costs: list[Cost]) -> float:
    return round(sum(cost.month or 0.0 for cost in costs), 2)
