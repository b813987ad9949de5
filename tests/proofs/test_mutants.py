"""Which survivors fail a run of mutants.py, and which reasons."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import mutants

ONE = ("kernel", "add r8 1", "left out")
ENTRIES = {"kernel", "other"}


class Survivors(unittest.TestCase):
    def test_one_without_a_reason_is_told(self):
        self.assertEqual(list(mutants.unexplained({}, [ONE])), [(*ONE, 1)])
        self.assertEqual(list(mutants.unexplained({ONE: 1}, [ONE, ONE])), [(*ONE, 2)])
        self.assertEqual(list(mutants.unexplained({ONE: 2}, [ONE, ONE])), [])
        self.assertEqual(list(mutants.unexplained({("*", *ONE[1:]): 1}, [ONE])), [])

    def test_a_reason_that_nothing_needs_is_told(self):
        self.assertEqual(list(mutants.stale({ONE: 1}, [], {"kernel"}, ENTRIES)), [(*ONE, 1)])
        self.assertEqual(list(mutants.stale({ONE: 2}, [ONE], {"kernel"}, ENTRIES)), [(*ONE, 2)])
        self.assertEqual(list(mutants.stale({ONE: 1}, [ONE], {"kernel"}, ENTRIES)), [])

    def test_a_reason_for_an_entry_that_was_not_tried_stands(self):
        self.assertEqual(list(mutants.stale({ONE: 1}, [], {"other"}, ENTRIES)), [])

    def test_a_reason_for_no_entry_is_told(self):
        self.assertEqual(list(mutants.stale({ONE: 1}, [], set(), {"other"})), [(*ONE, 1)])

    def test_a_reason_for_any_entry_is_told_once_all_were_tried(self):
        any_entry = {("*", *ONE[1:]): 1}
        self.assertEqual(list(mutants.stale(any_entry, [], {"kernel"}, ENTRIES)), [])
        self.assertEqual(list(mutants.stale(any_entry, [], ENTRIES, ENTRIES)), [("*", *ONE[1:], 1)])
        self.assertEqual(list(mutants.stale(any_entry, [ONE], ENTRIES, ENTRIES)), [])

    def test_a_line_needs_a_reason_and_stands_once(self):
        line = " | ".join([*ONE, "1", "it changes nothing"])
        for text, good in ((line, True), (f"{line}\n{line}", False), (line.replace("it changes nothing", " "), False)):
            with tempfile.TemporaryDirectory() as folder, mock.patch.object(mutants, "SURVIVORS", Path(folder) / "survivors.txt"):
                mutants.SURVIVORS.write_text(text)
                if good:
                    self.assertEqual(mutants.known(), {ONE: 1})
                else:
                    self.assertRaises(ValueError, mutants.known)


if __name__ == "__main__":
    unittest.main()
