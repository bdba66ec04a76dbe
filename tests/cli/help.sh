#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Help at every level, abbreviations, and words that are none of ours.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

objects="dp port table flow txn pool template instance label packet monitor stats service tunnel"

run weft help
is "weft help succeeds" "$status" 0
is "weft help is silent on standard error" "$err" ""
for object in $objects; do
	like "weft help lists $object" "$out" "*
  weft $object *"
done
help=$out
run weft --help
is "weft --help is the same" "$out" "$help"
run weft
is "weft alone is a usage error" "$status" 2
is "weft alone prints help to standard error" "$err" "$help"

for object in $objects; do
	run weft "$object" help
	is "weft $object help succeeds" "$status" 0
	like "weft $object help prints usage" "$out" "Usage: weft $object*"
	like "weft $object help names its manual" "$out" "*weft-$object(8)*"
done

while read -r object command; do
	[ -n "$command" ] || continue
	run weft "$object" "$command" help
	is "weft $object $command help succeeds" "$status" 0
	like "weft $object $command help prints usage" "$out" "Usage: weft $object $command*"
done < <(commands)

run weft -V
like "-V prints the version" "$status $out" "0 weft [0-9]*"
run weft --version
like "--version too" "$status $out" "0 weft [0-9]*"

run weft nonsense
is "unknown object: status" "$status" 2
is "unknown object: message" "$err" 'weft: unknown object "nonsense"; see: weft help'
run weft flow nonsense
is "unknown command: status" "$status" 2
is "unknown command: message" "$err" 'weft: unknown command "nonsense"; see: weft flow help'
run weft -Z
is "unknown option" "$status $err" '2 weft: unknown option "-Z"; see: weft help'
run weft --nonsense
is "unknown long option" "$status $err" '2 weft: unknown option "--nonsense"; see: weft help'
run weft -b
is "option without its value" "$status $err" '2 weft: option "-b" needs a value; see: weft help'
run weft dp show a b
is "word too many" "$status $err" '2 weft: unexpected word "b"; see: weft dp show help'

run weft po sh help
like "prefixes of object and command" "$status $out" "0 Usage: weft port show*"
run weft p s help
like "port and show are preferred" "$status $out" "0 Usage: weft port show*"
run weft flow d x
is "ambiguous command" "$status $err" '2 weft: "d" could mean: del, dump; see: weft flow help'
run weft s
is "ambiguous object" "$status $err" '2 weft: "s" could mean: stats, service; see: weft help'

finish
