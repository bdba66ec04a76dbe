#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# The worked example of a distributed source NAT, values from a daemon. It is
# py/snatd.py in place of natd: see class Service in py/snatlab.py.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/snat.bash"
snat_set_up service
snat_cases service
snat_stacks
snat_daemon
snat_connections
done_testing
