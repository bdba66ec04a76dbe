# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# plain.sh - Weft, and no tunnel: what the switches at both ends cost

plain_tunnels='stt'

plain_tunnel() { # DUT PORT LOCAL REMOTE: no tunnel, both directions
	weft_both weft0 "$2" u0
}

plain_undo() { :; }
