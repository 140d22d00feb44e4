#!/usr/bin/env bash
# Removes a job: a record with its key and no value at all, a tombstone.
#   remove.sh BOOTSTRAP NAMESPACE JOB_ID [HEADER=VALUE …]
set -euo pipefail
bootstrap=$1 namespace=$2 id=$3
shift 3

headers=()
for header in "$@"; do headers+=(-H "$header"); done

# The key stands before a tab; -Z makes an empty value none.
printf '%s\t\n' "$id" |
  kcat -P -q -b "$bootstrap" -t "$namespace.commands" -X topic.partitioner=murmur2_random -X acks=all \
    -K $'\t' -Z ${headers[@]+"${headers[@]}"}
