"""The costs on the pages are those that `check` computes from the templates and the table of prices."""

import os
import re
import unittest

from commands import HERE, ROOT
from onboard_aws.prices import monthly_costs, read_prices, total
from onboard_aws.templates import read_template

DEPLOY = os.path.dirname(HERE)
# What deploy passes by itself, as far as it decides which resources there are.
GIVEN = {"AdministratorSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:a",
         "AlarmEmail": "ops@shop.example"}


def page(*path: str) -> str:
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def table(text: str, heading: str) -> list[list[str]]:
    """Return the rows of the first table below a heading, without its head."""
    rows = re.search(rf"^#+ {heading}\n.*?^\|---[-|]*\n((?:\|[^\n]*\n)+)", text, re.MULTILINE | re.DOTALL)
    assert rows, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows[1].splitlines()]


class PageCostsTest(unittest.TestCase):
    """Comparing README.md and glue/deploy/README.md with the prices."""

    def setUp(self) -> None:
        self.costs = {stack: monthly_costs(read_template(stack).resources(GIVEN))
                      for stack in ("artifacts", "database", "pipeline")}
        self.guide = page(DEPLOY, "README.md")
        self.front = page(ROOT, "README.md")

    def test_the_guide_has_the_fixed_costs(self) -> None:
        *rows, last = table(self.guide, "Costs")
        self.assertEqual(sorted((stack, float(units), float(month)) for _, stack, units, month in rows),
                         sorted((stack, cost.units, cost.month or 0.0) for stack, costs in self.costs.items()
                                for cost in costs))
        self.assertAlmostEqual(float(last[3]), sum(total(costs) for costs in self.costs.values()))

    def test_the_front_page_has_the_costs_of_the_stacks(self) -> None:
        rows = [row[2].partition(",")[0] for row in table(self.front, "Deploy to AWS")]
        self.assertEqual([row for row in rows if row],
                         [f"{total(self.costs['database']):.2f}", f"{total(self.costs['pipeline']):.2f}"])

    def test_the_pages_have_region_and_date(self) -> None:
        prices = read_prices()
        for text in (self.guide, self.front):
            words = " ".join(text.split())
            self.assertIn(f"in {prices['region']}", words)
            self.assertIn(f"prices of {prices['date']}", words)

    def test_rows_cost_what_their_write_units_cost(self) -> None:
        functions = page(ROOT, "glue", "lambda", "README.md")
        found = re.search(r"^\| 10,000 \|.*\| \$([\d.]+) \| \$[\d.]+ \|$", functions, re.MULTILINE)
        assert found
        price = next(each["price"] for each in read_prices()["usage"] if each["what"].startswith("DynamoDB"))
        self.assertEqual(float(found[1]), price)

    def test_files_cost_what_their_requests_cost(self) -> None:
        price = next(each["price"] for each in read_prices()["usage"] if each["what"].startswith("S3"))
        functions = page(ROOT, "glue", "lambda", "README.md")
        self.assertIn(f"because it is read twice: ${price:.4f} for 1,000 files.", " ".join(functions.split()))
        self.assertRegex(" ".join(self.guide.split()), rf"Reading the 1,000 files, [^ ]+ [^ ]+, is \${price:.4f} of it\.")

    def test_another_zone_costs_as_much_as_the_endpoints(self) -> None:
        zone = monthly_costs(read_template("database").resources({"Zones": "2"}))
        more = total(zone) - total(self.costs["database"])
        self.assertIn(f"Two zones add another ${more:.2f}", " ".join(self.guide.split()))


if __name__ == "__main__":
    unittest.main()
