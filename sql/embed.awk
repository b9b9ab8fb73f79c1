# embed.awk: writes the files that install.sql names, in its order, as a C table (see src/pg/migrate.h).
#   awk -f sql/embed.awk sql/install.sql > sql_files.c
# A file under migrations/ carries the version that its name begins with; others have version 0.

function c_string(line) {
  gsub(/\\/, "\\\\\\\\", line)
  gsub(/"/, "\\\"", line)
  gsub(/\t/, "\\t", line)
  return "\t\t\"" line "\\n\""
}

BEGIN {
  print "/* generated from sql/install.sql: not to be edited */"
  print "#include \"pg/migrate.h\"\n"
  print "const struct sql_file sql_files[] = {"
}

$1 == "\\ir" {
  dir = FILENAME
  sub(/[^\/]*$/, "", dir)
  version = $2 ~ /^migrations\// ? substr($2, 12) + 0 : 0
  name = $2
  sub(/.*\//, "", name)
  sub(/\.sql$/, "", name)
  printf "\t{\"%s\", %d,\n", name, version
  while ((status = (getline line < (dir $2))) > 0)
    print c_string(line)
  if (status < 0) {
    print "cannot read " dir $2 > "/dev/stderr"
    exit 1
  }
  close(dir $2)
  print "\t},"
}

END { print "\t{0},\n};" }
