#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Manuals: they are well-formed, and they know every command, option, field
# and drop reason.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

man=$root/Documentation/man

# A manual as plain text on one line, without overstriking
text()
{
	if command -v mandoc >/dev/null; then
		mandoc -T ascii -O width=1000 "$man/$1" | sed 's/.\x08//g'
	else
		cat "$man/$1"
	fi
}

for page in "$man"/*.[1-9]; do
	name=${page##*/}
	if command -v mandoc >/dev/null; then
		check "$name is well-formed" mandoc -T lint -W error "$page"
	else
		skip "$name is well-formed" "no mandoc"
	fi
	check "$name has a licence" grep -q '^\.\\" SPDX-License-Identifier: Apache-2.0$' "$page"
	is "$name refers to manuals that exist" "$(
		sed -n 's/^\.Xr \(weft[a-z-]*\) \([1-9]\).*/\1.\2/p' "$page" | sort -u |
			while read -r other; do
				[ -e "$man/$other" ] || echo "$other"
			done
	)" ""
done

while read -r object command; do
	page=weft-$object.8
	is "$page tells of weft $object $command" \
		"$(text "$page" 2>/dev/null | grep -c "^ *weft $object${command:+ $command}\b" | sed 's/[1-9].*/many/')" many
done < <(commands)

main=$(text weft.8)
for option in $(weft help | sed -n '/OPTIONS :=/,/}/p' | grep -o -- '-[a-zA-Z]' | sort -u); do
	like "weft.8 tells of $option" "$main" "*
*${option}[, ]*"
done

# Words of each usage line that are literal: they are in the object's manual
missing=
while read -r object; do
	page=$(text "weft-$object.8")
	for word in $(weft "$object" help | sed -n '/^Usage/,/^$/p' | grep -o '\b[a-z_]\{2,\}\b' | sort -u); do
		grep -q "\b$word\b" <<<"$page" || missing+=" $object:$word"
	done
done < <(commands | cut -d' ' -f1 | sort -u)
is "every word of a usage line is in its manual" "$missing" ""

flows=$(text weft-flows.7)
missing=
header=$root/uapi/linux/weft.h
for word in $(sed -n 's/^ \* @WEFT_FIELD_\([A-Z0-9_]*\):.*/\1/p
	/^enum weft_drop {/,/__WEFT_DROP_MAX,/s/^\tWEFT_DROP_\([A-Z0-9_]*\)[,= ].*/\1/p' "$header" |
	grep -v 'UNSPEC\|USER\|TUN_OPT' | tr '[:upper:]' '[:lower:]'); do
	grep -q "\b$word\b" <<<"$flows" || missing+=" $word"
done
is "weft-flows.7 tells of every field and drop reason" "$missing" ""

finish
