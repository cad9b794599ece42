#!/bin/sh
# Draw architecture.svg from architecture.dot: make diagram
#
# The drawing has the SHA-256 of the two files that determine it, this one and the source, because it cannot be compared
# with a new one: another version of graphviz or another font moves everything a little. test/tap/040_readme.pl checks it.
set -eu

cd "$(dirname "$0")"
hash=$(cat architecture.dot make_diagram.sh | sha256sum | cut -d ' ' -f 1)

# Colours are a style sheet, so that they follow the reader's light or dark theme; dot writes them as attributes, which a
# style sheet overrides.
style='
text { fill: #1f2328; }
.node path, .node polygon { fill: #f6f8fa; stroke: #57606a; }
.person path, .person polygon { fill: none; stroke: none; }
.function path { fill: #fff1e5; stroke: #bc4c00; }
.queue path { fill: #fbefff; stroke: #8250df; }
.storage path { fill: #dafbe1; stroke: #1a7f37; }
.database path { fill: #ddf4ff; stroke: #0969da; }
.edge path { stroke: #57606a; }
.edge polygon { fill: #57606a; stroke: #57606a; }
.cluster polygon { fill: none; stroke: #8c959f; stroke-dasharray: 3; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.function path { fill: #3d1f0c; stroke: #f0883e; }
.queue path { fill: #2b1a42; stroke: #bc8cff; }
.storage path { fill: #0f2d1a; stroke: #3fb950; }
.database path { fill: #0c2d4d; stroke: #58a6ff; }
.edge path { stroke: #8b949e; }
.edge polygon { fill: #8b949e; stroke: #8b949e; }
.cluster polygon { stroke: #6e7681; }
}'

# dot's own comments have its version; its background would be white in both themes.
dot -Tsvg -Gbgcolor=transparent architecture.dot | awk -v style="$style" -v hash="$hash" '
	/<!--.*-->/ { next }
	/<!--/ { comment = 1 }
	!comment { print }
	/-->/ { comment = 0 }
	/viewBox=/ { print "<!-- source: " hash " -->\n<style>" style "\n</style>" }' >architecture.svg.new
mv architecture.svg.new architecture.svg
