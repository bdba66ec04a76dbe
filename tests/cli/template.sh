#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# weft template parse: the usual form of templates, files of them, and where it says that
# the error is. Pools and instances, as far as words go without a kernel.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

# What is printed can be read again and is printed the same, as words and as a file.
good()
{
	local text

	run weft template parse "$1"
	is "good: $1" "$status$err" 0
	text=$out
	run weft template parse "$text"
	is "and again" "$status $out" "0 $text"
	printf '# a comment\n%s\n\n' "$text" >"$tmp/file"
	run weft template parse -f "$tmp/file"
	is "and from a file" "$status $out" "0 $text"
	run weft -j template parse "$text"
	check "as JSON" jq -e '.id and .entries[0].name' "$tmp/out"
}

good '5 a: table=1 actions=drop'
good 'template 5 snat mode=kernel pool=3 slice=9 track=state tcp_established=7440 fail_timeout=1 forward: table=14, priority=+1, ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, $sport, $dport actions= set:ip_src=@ip, set:l4_src=@port, goto:15 reverse: reply, table=11, ldp=$ldp, $proto, ip_src=$ip_dst, ip_dst=@ip, l4_src=$l4_dst, l4_dst=@port actions= set:ip_dst=$ip_src, set:l4_dst=$l4_src, goto:12 fail: drop:pool_exhausted'
good '6 "a b" mode=service service=nat pending_packets=1 e when=ipv4|ipv6|echo: wide, table=1, priority=7, $proto, icmp_id=$icmp_id actions=load:reg0=@v5, template:7 fail: drop:rejected for 0.5s'
good '8 mac idle=300 limit=$reg9:ldp+lin limit=64:ip_src limit=9 fallback=continue mac: table=8, priority=50, ldp=$ldp, eth_dst=$eth_src actions= set:lout=$lin, goto:12'
good '7 map_field=ip_dst x: table=0, priority=-1, arp, arp_tpa=$arp_spa actions=output:in_port'

run weft template parse 5 a: table=1, ip actions=drop b: reply, table=2 actions=drop
is "words need no quotes" "$status $(wc -l <<<"$out")" "0 3"

cat >"$tmp/two" <<'END'
# two of them
template 1 one mode=kernel
  a: table=1, ldp=$ldp,		# goes on
     ip actions=set:ip_src=@ip, \
     goto:2
template 2
  a: table=1 actions=drop
END
run weft template parse -f "$tmp/two"
is "a file: status" "$status$err" 0
is "a file: both" "$(grep -c ^template <<<"$out")" 2
run weft -j template parse -f "$tmp/two"
is "a file as JSON" "$(jq -c '[.[].id]' "$tmp/out")" "[1,2]"
weft template parse -f - <"$tmp/two" >"$tmp/out" 2>&1
is "standard input" "$? $(grep -c ^template "$tmp/out")" "0 2"
: >"$tmp/empty"
run weft template parse -f "$tmp/empty"
is "an empty file" "$status$out$err" 0
run weft template parse -f "$tmp/nowhere"
is "a file that is not there" "$status $err" \
	"1 weft: cannot read $tmp/nowhere: No such file or directory"

cat >"$tmp/bad" <<'END'
template 1
  a: table=1 actions=drop

template 2 x
  b: table=1,
     ip_src=$eth_src actions=drop
END
run weft template parse -f "$tmp/bad"
is "an error in a file" "$status ${err//$tmp\//}" "2 weft: bad:6:13: eth_src has 6 bytes, ip_src has 4
       ip_src=\$eth_src actions=drop
              ^~~~~~~~"
sed -i 's/\$eth_src/$ip_src/; s/b: table=1/b: table=x/' "$tmp/bad"
run weft template parse -f "$tmp/bad"
like "another line of it" "$status ${err//$tmp\//}" "2 weft: bad:5:12: table 'x' is not a number*"
sed -i 's/^ *b:/  b/' "$tmp/bad"
run weft template parse -f "$tmp/bad"
like "no entry" "$status ${err//$tmp\//}" "2 weft: bad:5:3: unexpected 'b': NAME=VALUE, or ENTRY:*"
printf 'template 1\0' >"$tmp/nul"
run weft template parse -f "$tmp/nul"
is "a NUL byte" "$status ${err//$tmp\//}" "2 weft: nul: a NUL byte in the file"

# COLUMN WIDTH TEXT: the error is marked there
bad()
{
	local column=$1 width=$2 text=$3 mark

	run weft template parse "$text"
	is "bad: $text: status" "$status" 2
	like "bad: $text: column" "$err" "weft: template: column $column: *"
	mark=$(printf '%*s^%s' $((column - 1)) '' "$(printf '%*s' $((width - 1)) '' | tr ' ' '~')")
	is "bad: $text: mark" "$(tail -n 2 <<<"$err")" "  $text
  $mark"
}

bad 1 1 'x a: table=1 actions=drop'
bad 8 4 '5 mode=both a: table=1 actions=drop'
bad 14 6 '5 a: table=1 colour=1 actions=drop'
bad 9 4 '5 limit=$ldp:lin a: table=1 actions=drop'
bad 16 6 '5 limit=64:lin+colour a: table=1 actions=drop'
bad 12 2 '5 fallback=go a: table=1 actions=drop'
bad 18 3 '5 a: table=1 lin=@ip ldp=$ldp actions=drop'
bad 14 6 '5 a: table=1 ip_sec=$ip_src actions=drop'
bad 14 14 '5 a: table=1 ip_src=$ip_src actions=drop'
bad 10 4 '5 a when=ipv5: table=1 actions=drop'
bad 33 3 '5 a: table=1 actions=set:ip_src=@iq, goto:1'
bad 38 4 '5 a: table=1 actions=drop fail: drop:much'

run weft template parse '5 a: actions=drop'
like "an entry without a table" "$status $err" "2 *table= of 'a' is missing*"
run weft flow parse 'ip actions=set:ip_src=@ip'
like "a variable in a flow" "$status $err" "2 *'@ip': only entries of templates have such values*"
run weft flow parse 'ip actions=template:5'
is "template:ID in a flow" "$status $out" "0 table=0, priority=32768, ip  actions= template:5"
run weft flow parse 'ip actions=template:5,goto:9'
is "and others behind it" "$status $out" "0 table=0, priority=32768, ip  actions= template:5, goto:9"

pool()
{
	run weft pool "$@"
	like "weft pool $*" "$status $err" "2 weft: pool: column $column: $message*"
}

column=3 message="'11.0.1' is not an IP address" pool add 3 11.0.1
column=12 message="'11.0.1.1' is below '11.0.1.9'" pool add 3 11.0.1.9-11.0.1.1
column=12 message="port '70000' is out of range" pool add 3 11.0.1.1:70000
column=10 message="choice 'best'*" pool add 3 choice=best
column=7 message="'10.0.0.1': FROM=TO is needed" pool add 4 map 10.0.0.1
column=3 message="unexpected '11.0.1.1': +RANGE" pool set 3 11.0.1.1
column=2 message="nothing to change" pool set 3

finish
