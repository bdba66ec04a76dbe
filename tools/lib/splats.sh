# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# splats.sh - what in a kernel log means that something is wrong; sourced.

splat_pattern='WARNING: |BUG: |BUG [a-z0-9_-]+ \(|kernel BUG at|Oops[: ]|general protection fault'
splat_pattern+='|Kernel panic|unable to handle|blocked for more than|detected (expedited )?stall'
splat_pattern+='|rcu_[a-z]+ kthread starved|UBSAN: |KASAN: |KCSAN: |ODEBUG: |refcount_t: |[a-z_]+ corruption'
splat_pattern+='|unregister_netdevice: waiting|leaked reference|has [0-9]+ users'
splat_pattern+='|suspicious RCU|scheduling while atomic|sleeping function called'
splat_pattern+='|soft lockup|hard LOCKUP|unbalanced|percpu ref|skb_over_panic|hw csum failure'
splat_pattern+='|Modules linked in'

# splats FILE: print the reports that a kernel log holds, with some lines around; 0 when none.
# Debug UML reports two RCU usages of its own in the maple tree when it boots: not ours. Nor is what
# Debian's 6.12 says once when geneve.ko receives any options: it copies them behind a structure whose
# size its fortified memcpy takes for the limit. The kernel has data races of its own that it puts up with;
# the line that reports one names both functions.
splats() {
	local clean
	clean=$(sed '/BUG: KCSAN:/{/weft/!d}' "$1" | awk '
		/WARNING: suspicious RCU usage/ { held = $0; n = 1; next }
		n == 1 { held = held "\n" $0; if (++seen > 4 || /maple_tree/) {
				if (/maple_tree/) skip = 1
				if (!skip) print held
				n = 0; seen = 0; skip = 0 }
			next }
		{ print }
		END { if (n) print held }' | awk '
		/\[ cut here \]/ && !block { block = $0; next }
		block { block = block "\n" $0
			if (/end trace/) {
				if (block !~ /field-spanning write.*net\/ip_tunnels\.h/ ||
				    block !~ /WARNING: .*geneve_udp_encap_recv/)
					print block
				block = "" }
			next }
		{ print }
		END { if (block) print block }')
	grep -E -B 3 -A 40 -- "$splat_pattern" <<<"$clean" | head -n "${2:-150}"
	! grep -qE -- "$splat_pattern" <<<"$clean"
}
