# layers.awk: does every room include only what it may (see src/README.md)? Prints what it may not; fails then.
#   awk -f .ci/layers.awk src/*.[ch] src/*/*.[ch]

BEGIN {
  may["base"] = "^base/"
  may["hub"] = "^(base/|hub/)"
  may["pg"] = "^(base/|hub/|pg/|sql_files.list$)" # the list that make writes
  may["http"] = "^(base/|hub/|http/)"
  may["cmd"] = "^(base/|hub/|pg/|http/|cmd/|cli.h|config.h|exit.h)"
  # a library has one door; hub reads no clock and waits for nothing
  never["base"] = "libpq|microhttpd|jwt|json-c|curl|openssl|zlib"
  never["hub"] = "libpq|microhttpd|jwt|json-c|curl|openssl|zlib|epoll|socket|time.h|base/loop.h|base/clock.h"
  never["pg"] = "microhttpd|jwt|json-c|curl|openssl|zlib|hub/router.h|hub/subscriber.h"
  never["http"] = "libpq|curl"
  never["cmd"] = "microhttpd|zlib"
}

/^#include/ {
  split(FILENAME, part, "/")
  room = part[2]
  if (!(room in may))
    next
  name = $2
  gsub(/[<>"]/, "", name)
  if (($2 ~ /^"/ && name !~ may[room]) || name ~ never[room]) {
    print FILENAME ":" FNR ": " room "/ may not include " name
    bad = 1
  }
}

END { exit bad }
