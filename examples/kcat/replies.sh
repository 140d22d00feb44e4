#!/usr/bin/env bash
# Prints the answers to commands that asked for one, each as a line of JSON, and goes on until it is stopped.
#   replies.sh BOOTSTRAP NAMESPACE
set -euo pipefail
exec kcat -C -q -u -b "$1" -t "$2.replies" -o beginning -f '%s\n'
