#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 90
# The tour in README.md: its commands are run, and print what it says.
. "$(dirname "$0")/lib.sh"
weft_load
# what the tour makes lives in this namespace, not in a named one
_namespaces+=(m1 m2)
/usr/bin/python3 "$LIB_DIR/py/tour.py" "$WEFT_TOP/README.md"
rc=$?
weft dp del weft0
_done=1
exit $rc
