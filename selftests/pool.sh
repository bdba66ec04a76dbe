#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 60
# Pools: made, changed, reported and deleted; what is refused, and with which words.
. "$(dirname "$0")/lib.sh"
weft_load
ns_add pools

in_ns pools "$LIB_DIR/py/pool.py" 2>&1 | sed -u 's/^/# /'
is "${PIPESTATUS[0]}" 0 'pools'
done_testing
