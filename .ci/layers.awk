# layers.awk: checks that each room includes only what it may (see src/README.md). It prints each
# include that is not allowed. Then it fails.
#   awk -f .ci/layers.awk src/*.[ch] src/*/*.[ch]

BEGIN {
  may["base"] = "^base/"
  may["hub"] = "^(base/|hub/)"
  may["pg"] = "^(base/|hub/|pg/|sql_files.list$)" # make writes that list
  may["auth"] = "^(base/|hub/|auth/)"
  may["provider"] = "^(base/|auth/|provider/)"
  may["http"] = "^(base/|hub/|auth/|http/)"
  may["outlet"] = "^(base/|hub/|auth/|http/|outlet/)"
  may["gate"] = "^(base/|hub/|auth/|http/|outlet/|gate/)"
  may["console"] = "^(base/|hub/|auth/|http/|outlet/|gate/|console/)"
  may["cmd"] = "^(base/|hub/|pg/|auth/|provider/|http/|outlet/|gate/|cmd/|cli.h|config.h|exit.h)"
  # Each library has its rooms. hub reads no clock and waits for nothing.
  never["base"] = "libpq|microhttpd|jwt|json-c|curl|openssl|zlib"
  never["hub"] = "libpq|microhttpd|jwt|json-c|curl|openssl|zlib|epoll|socket|time.h|base/loop.h|base/clock.h"
  never["pg"] = "microhttpd|jwt|json-c|curl|openssl|zlib|hub/router.h|hub/subscriber.h"
  never["auth"] = "libpq|microhttpd|curl|zlib|epoll|base/loop.h"
  never["provider"] = "libpq|microhttpd|jwt|openssl|zlib"
  never["http"] = "libpq|jwt|curl|openssl|zlib"
  never["outlet"] = "libpq|microhttpd|jwt|curl"
  never["gate"] = "libpq|microhttpd|jwt|curl|openssl|zlib"
  never["console"] = "libpq|microhttpd|jwt|curl|openssl|zlib"
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
