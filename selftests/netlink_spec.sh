#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 60
# The kernel's netlink policies are those of Documentation/netlink/specs/weft.yaml, and what is
# set is what is dumped.
. "$(dirname "$0")/lib.sh"
weft_load
spec=$LIB_DIR/../tests/spec/check_spec.py

out=$("$spec" --kernel 2>&1)
is $? 0 'policies agree with the specification' || diag "$out"

ns_add id
out=$(in_ns id /usr/bin/python3 "$LIB_DIR/py/identity.py" 2>&1)
is $? 0 'random matches come back as they were set'
diag "$out"
done_testing
