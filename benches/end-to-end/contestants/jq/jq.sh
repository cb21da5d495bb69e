#!/bin/sh
# One expression over a file of records: jq.sh EXPRESSION RECORDS OUTPUT
exec jq -c -f "$1" "$2" > "$3"
