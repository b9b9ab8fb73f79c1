# compile_commands.awk: prints compile_commands.json. It tells editors by which command each source
# is compiled.
#   printf '%s\n' SOURCES | awk -v directory=ROOT -f compile_commands.awk FILE_WITH_THE_COMMAND -
#
# A text in JSON has a backslash before each quote and backslash. A loop puts them there, because
# each awk treats backslashes in the replacement of gsub() differently.

function quoted(text,    i, c, out) {
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    out = out (c == "\"" || c == "\\" ? "\\" c : c)
  }
  return "\"" out "\""
}

NR == FNR { command = $0; next }
{ printf "%s\n{\"directory\": %s, \"file\": %s, \"command\": %s}", FNR == 1 ? "[" : ",", quoted(directory), quoted($0), quoted(command " -c " $0) }
END { print "\n]" }
