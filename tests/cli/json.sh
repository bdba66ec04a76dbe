#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# JSON that the command prints is JSON.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

flow='table=12, priority=100, cookie=0x5, ldp=7, ip, ip_dst=10.0.2.0/24 actions=set:eth_src=02:00:00:00:00:02, load:lout=5, goto:20'

run weft -j flow parse "$flow"
is "-j: status" "$status$err" 0
check "-j: valid" jq -e . "$tmp/out"
is "-j: one line" "$(wc -l <"$tmp/out")" 1
is "-j: table" "$(jq .table "$tmp/out")" 12
is "-j: priority" "$(jq .priority "$tmp/out")" 100
is "-j: three actions" "$(jq '.actions | length' "$tmp/out")" 3
compact=$(jq -S . "$tmp/out")
run weft -p flow parse "$flow"
check "-p: valid" jq -e . "$tmp/out"
is "-p: the same" "$(jq -S . "$tmp/out")" "$compact"
check "-p: more than one line" [ "$(wc -l <"$tmp/out")" -gt 1 ]
run weft -j -p flow parse "$flow"
is "-j -p: the same" "$(jq -S . "$tmp/out")" "$compact"
run weft -jp flow parse "$flow"
is "-jp: the same" "$(jq -S . "$tmp/out")" "$compact"
run weft --json flow parse "$flow"
is "--json: the same" "$(jq -S . "$tmp/out")" "$compact"

run weft -j flow parse nonsense
is "an error is no JSON on standard output" "$status$out" 2

finish
