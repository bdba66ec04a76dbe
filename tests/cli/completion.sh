#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Completion: the function is called as the shell would call it, with a weft in
# the path that answers for a datapath with two ports.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
# shellcheck source=netlink/completion/weft
. "$root/netlink/completion/weft"

mkdir "$tmp/bin"
cat >"$tmp/bin/weft" <<'END'
#!/bin/sh
netns=
[ "$1" = -n ] && netns=$2- && shift 2
case "$*" in
"dp show") printf '%s\n' "${netns}br0: ports 2" "br1: ports 0" ;;
"port show") printf '%s\n' "1: vm1 dp br0" "2: vm2 dp br0" ;;
"port show dp br1") printf '%s\n' "7: tap7 dp br1" ;;
"table show") printf '%s\n' "table 0: flows 1" "table 12: flows 0" ;;
"service show") printf '%s\n' "arp: members 1" ;;
"label show") printf '%s\n' "703 lport 7:3" "705 lport 7:5" ;;
"pool show") printf '%s\n' "3 11.0.1.1:1024-65535" "41 map 10.0.0.1=11.0.0.1" ;;
"template show") printf '%s\n' "template 5 snat mode=kernel" "  forward: table=1  actions= drop" "template 51" ;;
esac
END
chmod +x "$tmp/bin/weft"
real=$PATH

# complete_words WORD...: what the last one may become, in $out, sorted
complete_words()
{
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMP_WORDBREAKS=$' \t\n'
	COMPREPLY=()
	PATH=$tmp/bin:$real
	_weft
	PATH=$real
	out=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
	out=${out% }
}

completes()
{
	local wanted=$1

	shift
	complete_words "$@"
	is "${*:-nothing}" "$out" "$wanted"
}

has()
{
	local wanted=$1

	shift
	complete_words "$@"
	like "$*: $wanted" " $out " "* $wanted *"
}

check "complete -p weft" complete -p weft
completes "packet pool port" weft p
completes "table template txn" weft t
completes "set show" weft port s
completes "dump" weft flow du
completes "listen" weft packet l
has --json weft --
completes "br0 br1 help" weft dp del ""
completes "help host1-br0" weft -n host1 dp del h
completes "max_cached max_flows max_instances max_instances_port max_instances_slice" weft dp add br2 ""
completes "max_cached" weft dp set br0 max_c
completes "" weft dp add br2 max_flows ""
completes "" weft dp add br2 max_flows 5 max_cached ""
completes "fabric service vif" weft port add eth0 class ""
completes "geneve gre internal netdev stt" weft port add eth0 type ""
completes "lport" weft port add eth0 l
completes "none" weft port set vm1 lport ""
completes "br0 br1" weft port show dp ""
has vm1 weft port del v
completes "vm1 vm2" weft port set v
completes "tap7" weft port show dp br1 t
has 12 weft table show ""
completes "miss" weft table set 0 m
has none weft table set 0 miss ""
has drop weft table set 0 miss d
has arp weft packet listen ""
has credits weft packet listen arp c
completes "in_port=" weft packet inject in_p
completes "in_port=vm1 in_port=vm2" weft packet inject in_port=v
has "ip_dst=" weft flow add table=1, ip_
has "table=1,ip,ip_dst=" weft flow add table=1,ip,ip_d
completes "table=1,in_port=vm1 table=1,in_port=vm2" weft flow add table=1,in_port=v
has "actions=" weft flow add ip a
completes "output:lout" weft flow add ip actions=drop, output:l
completes "actions=output:vm1 actions=output:vm2" weft flow add ip actions=output:v
has "goto:12" weft flow add ip actions= goto:1
has "push_vlan" weft flow add ip actions= pu
has filter weft flow del f
has replace weft flow add r
touch "$tmp/flows"
has "$tmp/flows" weft flow load "$tmp/fl"
has "$tmp/flows" weft txn "$tmp/fl"
has "$tmp/flows" weft -b "$tmp/fl"
has "$tmp/flows" weft template add -f "$tmp/fl"
has "$tmp/flows" weft instance import "$tmp/fl"
completes "dp drops" weft stats d
completes "service" weft monitor s
completes "del help set show" weft tunnel ""
completes "vm1 vm2" weft tunnel set vm
completes "dp fallback state" weft tunnel set vm1 192.0.2.1 ""
completes "down" weft tunnel set vm1 192.0.2.1 state d
completes "none" weft tunnel set vm1 192.0.2.1 fallback ""
completes "template" weft monitor te
completes "3 41 dp help" weft pool del ""
completes "703 705 dp help" weft label del ""
completes "lport" weft label add 7 l
completes "41" weft pool set 4
completes "choice=preserve choice=random choice=sequential" weft pool add 3 11.0.0.1 c
completes "5 51 dp help" weft template show ""
completes "-f dp help" weft template add ""
completes "pool=3 pool=41" weft template add 5 snat pool=
completes "mode=kernel mode=service" weft template add 5 snat mode=
completes "fallback=continue fallback=drop" weft template add 5 snat fallback=
has limit= weft template add 5 snat l
has '$proto' weft template add 5 snat forward: table=14 '$p'
has "template:51" weft flow add ip actions= template:5
completes "template=5 template=51" weft instance cut template=
completes "state=tcp_closed state=tcp_closing" weft instance show state=tcp_cl
completes "port=vm1 port=vm2" weft instance export port=v
has all weft instance cut a
completes "--count" weft monitor --c
has dp weft flow flush ""

# As readline has it: what is before "=" or ":" stays on the line
COMP_WORDS=(weft flow add "table=1,in_port=v")
COMP_CWORD=3
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
COMPREPLY=()
PATH=$tmp/bin:$real
_weft
PATH=$real
is "words that readline parts" "${COMPREPLY[*]}" "vm1 vm2"

# Every command and literal word of the help is completed.
missing=
while read -r object command; do
	complete_words weft "$object" "$command"
	[ -z "$command" ] || [[ " $out " == *" $command "* ]] || missing+=" $object:$command"
done < <(commands)
is "every command is completed" "$missing" ""

missing=
while read -r object command; do
	keywords=$(__weft_keywords "$object.$command" | tr '=' ' ')
	for word in $(weft "$object" ${command:+"$command"} help | sed -n '/^Usage/,/^$/p' |
		sed "s/^Usage: *//; s/^ *weft $object .*drops.*//; s/weft $object $command//" |
		grep -o '\b[a-z_]\{2,\}\b' | sort -u); do
		case $word in
		netdev | internal | geneve | gre | stt | vif | fabric | service | none) [ "$object" = port ] && continue ;;
		esac
		case $object.$command:$word in
		table.set:none | tunnel.set:none) continue ;;
		esac
		[[ " ${keywords//=/} " == *[\ -]"$word "* ]] || missing+=" $object.$command:$word"
	done
done < <(commands)
is "every keyword is completed" "$missing" ""

finish
