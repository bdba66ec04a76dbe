#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Batches: where they stop, what they say and with which status they end.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

batch()
{
	cat >"$tmp/batch"
	run weft "$@" -b "$tmp/batch"
	err=${err//$tmp\//}
}

batch </dev/null
is "an empty batch" "$status$out$err" 0

batch <<'END'
# nothing but comments

   # and blank lines
END
is "comments" "$status$out$err" 0

batch <<'END'
flow parse table=1, ip actions=drop	# a comment
flow parse "table=2, ip actions=drop"
flow parse 'table=3, ip' actions=drop
flow \
	parse table=4 \
	actions=drop
END
is "lines of all kinds: status" "$status$err" 0
is "lines of all kinds: each was done" "$(grep -o 'table=[0-9]' <<<"$out" | tr '\n' ' ')" \
	"table=1 table=2 table=3 table=4 "

batch <<'END'
flow parse table=1 actions=drop

# the next line is number 4
dp add
flow parse table=2 actions=drop
END
is "an error ends it: status" "$status" 2
is "an error ends it: place" "$err" \
	"weft: batch:4: the datapath's name is missing; see: weft dp add help"
is "an error ends it: what came before was done" "$(grep -c . <<<"$out")" 1

batch -f <<'END'
flow parse table=1 actions=drop
dp add
nonsense
flow parse table=2 actions=drop
END
is "-f goes on: status" "$status" 4
is "-f goes on: all was done" "$(grep -c . <<<"$out")" 2
like "-f goes on: all errors are told" "$err" "weft: batch:2: *
weft: batch:3: *"

batch -f <<'END'
flow parse table=1 actions=drop
END
is "-f without errors" "$status$err" 0

batch <<'END'
flow parse 'table=1
END
is "a quote that is not closed" "$status $err" "2 weft: batch:1: a quote is not closed"

batch <<'END'
flow parse \
	table=1, nonsense=2 \
	actions=drop
END
like "an error in a continued line is told by its first" "$status $err" "2 weft: batch:1: *"

echo 'dp add' | weft -b - >/dev/null 2>"$tmp/err"
is "standard input" "$? $(cat "$tmp/err")" \
	"2 weft: <stdin>:1: the datapath's name is missing; see: weft dp add help"

run weft -b "$tmp/nowhere"
is "a batch that is not there" "$status $err" \
	"1 weft: cannot read $tmp/nowhere: No such file or directory"
run weft -b "$tmp/batch" dp show
is "a batch and a command" "$status" 2

batch -j <<'END'
flow parse table=1 actions=drop
flow parse table=2 actions=drop
END
check "-j: a value a command" jq -e . "$tmp/out"
is "-j: as many as commands" "$(jq -c .table "$tmp/out" | tr '\n' ' ')" "1 2 "

finish
