#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# The same as relay.sh with IPv6: of machines and router, and below the tunnels.
export RELAY_IP=6
. "$(dirname "$0")/relay.sh"
