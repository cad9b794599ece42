"""check: what is missing in the account, what deploy would change, and what it costs a month.

An existing stack is compared through a change set, which is deleted again; nothing else is written. A dry run omits
even that, and compares only the names of its resources.
"""

from dataclasses import dataclass
from typing import Any

from .calls import Aws, AwsError
from .command import Command
from .errors import ALL_GOOD, NEEDS_ATTENTION, CommandError
from .image import is_pushed, read_image, skopeo_path
from .plan import Plan, PlannedStack, build_folder
from .prices import Cost, monthly_costs, read_prices, total
from .stacks import Change, Deployment, Outputs, read_outputs, template_of_stack
from .stages import paused_stages
from .templates import parse_template

# Quotas in Service Quotas: the code of the service and of the quota ("Service Quotas" of each service's reference).
VPC_QUOTA = ("vpc", "L-F678F1CE")
# Concurrent executions for functions that are not part of the system.
OTHERS = 10


@dataclass
class Finding:
    """Something found: ok, info, warning or error."""

    severity: str
    subject: str
    message: str
    hint: str = ""

    def document(self) -> dict[str, Any]:
        return {"severity": self.severity, "subject": self.subject, "message": self.message, "hint": self.hint or None}


def run(command: Command) -> int:
    aws, output = command.aws, command.output
    identity = aws.read("sts", "get_caller_identity")
    plan = Plan(aws, command.names, command.options)
    findings = [Finding("ok", "account", f"{identity['Account']} in {aws.region}, as {identity['Arn']}"),
                *check_tools(command, plan), *check_stacks(plan), check_concurrency(aws, plan), *check_vpcs(aws, plan),
                *check_pauses(command, plan)]
    changes = {stack.name: planned_changes(command, plan, stack) for stack in plan.stacks}
    costs = {stack.name: monthly_costs(plan.resources(stack)) for stack in plan.stacks}
    output.document.update({
        "account": identity["Account"], "region": aws.region, "findings": [each.document() for each in findings],
        "changes": {name: [change.document() for change in planned] for name, planned in changes.items()},
        "costs": cost_document(costs)})
    show(command, findings, changes, costs)
    bad = any(each.severity in ("warning", "error") for each in findings)
    return NEEDS_ATTENTION if bad else ALL_GOOD


def check_tools(command: Command, plan: Plan) -> list[Finding]:
    """Check the image, and what pushes it."""
    found = []
    try:
        image = read_image(build_folder(command.options.image, "image/oci"))
    except CommandError as error:
        return [Finding("error", "image", error.message, error.hint)]
    if plan.artifacts.exists and is_pushed(command.aws, read_outputs(command.aws, plan.artifacts.name)["RepositoryName"],
                                           image):
        return [Finding("ok", "image", f"{image.digest[:19]} is in the repository")]
    found.append(Finding("ok", "image", f"{image.digest[:19]} is built; deploy pushes it"))
    try:
        skopeo_path()
    except CommandError as error:
        found.append(Finding("error", "skopeo", error.message, error.hint))
    return found


def check_stacks(plan: Plan) -> list[Finding]:
    found = []
    for stack in plan.stacks:
        if not stack.status or stack.status == "REVIEW_IN_PROGRESS":
            found.append(Finding("ok", stack.name, "does not exist; deploy creates it"))
        elif stack.status in ("ROLLBACK_COMPLETE", "DELETE_FAILED", "CREATE_FAILED", "ROLLBACK_FAILED"):
            found.append(Finding("warning", stack.name, f"is {stack.status}", "deploy deletes and recreates it."))
        elif stack.status.endswith("_IN_PROGRESS"):
            found.append(Finding("info", stack.name, f"is {stack.status}; deploy waits for it"))
        elif stack.status.endswith("_FAILED"):
            found.append(Finding("error", stack.name, f"is {stack.status}", "Read its events in the console."))
        else:
            found.append(Finding("ok", stack.name, f"is {stack.status}"))
    return found


def needed_concurrency(plan: Plan) -> int:
    """Return the most concurrent invocations that the pipeline's event sources cause."""
    needed = 0
    for resource in plan.resources(plan.pipeline).values():
        properties = resource.get("Properties") or {}
        sources = [properties] if resource.get("Type") == "AWS::Lambda::EventSourceMapping" else [
            event.get("Properties") or {} for event in (properties.get("Events") or {}).values()
            if event.get("Type") in ("SQS", "DynamoDB")]
        for source in sources:
            if str(source.get("Enabled", True)).lower() == "false":
                continue
            limit = (source.get("ScalingConfig") or {}).get("MaximumConcurrency") or source.get("ParallelizationFactor") or 1
            needed += int(limit) if str(limit).isdigit() else 1
    return needed


def check_concurrency(aws: Aws, plan: Plan) -> Finding:
    limits = aws.read("lambda", "get_account_settings")["AccountLimit"]
    free, needed = int(limits["UnreservedConcurrentExecutions"]), needed_concurrency(plan)
    if free < needed + OTHERS:
        return Finding("warning", "Lambda", f"{free} concurrent executions; the pipeline uses up to {needed}, and other "
                       "functions need some", "Ask for more concurrent executions in Service Quotas.")
    return Finding("ok", "Lambda", f"{free} concurrent executions; the pipeline uses up to {needed}")


