#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# The worked example of a distributed source NAT, values from pools in the kernel.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/snat.bash"
snat_set_up kernel
snat_cases kernel
snat_stacks
snat_connections
done_testing
