# SPDX-License-Identifier: Apache-2.0
# tap.bash - what the tests in this folder share; to be sourced.
#
# check NAME COMMAND...   one test: does the command succeed?
# run COMMAND...          run it; leave $status, $out and $err
# is NAME GOT WANTED      one test: are they equal?
# like NAME GOT PATTERN   one test: does the glob pattern match?
# finish                  print the plan

# shellcheck shell=bash disable=SC2034
set -u
n=0
failed=0
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ok()
{
	n=$((n + 1))
	echo "ok $n - $1"
}

not_ok()
{
	n=$((n + 1))
	failed=$((failed + 1))
	echo "not ok $n - $1"
}

skip()
{
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

show()
{
	printf '%s\n' "$2" | sed "s/^/# $1: /"
}

check()
{
	local name=$1

	shift
	if "$@" >"$tmp/check" 2>&1; then
		ok "$name"
	else
		not_ok "$name"
		sed 's/^/# /' "$tmp/check"
	fi
}

run()
{
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	out=$(cat "$tmp/out")
	err=$(cat "$tmp/err")
}

is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		show got "$2"
		show wanted "$3"
	fi
}

like()
{
	# shellcheck disable=SC2254
	case $2 in
	$3) ok "$1" ;;
	*)
		not_ok "$1"
		show got "$2"
		show wanted "$3"
		;;
	esac
}

finish()
{
	echo "1..$n"
	[ $failed -eq 0 ]
	exit
}

# Lines "OBJECT COMMAND" of all commands, from weft help; COMMAND may be empty
commands()
{
	weft help | sed -n '/^Commands:/,$s/^  weft \([a-z]*\) \{0,1\}\([a-z]*\).*/\1 \2/p' |
		while read -r object command; do
			# A usage word in capitals or brackets is no command.
			echo "$object $command"
		done
}
