#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tests of the weft command lie in tests/cli; this runs them with the others."""
import os
import sys

run = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli", "run")
os.execv(run, [run] + sys.argv[1:])
