#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tour.py FILE - run the console blocks of a Markdown file and compare what they print.

In a block, "# " begins a command, "> " goes on with it, other lines are its output, in which
"…" stands for anything. Output is TAP, a result for each command.
"""
import re
import subprocess
import sys

import frame

TAP = frame.Tap()


def commands(text):
    for block in re.findall(r"^```console\n(.*?)^```", text, re.S | re.M):
        command, output = None, []
        for line in block.splitlines():
            if line.startswith("# "):
                if command is not None:
                    yield command, output
                command, output = line[2:], []
            elif line.startswith("> "):
                command += "\n" + line[2:]
            else:
                output.append(line)
        yield command, output


def pattern(lines):
    return "\n".join(".*".join(map(re.escape, line.split("…"))) for line in lines)


with open(sys.argv[1], encoding="utf-8") as file:
    for cmd, lines in commands(file.read()):
        done = subprocess.run(["bash", "-c", cmd], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        got = done.stdout.rstrip("\n")
        TAP.ok(re.fullmatch(pattern(lines), got), cmd.splitlines()[0], f"got:\n{got}",
               "expected:\n" + "\n".join(lines))
TAP.done()
