"""Who gets which vendor's mails: subscriptions of the topic, with a filter on the attribute vendor_id.

SNS allows one subscription per address, so vendors with the same address share one, whose filter names all of them.
An unconfirmed subscription is listed without its ARN, is deleted by SNS after 48 hours, and cannot be removed before.
"""

import json
from dataclasses import dataclass

from .calls import Aws, AwsError
from .errors import refused
from .stacks import Outputs

PENDING = "PendingConfirmation"


@dataclass
class Subscription:
    """A subscription by e-mail; `vendors` are those of its filter, unknown (empty) while it is unconfirmed."""

    arn: str
    address: str
    vendors: list[str]

    @property
    def confirmed(self) -> bool:
        return bool(self.arn)


def filter_of(aws: Aws, arn: str) -> list[str]:
    attributes = aws.read("sns", "get_subscription_attributes", SubscriptionArn=arn).get("Attributes") or {}
    policy = json.loads(attributes.get("FilterPolicy") or "{}")
    return [str(vendor) for vendor in policy.get("vendor_id") or []]


def is_pending(aws: Aws, arn: str) -> bool:
    attributes = aws.read("sns", "get_subscription_attributes", SubscriptionArn=arn).get("Attributes") or {}
    return attributes.get("PendingConfirmation") == "true"


def read_subscriptions(aws: Aws, outputs: Outputs) -> list[Subscription]:
    """Return all subscriptions by e-mail of the pipeline's topic."""
    found = []
    for entry in aws.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=outputs["TopicArn"]):
        if entry["Protocol"] not in ("email", "email-json"):
            continue
        arn = entry["SubscriptionArn"] if entry["SubscriptionArn"].startswith("arn:") else ""
        found.append(Subscription(arn, entry["Endpoint"], filter_of(aws, arn) if arn else []))
    return found


def state_of(subscriptions: list[Subscription], vendor_id: str, address: str) -> str:
    """Return whether a vendor's mails arrive: confirmed, unconfirmed or none."""
    own = [each for each in subscriptions if each.address.lower() == address.lower()]
    if any(each.confirmed and vendor_id in each.vendors for each in own):
        return "confirmed"
    return "unconfirmed" if any(not each.confirmed for each in own) else "none"


def set_filter(aws: Aws, arn: str, vendors: list[str]) -> None:
    aws.write(f"let the subscription filter on {', '.join(vendors)}", "sns", "set_subscription_attributes",
              SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=json.dumps({"vendor_id": vendors}))


def subscribe(aws: Aws, outputs: Outputs, vendor_id: str, address: str) -> str:
    """Subscribe an address to a vendor's mails; return confirmed, unconfirmed, or "" in a dry run."""
    for each in read_subscriptions(aws, outputs):
        if each.confirmed and each.address.lower() == address.lower():
            if vendor_id not in each.vendors:
                set_filter(aws, each.arn, [*each.vendors, vendor_id])
            return "confirmed"
    try:
        answer = aws.write(f"subscribe {address} to the mails of {vendor_id}", "sns", "subscribe",
                           TopicArn=outputs["TopicArn"], Protocol="email", Endpoint=address, ReturnSubscriptionArn=True,
                           Attributes={"FilterPolicy": json.dumps({"vendor_id": [vendor_id]})})
    except AwsError as error:
        if error.code.startswith("FilterPolicyLimitExceeded"):
            raise refused("TOO_MANY_SUBSCRIPTIONS", "the topic has as many filters as SNS allows (200)",
                          "Ask for more in Service Quotas, or run a second system.") from error
        raise
    return ("unconfirmed" if is_pending(aws, answer["SubscriptionArn"]) else "confirmed") if answer else ""


def unsubscribe(aws: Aws, outputs: Outputs, vendor_id: str) -> int:
    """Stop a vendor's mails; return how many subscriptions were changed or removed."""
    changed = 0
    for each in read_subscriptions(aws, outputs):
        if vendor_id not in each.vendors:
            continue
        others = [vendor for vendor in each.vendors if vendor != vendor_id]
        if others:
            set_filter(aws, each.arn, others)
        else:
            aws.write(f"remove the subscription of {each.address}", "sns", "unsubscribe", SubscriptionArn=each.arn)
        changed += 1
    return changed
