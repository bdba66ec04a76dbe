#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# The same as tunnel_marks.sh, with IPv6: in machines, router and middlebox, and below the tunnels.
export INNER=6 OUTER=6
. "$(dirname "$0")/tunnel_marks.sh"
