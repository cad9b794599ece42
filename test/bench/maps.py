"""Column maps: what the command line needs to load the same rows under a vendor's headings and in its notation."""

import csv
import json
import os
import re

from bench import cpu, spread, times, wall
from data import DataSet
from doors import time_program

MAP = "bench"
# Ten transformations, in the seven columns whose notation is often the vendor's own.
DEFINITION = """\
vendor_product_id = "Artikelnummer"
product_name = "Bezeichnung"
category = "Warengruppe" | category_path
subcategory = "Untergruppe"
description = "Beschreibung" | strip_html
sku = "EAN"
brand = "Marke"
price = "Preis" | strip_currency | thousands(".") | decimal_comma
compare_at_price = "UVP" | decimal_comma
stock_quantity = "Bestand"
unit = "Einheit" | values(units)
weight_kg = "Gewicht (g)" | factor(0.001) | decimals(2)
dimensions_cm = "Abmessungen"
image_url = "Bilder" | first_of
"""
UNITS = {"Stück": "piece"}
AMOUNT = re.compile(r"\d+\.\d\d")


def german(amount):
    """Write an amount as it is written in Germany; another text stays."""
    if not AMOUNT.fullmatch(amount):
        return amount
    return f"{float(amount):,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def in_words_of_vendor(row):
    """Write the values of a row as the vendor does; what breaks a rule still breaks it after the transformations."""
    if AMOUNT.fullmatch(row["weight_kg"]):
        row["weight_kg"] = str(round(float(row["weight_kg"]) * 1000))
    if row["price"]:
        row["price"] = german(row["price"]) + (" €" if AMOUNT.fullmatch(row["price"]) else "")
    if AMOUNT.fullmatch(row["compare_at_price"]):
        row["compare_at_price"] = row["compare_at_price"].replace(".", ",")
    row["category"] = f"Shop > {row['category']}"
    row["unit"] = "STÜCK"
    row["description"] = f"<p>{row['description']}</p>"
    row["image_url"] += ", https://cdn.example.com/second.jpg"
    return row


def write_mapped(source, path):
    """Write the rows of a CSV file under the headings of the map and in the vendor's notation."""
    headings = dict(re.findall(r'^(\w+) = "(.*?)"', DEFINITION, re.MULTILINE))
    with open(source, encoding="utf-8", newline="") as file, open(path, "w", encoding="utf-8", newline="") as mapped:
        rows = csv.DictReader(file)
        writer = csv.DictWriter(mapped, headings, lineterminator="\n")
        writer.writerow(headings)
        writer.writerows(map(in_words_of_vendor, rows))


def store_map(server, vendor):
    server.sql(f"SELECT onboard_set_map_values('{vendor}', 'units', '{json.dumps(UNITS)}');"
               f"SELECT onboard_set_map('{vendor}', '{MAP}', $map${DEFINITION}$map$)")


def load(bench, data, path, options):
    bench.server.reset()
    return time_program(bench, data, path, options)


def section(bench):
    rows = bench.options.rows
    table = []
    for bad in (0, 5):
        with DataSet(bench, rows, ("vendor_csv",), "random", bad=bad) as data:
            plain = data.files["vendor_csv"]
            mapped = os.path.join(bench.inputs, "mapped.csv")
            write_mapped(plain, mapped)
            store_map(bench.server, data.vendor)
            seconds = bench.interleave(bench.options.rounds, {
                "without": lambda: load(bench, data, plain, []),
                "with": lambda: load(bench, data, mapped, ["--map", MAP])})
            os.unlink(mapped)
        without, with_map = seconds["without"], seconds["with"]
        table.append([f"{bad} %", f"{wall(without):.2f}", f"{wall(with_map):.2f}", f"{rows / wall(with_map):,.0f}",
                      f"{times(without, with_map):.2f}", f"{cpu(without):.2f}", f"{cpu(with_map):.2f}",
                      f"± {max(spread(without), spread(with_map)):.0f} %"])
        bench.bar("command line with a map against without", f"{rows:,} rows, {bad} % bad", times(without, with_map), 0.8)
    bench.table(f"Maps: {rows:,} rows by the command line, with ten transformations in seven columns",
                ["bad", "without s", "with s", "rows/s", "x without", "cpu s", "cpu s with", "noise"], table,
                "The same rows under our headings, and under the vendor's in its notation; cpu: processor time of the program "
                "alone. To reach: 0.8.")
