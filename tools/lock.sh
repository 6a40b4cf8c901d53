#!/bin/sh
# Pin the development requirements with hashes, for every Python from 3.9 on.
# No index address is written into the files: pip and uv bring their own.
set -eu
cd "$(dirname "$0")/.."
for name in requirements requirements-dev; do
    uv pip compile --quiet --universal --python-version 3.9 --generate-hashes \
        --no-emit-index-url --no-header --no-annotate "$name.in" -o "$name.txt"
done