def check_vpcs(aws: Aws, plan: Plan) -> list[Finding]:
    """Check that the network fits into the region's quota, if one would be created."""
    if plan.database is None or plan.database.exists:
        return []
    used = len(list(aws.pages("ec2", "describe_vpcs", "Vpcs")))
    try:
        service, code = VPC_QUOTA
        quota = int(aws.read("service-quotas", "get_service_quota", ServiceCode=service, QuotaCode=code)["Quota"]["Value"])
    except AwsError as error:
        return [Finding("info", "VPCs", f"{used} in the region; the quota is unknown ({error.code})")]
    if used >= quota:
        return [Finding("error", "VPCs", f"{used} of {quota} in the region are in use",
                        "Ask for more VPCs per region in Service Quotas, or use --database with a network of your own.")]
    return [Finding("ok", "VPCs", f"{used} of {quota} in the region are in use")]


def check_pauses(command: Command, plan: Plan) -> list[Finding]:
    """Report stages that were paused and forgotten."""
    if not plan.pipeline.exists:
        return []
    outputs: Outputs = read_outputs(command.aws, plan.pipeline.name)
    return [Finding("warning", stage, f"paused since {since}", f"onboard-aws resume --stage {stage}")
            for stage, since in paused_stages(command.aws, outputs).items()]


def planned_image(command: Command, plan: Plan) -> dict[str, str]:
    """Return the parameters that deploy would derive from the image that is built."""
    try:
        image = read_image(build_folder(command.options.image, "image/oci"))
    except CommandError:
        return {}
    repository = read_outputs(command.aws, plan.artifacts.name)["RepositoryUri"]
    return plan.image_parameters(f"{repository}@{image.digest}", image)


def planned_changes(command: Command, plan: Plan, stack: PlannedStack) -> list[Change]:
    """Return what deploy would change in a stack."""
    created = plan.resources(stack)
    wanted = {name: str(resource.get("Type")) for name, resource in created.items()}
    if not stack.exists:
        return [Change("Add", name, kind, "False") for name, kind in wanted.items()]
    if not command.aws.dry_run:
        deployment = Deployment(command.aws, command.poll_seconds)
        more = {}
        if plan.artifacts.exists:
            deployment.bucket = read_outputs(command.aws, plan.artifacts.name)["ArtifactBucket"]
            more = planned_image(command, plan)
        made = deployment.make_change_set(stack.name, stack.template, plan.parameters(stack, more), stack.previous)
        if made is None:
            return []
        deployment.delete_change_set(stack.name, made[0])
        return made[1]
    present = parse_template(stack.name, template_of_stack(command.aws, stack.name)).resources(stack.previous)
    return [*[Change("Add", name, kind, "False") for name, kind in wanted.items() if name not in present],
            *[Change("Remove", name, str(each.get("Type")), "False") for name, each in present.items()
              if name not in wanted]]


def cost_document(costs: dict[str, list[Cost]]) -> dict[str, Any]:
    prices = read_prices()
    return {"kind": "estimate", "date": prices["date"], "region": prices["region"], "source": prices["source"],
            "usd_per_month": round(sum(total(each) for each in costs.values()), 2),
            "stacks": {name: [cost.document() for cost in each] for name, each in costs.items()}}


def show(command: Command, findings: list[Finding], changes: dict[str, list[Change]],
         costs: dict[str, list[Cost]]) -> None:
    output = command.output
    for finding in findings:
        output.line(f"{finding.severity:8} {finding.subject}: {finding.message}")
        if finding.hint:
            output.line(f"{'':8} {finding.hint}")
    output.line()
    output.line("What deploy would change")
    for name, planned in changes.items():
        output.line(f"  {name}: {len(planned) or 'no'} resources")
        for change in planned:
            replaced = ", replaced" if change.replacement == "True" else ""
            lost = "; its data would be lost, so deploy refuses without --replace" if change.loses_data else ""
            if change.action != "Add":
                output.line(f"    {change.action.lower()} {change.logical_id} ({change.kind}){replaced}{lost}")
    show_costs(command, costs)


def show_costs(command: Command, costs: dict[str, list[Cost]]) -> None:
    output, prices = command.output, read_prices()
    output.line()
    output.line(f"An estimate of what it costs a month, in USD ({prices['region']}, {prices['date']};")
    output.line(f"  {prices['source']})")
    for name, each in costs.items():
        for cost in each:
            price = "not in the table" if cost.month is None else f"{cost.month:8.2f}{mark(cost.verified)}"
            output.line(f"  {price} {cost.units:g} x {cost.what} ({name})")
    output.line(f"  {sum(total(each) for each in costs.values()):8.2f}  together; usage costs more:")
    for usage in prices["usage"]:
        output.line(f"  {usage['price']:8.3f}{mark(usage['verified'])} {usage['unit']}: {usage['what']}")


def mark(verified: bool) -> str:
    """Return what marks a price that was read nowhere."""
    return " " if verified else "*"
