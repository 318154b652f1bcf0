"""The cases of tests/bench/run, by what they are about. See harness.py for what a case is."""
