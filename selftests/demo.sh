#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 200
# The demo's facts: who may talk talks, tenants are apart, counters show the way of a packet.
. "$(dirname "$0")/lib.sh"
weft_load
"${WEFT_TOP:?}/examples/demo/run.sh" >"$TMP/demo" 2>&1
rc=$?
while read -r result what; do
	if [ "$result" = ok ]; then pass "$what"; else fail "$what"; fi
done < <(sed -n '/Summary/,$p' "$TMP/demo" | grep -E '^   (ok|FAILED) ')
is $rc 0 'the demo says that all is well'
ok 'it shows the topology' grep -q 'core1 ---' "$TMP/demo"
[ $rc = 0 ] || diag "$(cat "$TMP/demo")"
done_testing
