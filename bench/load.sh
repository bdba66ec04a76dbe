#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# load.sh [N...] - entries a second: loaded by `weft flow load` in one transaction, listed, deleted.
#
# Runs in a guest: tools/guest -g uml -o OUTDIR -- 'weft-load; bench/load.sh'. Prints a row of JSON for
# each figure; the median of five rounds. Sizes are interleaved, as the machine's speed drifts.
set -eu
sizes=("${@:-10000}")
[ $# -gt 0 ] || sizes=(10000 50000 200000)
rounds=5
tmp=$(mktemp -d)
trap 'ip netns del bench-load 2>/dev/null || :; rm -rf "$tmp"' EXIT
ip netns add bench-load
weft() { command weft -n bench-load "$@"; }
weft dp add load >/dev/null

for n in "${sizes[@]}"; do
	awk -v n="$n" 'BEGIN { for (i = 0; i < n; i++)
		printf "table=%d, priority=%d, ldp=%d, tcp, ip_src=10.%d.%d.%d, tcp_dst=%d actions= load:lout=%d, goto:9\n",
			i % 8, i % 3, i % 100, i / 65536, i / 256 % 256, i % 256, i % 60000, i % 500 }' >"$tmp/$n"
done

timed() { # KEY COMMAND...: append entries a second
	local key=$1 n=${1##*.} start end
	shift
	start=$(date +%s%N)
	"$@" >/dev/null
	end=$(date +%s%N)
	echo $((n * 1000000000 / (end - start))) >>"$tmp/$key"
}

for _ in $(seq $rounds); do
	for n in "${sizes[@]}"; do
		timed "load.$n" weft flow load "$tmp/$n"
		timed "show.$n" weft flow show
		timed "flush.$n" weft flow flush
	done
done
for key in "$tmp"/*.*; do
	sort -n "$key" | awk -v key="${key##*/}" -v rounds=$rounds '
		{ v[NR] = $1 }
		END { printf "{\"group\":\"B10\",\"case\":\"%s\",\"dut\":\"weft\",\"median\":%d,\"min\":%d,\"max\":%d,\"unit\":\"per_s\",\"rounds\":%d}\n",
			key, v[int((NR + 1) / 2)], v[1], v[NR], rounds }'
done
