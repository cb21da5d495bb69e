#!/bin/sh
# Every job or every row: export.sh PYTHON jobs|tasks [TARGET]. The tap's messages go to a target that writes JSON lines, or,
# without one, to the file as they are.
set -eu
here=$(dirname "$0")
printf '{"url": "%s", "stream": "%s", "mapping": "%s"}' "$BENCH_URL" "$2" "$BENCH_MAPPING" > tap.json
if [ $# -gt 2 ]; then
    printf '{"destination_path": ".", "custom_name": "out", "do_timestamp_file": false}' > target.json
    "$1" "$here/tap_techwolf.py" --config tap.json | "$3" --config target.json
else
    "$1" "$here/tap_techwolf.py" --config tap.json > "$BENCH_OUT"
fi
