# completion.awk: reads what `pgherald help NAME` prints for each command, one after the other, and
# prints the completion of a shell.
#   awk -v shell=bash -f .ci/completion.awk

# A help that only lists values, such as "text or json", is what a value completes to.
function values_of(help) {
	if (help !~ /^[a-z]+(, [a-z]+)* or [a-z]+( \[[a-z]*\])?$/)
		return ""
	sub(/ \[.*$/, "", help)
	gsub(/, | or /, " ", help)
	return help
}

function quoted(text) {
	gsub(/'/, "'\\''", text)
	return "'" text "'"
}

# Adds a flag. `of` is its command, or "" if all commands have it.
function add_flag(of, name, value, help) {
	flags++
	flag_of[flags] = of
	flag_name[flags] = name
	flag_value[flags] = value
	flag_help[flags] = help
	flag_words[flags] = values_of(help)
	names_of[of] = names_of[of] " --" name
}

function add_command(line) {
	sub(/^pgherald /, "", line)
	split(line, word, /[ :]/)
	command = word[1]
	command_name[++commands] = command
	command_help[commands] = substr(line, index(line, ": ") + 2)
	all_commands = all_commands " " command
	if (match(line, /\[[a-z|]+\]/)) {
		choices[command] = substr(line, RSTART + 1, RLENGTH - 2)
		gsub(/\|/, " ", choices[command])
	}
}

BEGIN { add_flag("", "config", "FILE", "the configuration file") }
/^pgherald / { add_command($0); common = 0; next }
/^Options of every command/ { common = 1; if (commands > 1) common = 2; next }
/^  --/ && common < 2 {
	name = substr($1, 3)
	value = $2
	getline
	sub(/^ +/, "")
	add_flag(common ? "" : command, name, value, $0)
}

END {
	choices["help"] = substr(all_commands, 2)
	if (shell == "bash")
		print_bash()
	else if (shell == "zsh")
		print_zsh()
	else
		print_fish()
}

# --- bash ---

# The flags with a value: a file, one of a list, or what nobody can complete.
function print_bash_values(   i, files, others, lists, name) {
	for (i = 1; i <= flags; i++) {
		name = " | --" flag_name[i]
		if (flag_value[i] == "" || index(seen, name " "))
			continue
		seen = seen name " "
		if (flag_value[i] == "FILE")
			files = files name
		else if (flag_words[i] != "")
			lists = lists "    --" flag_name[i] ") words=" quoted(flag_words[i]) " ;;\n"
		else
			others = others name
	}
	print "  case $before in"
	printf "%s", lists
	printf "    %s)\n      compopt -o filenames 2>/dev/null\n", folded(substr(files, 4), " \\")
	print "      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n      return ;;"
	printf "    %s)\n      return ;;\n  esac\n", folded(substr(others, 4), " \\")
}

# Lines of at most 100 columns. `mark` stands at the end of each but the last one.
function folded(text, mark,   at, done) {
	while (length(text) > 90) {
		at = 90
		while (substr(text, at, 1) != " ")
			at--
		done = done substr(text, 1, at - 1) mark "\n      "
		text = substr(text, at + 1)
	}
	return done text
}

function print_bash(   i) {
	print "# pgherald in bash. `make options` has made this of the program's help."
	print "_pgherald() {"
	print "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words="
	print "  COMPREPLY=()"
	print "  [[ $word != = ]] || word="
	print "  [[ $before != = ]] || before=${COMP_WORDS[COMP_CWORD-2]}"
	print_bash_values()
	print "  if [[ -z $words && $COMP_CWORD -gt 1 && $word == -* ]]; then"
	print "    words='" folded("--help" names_of[""]) "'"
	print "    case ${COMP_WORDS[1]} in"
	for (i = 1; i <= commands; i++)
		if (command_name[i] in names_of)
			printf "      %s) words+=%s ;;\n", command_name[i], quoted(names_of[command_name[i]])
	print "    esac"
	print "  elif [[ -z $words && $COMP_CWORD -gt 1 ]]; then"
	print "    case ${COMP_WORDS[1]} in"
	for (i = 1; i <= commands; i++)
		if (command_name[i] in choices)
			printf "      %s) words='%s' ;;\n", command_name[i], folded(choices[command_name[i]])
	print "    esac"
	print "  elif [[ -z $words ]]; then"
	print "    words='" folded(substr(all_commands, 2) " --help --version") "'"
	print "  fi"
	print "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")"
	print "}"
	print "complete -F _pgherald pgherald"
}

# --- zsh ---

function zsh_flag(i,   help, action) {
	help = flag_help[i]
	gsub(/[][\\:]/, "\\\\&", help)
	if (flag_value[i] == "")
		return quoted("--" flag_name[i] "[" help "]")
	action = flag_value[i] == "FILE" ? "_files" : flag_words[i] != "" ? "(" flag_words[i] ")" : " "
	value = flag_value[i]
	gsub(/:/, "\\:", value)
	return quoted("--" flag_name[i] "=[" help "]:" value ":" action)
}

function print_zsh_flags(of,   i) {
	for (i = 1; i <= flags; i++)
		if (flag_of[i] == of)
			print "      " zsh_flag(i)
}

function print_zsh(   i) {
	print "#compdef pgherald"
	print "# pgherald in zsh. `make options` has made this of the program's help."
	print "local -a commands flags"
	print "commands=("
	for (i = 1; i <= commands; i++)
		print "  " quoted(command_name[i] ":" command_help[i])
	print ")"
	print "if (( CURRENT == 2 )); then\n  _describe command commands\n  return\nfi"
	print "flags=("
	print_zsh_flags("")
	print ")"
	print "case $words[2] in"
	for (i = 1; i <= commands; i++)
		if (command_name[i] in names_of) {
			print "  " command_name[i] ")\n    flags+=("
			print_zsh_flags(command_name[i])
			print "    ) ;;"
		} else if (command_name[i] in choices)
			print "  " command_name[i] ") flags+=(" quoted("1: :(" choices[command_name[i]] ")") ") ;;"
	print "esac"
	print "shift words"
	print "(( CURRENT-- ))"
	print "_arguments $flags"
}

# --- fish ---

function fish_quoted(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/'/, "\\'", text)
	return "'" text "'"
}

function print_fish_flag(i,   line) {
	line = flag_of[i] == "" ? "'not __fish_use_subcommand'" : "'__fish_seen_subcommand_from " flag_of[i] "'"
	line = "complete -c pgherald -n " line " -l " flag_name[i]
	if (flag_value[i] == "FILE")
		line = line " -r -F"
	else if (flag_value[i] != "")
		line = line " -x" (flag_words[i] == "" ? "" : " -a " fish_quoted(flag_words[i]))
	print line " -d " fish_quoted(flag_help[i])
}

function print_fish(   i, name) {
	print "# pgherald in fish. `make options` has made this of the program's help."
	print "complete -c pgherald -f"
	for (i = 1; i <= commands; i++) {
		name = command_name[i]
		print "complete -c pgherald -n __fish_use_subcommand -a " name " -d " fish_quoted(command_help[i])
		if (name in choices)
			print "complete -c pgherald -n '__fish_seen_subcommand_from " name "' -a " fish_quoted(choices[name])
	}
	for (i = 1; i <= flags; i++)
		print_fish_flag(i)
}
