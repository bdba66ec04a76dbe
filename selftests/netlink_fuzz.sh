#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
# Malformed messages: the kernel survives, what it refuses changes nothing, and it says why.
#
#   ns fuzz: datapath "fuzz" with ports p1, p2 --- q1, q2
. "$(dirname "$0")/lib.sh"
weft_load
ns_add fuzz
for i in 1 2; do
	veth "fuzz:p$i" "fuzz:q$i"
done

# the same messages in each run, unless asked for others: WEFT_SEED=$(date +%s)
in_ns fuzz "$LIB_DIR/py/nlfuzz.py" --seed "${WEFT_SEED:-1}" \
	--count "${WEFT_FUZZ_COUNT:-$(scaled 10000)}" p1 p2 2>&1 | sed -u 's/^/# /'
is "${PIPESTATUS[0]}" 0 'malformed messages do no harm'
done_testing
