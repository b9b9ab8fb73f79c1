# compile_commands.awk: for editors, by which command is each source compiled?
#   printf '%s\n' SOURCES | awk -v directory=ROOT -f compile_commands.awk FILE_WITH_THE_COMMAND -
# A text in JSON has a backslash before each quote and backslash. They are put there by hand: what gsub() makes of
# backslashes in a replacement is not the same in each awk.

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
