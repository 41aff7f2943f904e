"""Compares readings of pictures with Gyre's labels and with one another, for label_pictures.py --compare.

A reading is a CSV file, `picture,outcome,motion`, one row per picture. The key says what Gyre calls the same networks.
Each word counts by itself: the agreement on it is the share of pictures on which both sides say it, among those on
which at least one side does. Needs the standard library only, and knows nothing of runs or pictures.
"""

import csv
import json
import math
import pathlib

OUTCOMES = ("non-finite", "exploded", "untrained", "collapsed", "degraded", "learned")
MOTIONS = (
    "frozen",
    "spiking",
    "bursting",
    "noisy",
    "oscillating",
    "fluctuating",
    "rising",
    "descending",
    "steady",
    "none",
)
WORDS = {"outcome": OUTCOMES, "motion": MOTIONS}


def compare(key_path, reading_paths):
    """Every pair of Gyre and the readings: {"comparisons": [...]}, Gyre first."""
    key = json.loads(pathlib.Path(key_path).read_text())
    gyre = {row["picture"]: {label: row[label] for label in WORDS} for row in key["pictures"]}
    sides = [("Gyre", gyre)]
    sides += [(pathlib.Path(path).stem, read_reading(path, gyre)) for path in reading_paths]
    pairs = [(a, b) for i, a in enumerate(sides) for b in sides[i + 1 :]]
    return {"comparisons": [compare_label(label, a, b) for a, b in pairs for label in WORDS]}


def read_reading(path, pictures):
    """{picture: {"outcome", "motion"}}. An empty motion is `none`. Raises with all mistakes of the file at once."""
    rows, mistakes = {}, []
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        expected = ["picture", *WORDS]
        if reader.fieldnames != expected:
            raise SystemExit(f"{path}: got columns {reader.fieldnames}, expected {expected}")
        for row in reader:
            where = f"{path}:{reader.line_num}"
            picture = picture_name(row["picture"], pictures)
            words = {"outcome": (row["outcome"] or "").strip(), "motion": (row["motion"] or "").strip() or "none"}
            if picture not in pictures:
                mistakes.append(f"{where}: got picture {row['picture']!r}, expected one of the key")
            elif picture in rows:
                mistakes.append(f"{where}: picture {picture} is here twice, expected one row")
            mistakes += [
                f"{where}: got {label} {word!r}, expected one of {', '.join(WORDS[label])}"
                for label, word in words.items()
                if word not in WORDS[label]
            ]
            rows[picture] = words
    if mistakes:
        raise SystemExit("\n".join(mistakes))
    return rows


def picture_name(cell, pictures):
    """The picture that a cell means: `7`, `07` and `07.png` are the same."""
    name = (cell or "").strip().removesuffix(".png")
    width = max(map(len, pictures), default=0)
    return name.zfill(width) if name.isdigit() else name


def compare_label(label, first, second):
    """One label of two sides, over the pictures that both have.

    For each word: `first_confirmed` is the share of pictures on which the second side says it, among those on which the
    first does. `second_found` is the share of pictures on which the first side says it, among those on which the second
    does. With Gyre first and a reading as the truth, these are the precision and the recall of Gyre.
    """
    (first_name, a), (second_name, b) = first, second
    pictures = sorted(set(a) & set(b))
    pairs = [(a[picture][label], b[picture][label]) for picture in pictures]
    words = []
    for word in WORDS[label]:
        firsts, seconds = sum(x == word for x, _ in pairs), sum(y == word for _, y in pairs)
        both = sum(x == y == word for x, y in pairs)
        if firsts + seconds == 0:
            continue
        words.append(
            {
                "word": word,
                "first_confirmed": share(both, firsts),
                "second_found": share(both, seconds),
                "agreement": share(both, firsts + seconds - both),
            }
        )
    return {
        "label": label,
        "first": first_name,
        "second": second_name,
        "not_read": sorted(set(a) ^ set(b)),
        "same": share(sum(x == y for x, y in pairs), len(pairs)),
        "words": words,
        "differences": [
            {"picture": picture, "first": x, "second": y} for picture, (x, y) in zip(pictures, pairs) if x != y
        ],
    }


def share(count, total):
    """A share with its 95 % Wilson interval: {"count", "total", "share", "low", "high"}. Of 0, three are null."""
    if total == 0:
        return {"count": count, "total": total, "share": None, "low": None, "high": None}
    z, p = 1.959964, count / total
    centre = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return {
        "count": count,
        "total": total,
        "share": p,
        "low": max(0.0, centre - half),
        "high": min(1.0, centre + half),
    }


def text_of(result):
    """The comparisons as tables for people."""
    return "\n\n".join(_table(comparison) for comparison in result["comparisons"])


def _table(comparison):
    first, second = comparison["first"], comparison["second"]
    columns = ("word", f"of {first}'s, {second} agrees", f"of {second}'s, {first} agrees", "both of either")
    rows = [
        (row["word"], *(_cell(row[name]) for name in ("first_confirmed", "second_found", "agreement")))
        for row in comparison["words"]
    ]
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    lines = [f"{comparison['label']}: {first} and {second} say the same on {_cell(comparison['same'])} of pictures"]
    lines += [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [columns, *rows]
    ]
    lines += [
        f"  {difference['picture']}: {first} {difference['first']}, {second} {difference['second']}"
        for difference in comparison["differences"]
    ]
    if comparison["not_read"]:
        lines.append(f"  not counted, because only one side has them: {' '.join(comparison['not_read'])}")
    return "\n".join(lines)


def _cell(value):
    """`3/4 75 % (30–95)`; a dash for 0 of 0."""
    if value["share"] is None:
        return "–"
    shares = [round(100 * value[name]) for name in ("share", "low", "high")]
    return "{}/{} {} % ({}–{})".format(value["count"], value["total"], *shares)
