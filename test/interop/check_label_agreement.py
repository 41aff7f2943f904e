"""The agreement of readings with Gyre's labels, of a key and two readings whose counts are known by hand."""

import json
import sys
import unittest

import gyre

sys.path.insert(0, str(gyre.ROOT / "bench"))
import label_agreement

KEY = [
    ("01", "learned", "steady"),
    ("02", "learned", "rising"),
    ("03", "degraded", "steady"),
    ("04", "non-finite", "none"),
]
A = "picture,outcome,motion\n01,learned,steady\n2.png,degraded,steady\n03,degraded,steady\n04,non-finite,\n"
B = "picture,outcome,motion\n01,learned,steady\n02,learned,rising\n03,degraded,steady\n"


def write(name, text):
    path = gyre.scratch() / name
    path.write_text(text)
    return path


class Agreement(unittest.TestCase):
    def setUp(self):
        pictures = [dict(zip(("picture", "outcome", "motion"), row)) for row in KEY]
        self.key = write("key.json", json.dumps({"pictures": pictures}))

    def compared(self):
        result = label_agreement.compare(self.key, [write("a.csv", A), write("b.csv", B)])
        return {(row["first"], row["second"], row["label"]): row for row in result["comparisons"]}

    def test_counts_each_word_by_itself(self):
        comparison = self.compared()["Gyre", "a", "outcome"]
        counts = {
            row["word"]: [
                (row[name]["count"], row[name]["total"]) for name in ("first_confirmed", "second_found", "agreement")
            ]
            for row in comparison["words"]
        }
        expected = {
            "non-finite": [(1, 1), (1, 1), (1, 1)],
            "degraded": [(1, 1), (1, 2), (1, 2)],
            "learned": [(1, 2), (1, 1), (1, 2)],
        }
        self.assertEqual(counts, expected)
        self.assertEqual(comparison["differences"], [{"picture": "02", "first": "learned", "second": "degraded"}])

    def test_compares_readings_on_the_pictures_that_both_have(self):
        comparison = self.compared()["a", "b", "motion"]
        self.assertEqual((comparison["same"]["count"], comparison["same"]["total"]), (2, 3))
        self.assertEqual(comparison["not_read"], ["04"])

    def test_intervals_are_those_of_wilson(self):
        # 8 of 10: (0.8 + z²/20 ± z √(0.016 + z²/400)) / (1 + z²/10) with z = 1.96.
        interval = label_agreement.share(8, 10)
        self.assertAlmostEqual(interval["low"], 0.4902, 4)
        self.assertAlmostEqual(interval["high"], 0.9433, 4)

    def test_reports_all_mistakes_of_a_reading_together(self):
        reading = write("c.csv", "picture,outcome,motion\n01,fine,steady\n09,learned,steady\n01,learned,steady\n")
        with self.assertRaises(SystemExit) as raised:
            label_agreement.compare(self.key, [reading])
        self.assertEqual(len(str(raised.exception).splitlines()), 3)


if __name__ == "__main__":
    unittest.main()
