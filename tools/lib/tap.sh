# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# tap.sh - counting results; sourced.  Every part of a check ends with a line that
#   WHAT: P passed, F failed[, S skipped]

passed=0 failed=0 skipped=0

# count_tap FILE: add a file's results.  One that ended badly, or gave none, is a failure.
count_tap() {
	local p f s r
	read -r p f s r < <(awk '
		/^ *ok .*# *[Ss][Kk][Ii][Pp]/ { s++; next }
		/^1\.\.0.*# *[Ss][Kk][Ii][Pp]/ { s++; all = 1; next }
		/^ *ok / { p++ }
		/^ *not ok .*# *[Tt][Oo][Dd][Oo]/ { s++; next }
		/^ *not ok / { f++ }
		/^Bail out!/ { f++ }
		/^1\.\.[0-9]+/ { planned = 1 }
		/^# status / { rc = $3 + 0; known = 1 }
		END {
			if (!f && !all && (!known || rc || !planned)) f++
			print p + 0, f + 0, s + 0, rc + 0
		}' "$1")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	return $((f > 0))
}

# summary WHAT: the last line; its status says whether all is well
summary() {
	echo "$1: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] && [ $((passed + skipped)) -gt 0 ]
}
