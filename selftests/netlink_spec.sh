#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 60
# The kernel's netlink policies are those of Documentation/netlink/specs/weft.yaml.
. "$(dirname "$0")/lib.sh"
weft_load
spec=$LIB_DIR/../tests/spec/check_spec.py

out=$("$spec" --kernel 2>&1)
is $? 0 'policies agree with the specification' || diag "$out"
done_testing
