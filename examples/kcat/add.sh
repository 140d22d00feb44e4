#!/usr/bin/env bash
# Adds a job by headers alone; the payload comes on standard input, as it is.
#   echo '{"name":"Ada"}' | add.sh BOOTSTRAP NAMESPACE JOB_ID TASK [HEADER=VALUE …]
# More headers say more: horolog-schedule='0 9 * * 1-5', horolog-zone=Europe/Paris, content-type=text/plain.
set -euo pipefail
bootstrap=$1 namespace=$2 id=$3 task=$4
shift 4

headers=(-H "horolog-task=$task")
for header in "$@"; do headers+=(-H "$header"); done

# The whole input is one record (a delimiter that it can't have). Jobs are found by Java's partitioner.
exec kcat -P -q -b "$bootstrap" -t "$namespace.commands" -X topic.partitioner=murmur2_random -X acks=all \
  -D $'\x1e' -k "$id" "${headers[@]}"
