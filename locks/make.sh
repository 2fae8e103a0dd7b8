#!/usr/bin/env bash
# Resolve all requirement sets together, then write each set as what it adds to the ones before it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compile() {
  uv pip compile --quiet --python-version 3.11 ${UV_FIND_LINKS:+--find-links "$UV_FIND_LINKS"} \
    --no-emit-find-links --no-annotate --no-header --override overrides.txt "$@"
}
# What is locked stays as it is unless something new needs another version; delete a lock to renew it.
cat ../requirements.lock ./*.lock >"$work/all"
compile base.in test.in vllm.in bench.in docs.in release.in -o "$work/all"
grep -v '^torch==' "$work/all" >"$work/pins"
compile base.in -c "$work/pins" -o "$work/base"
compile base.in test.in -c "$work/pins" -o "$work/test"
compile base.in test.in vllm.in -c "$work/pins" -o "$work/vllm"
compile base.in test.in bench.in -c "$work/pins" -o "$work/bench"
compile base.in test.in docs.in -c "$work/pins" -o "$work/docs"
compile base.in test.in release.in -c "$work/pins" -o "$work/release"
for set in base test vllm bench docs release; do
  # A local version such as +cpu exists in one index only; plain pip keeps an installed one.
  sed 's/^\(torch==[^+]*\)+.*/\1/' "$work/$set" | LC_ALL=C sort >"$work/$set.sorted" && mv "$work/$set.sorted" "$work/$set"
done
LC_ALL=C comm -13 "$work/base" "$work/test" >test.lock
LC_ALL=C comm -13 "$work/test" "$work/vllm" >vllm.lock
LC_ALL=C comm -13 "$work/test" "$work/bench" >bench.lock
LC_ALL=C comm -13 "$work/test" "$work/docs" >docs.lock
LC_ALL=C comm -13 "$work/test" "$work/release" >release.lock
cp "$work/base" ../requirements.lock
