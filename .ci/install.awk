# install.awk: prints sql/install.sql with the migrations that there are, in their order. It fails
# if install.sql does not list a file of functions.
#   awk -v migrations='0001_log 0002_rows' -v functions='names ring' \
#     -f .ci/install.awk sql/install.sql

/^\\set migration / || /^\\ir migration\.sql$/ { next }
/^\\ir functions\// { sub(/^.*\//, ""); sub(/\.sql$/, ""); listed[$0] = 1; print "\\ir functions/" $0 ".sql"; next }
{ print }
/^-- Made from the directory migrations\// {
	count = split(migrations, name, " ")
	for (i = 1; i <= count; i++)
		printf "\\set migration %s\n\\ir migration.sql\n", name[i]
}

END {
	count = split(functions, name, " ")
	for (i = 1; i <= count; i++)
		if (!(name[i] in listed)) {
			print "sql/install.sql does not list sql/functions/" name[i] ".sql: add its line" > "/dev/stderr"
			missing = 1
		}
	exit missing
}
